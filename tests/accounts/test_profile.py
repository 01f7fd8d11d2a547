"""One's own name and picture, over REST and on the page."""

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.test import Client
from PIL import Image

from accounts.models import User
from businesses.models import AuditEntry, Business
from tests import builders, corpus

pytestmark = pytest.mark.django_db


def png(name: str = "me.png", content: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, corpus.picture("PNG", (600, 300)) if content is None else content)


def set_picture(user: User, file: SimpleUploadedFile | None = None) -> Any:
    return builders.api(user).post("/api/v1/auth/me/avatar", {"file": file or png()}, format="multipart")


def stored(settings: Any) -> list[Path]:
    return [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def test_a_picture_is_drawn_anew_as_a_square_and_open_to_everybody(client: Client, ada: User, settings: Any) -> None:
    answer = set_picture(ada, png("me.jpg", corpus.photo_with_a_place()))
    assert answer.status_code == 200
    address = answer.json()["avatar_url"]
    assert address.startswith(f"{settings.PUBLIC_BASE_URL}/avatars/{ada.pk}/")
    shown = client.get(address)
    picture = Image.open(io.BytesIO(shown.content))
    assert (picture.format, picture.size) == ("WEBP", (256, 256))
    assert b"Secret" not in shown.content
    assert shown["Cache-Control"] == "public, max-age=31536000, immutable"
    assert shown["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "Set-Cookie" not in shown
    assert "Cookie" not in shown.get("Vary", "")
    assert client.get(address, headers={"If-None-Match": shown["ETag"]}).status_code == 304


def test_whoever_sees_the_person_sees_the_picture(acme: Business, ada: User) -> None:
    address = set_picture(ada).json()["avatar_url"]
    ada.refresh_from_db()
    conversation = builders.conversation(acme)
    builders.answers(ada, conversation, "Hi")
    client = builders.api(ada)
    assert client.get("/api/v1/auth/me").json()["user"]["avatar_url"] == address
    message = client.get(f"/api/v1/conversations/{conversation.pk}").json()["messages"][-1]
    assert message["sender_avatar_url"] == address
    page = Client()
    page.force_login(ada)
    assert page.get(f"/inbox/{conversation.pk}/").content.decode().count(f'src="{ada.picture}"') >= 3


def test_another_picture_has_another_address_and_the_old_one_goes(
    client: Client, ada: User, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        first = set_picture(ada).json()["avatar_url"]
    with django_capture_on_commit_callbacks(execute=True):
        second = set_picture(ada).json()["avatar_url"]
    assert first != second
    assert (client.get(first).status_code, client.get(second).status_code) == (404, 200)
    with django_capture_on_commit_callbacks(execute=True):
        assert builders.api(ada).delete("/api/v1/auth/me/avatar").status_code == 200
    assert builders.api(ada).get("/api/v1/auth/me").json()["user"]["avatar_url"] is None
    assert client.get(second).status_code == 404
    assert stored(settings) == []


def test_removing_also_takes_the_picture_that_google_gave(ada: User) -> None:
    User.objects.filter(pk=ada.pk).update(avatar_url="https://google.example/ada.jpg")
    assert builders.api(ada).get("/api/v1/auth/me").json()["user"]["avatar_url"] == "https://google.example/ada.jpg"
    builders.api(ada).delete("/api/v1/auth/me/avatar")
    assert builders.api(ada).get("/api/v1/auth/me").json()["user"]["avatar_url"] is None


@pytest.mark.parametrize(
    ("name", "content", "status"),
    [
        ("a.pdf", corpus.PDF, 415),
        ("a.svg", corpus.SVG, 415),
        ("a.png", corpus.HTML, 415),
        ("a.png", b"", 415),
        ("a.png", corpus.huge_png(), 422),
        ("a.jpg", corpus.picture("JPEG", (400, 300))[:-200], 422),
    ],
)
def test_E1_what_is_no_good_picture_is_refused_and_the_old_one_stays(
    ada: User, settings: Any, name: str, content: bytes, status: int
) -> None:
    before = set_picture(ada).json()["avatar_url"]
    assert set_picture(ada, png(name, content)).status_code == status
    assert builders.api(ada).get("/api/v1/auth/me").json()["user"]["avatar_url"] == before
    assert len(stored(settings)) == 1


@pytest.mark.parametrize("version", ["0" * 16, "..", "x", "0" * 15, "0" * 16 + "%00", "%2e%2e%2f"])
def test_E3_a_made_up_version_is_not_found(client: Client, ada: User, version: str) -> None:
    assert client.get(f"/avatars/{ada.pk}/{version}.webp").status_code == 404


def test_pictures_are_counted_like_files(ada: User, settings: Any) -> None:
    settings.THROTTLE_RATES = {**settings.THROTTLE_RATES, "UPLOAD": (1, 3600)}
    assert [set_picture(ada).status_code for _ in range(2)] == [200, 429]


def test_a_name_is_changed_and_written_down(acme: Business, ada: User) -> None:
    client = builders.api(ada)
    answer = client.patch(
        "/api/v1/auth/me", {"full_name": " Ada King ", "email": "x@example.com", "is_verified": False}
    )
    assert answer.json()["user"]["full_name"] == "Ada King"
    assert answer.json()["user"]["email"] == ada.email
    assert client.patch("/api/v1/auth/me", {}).status_code == 200
    for bad in ("", " ", "x" * 201, None, 7):
        assert client.patch("/api/v1/auth/me", {"full_name": bad}).status_code == 422
    [entry] = AuditEntry.objects.filter(action="profile.changed")
    assert (entry.business_id, entry.actor_id, entry.data) == (acme.pk, ada.pk, {"changed": "name"})


def test_the_page_works_without_a_workspace_and_without_javascript(client: Client) -> None:
    nell = builders.person("Nell")
    client.force_login(nell)
    assert client.get("/settings/profile/").status_code == 200
    assert client.post("/settings/profile/", {"full_name": "Nell Ada"}).status_code == 302
    assert client.post("/settings/profile/picture", {"file": png()}).status_code == 302
    nell.refresh_from_db()
    assert nell.full_name == "Nell Ada"
    assert nell.picture in client.get("/settings/profile/").content.decode()
    refused = client.post("/settings/profile/picture", {"file": png("a.pdf", corpus.PDF)})
    assert refused.status_code == 415
    assert "Choose a PNG, JPEG" in refused.content.decode()
    assert client.post("/settings/profile/", {"full_name": " "}).status_code == 422
    assert client.post("/settings/profile/picture/remove").status_code == 302
    nell.refresh_from_db()
    assert nell.picture == ""


def test_a_stranger_has_no_profile(client: Client) -> None:
    for method, address in (("get", ""), ("post", ""), ("post", "picture"), ("post", "picture/remove")):
        answer = getattr(client, method)(f"/settings/profile/{address}")
        assert answer.status_code == 302
        assert answer["Location"].startswith("/login")


def test_a_picture_whose_change_is_refused_leaves_no_file(
    ada: User, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_args: Any, **_facts: Any) -> None:
        raise OperationalError("database is locked")

    client = builders.api(ada)
    monkeypatch.setattr("accounts.profile.events.tell", busy)
    assert client.post("/api/v1/auth/me/avatar", {"file": png()}, format="multipart").status_code == 503
    assert stored(settings) == []
    ada.refresh_from_db()
    assert ada.avatar_version == ""
