"""Files into a conversation (attacks 2.8, E1, E4; promises 6 and 8)."""

import errno
import io
import threading
import tracemalloc
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from PIL import Image

from accounts.models import User
from businesses.models import Business
from conversations.models import Attachment, Conversation, Message
from conversations.services import uploads
from conversations.services.messages import send_reply
from foundation import images
from tests import builders, corpus

pytestmark = pytest.mark.django_db


@pytest.fixture
def conversation(acme: Business) -> Conversation:
    return builders.conversation(acme)


def upload(user: User, conversation: Conversation, name: str = "a.png", content: bytes | None = None) -> Any:
    file = SimpleUploadedFile("x", corpus.picture() if content is None else content)
    file._name = name  # as it came, before Django tidies it
    address = f"/api/v1/conversations/{conversation.pk}/upload"
    return builders.api(user).post(address, {"file": file}, format="multipart")


def send(user: User, conversation: Conversation, attachments: Any, content: str = "", **headers: str) -> Any:
    address = f"/api/v1/conversations/{conversation.pk}/messages"
    return builders.api(user).post(address, {"content": content, "attachments": attachments}, headers=headers)


def stored(settings: Any) -> list[Path]:
    return [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def bytes_of(user: User, address: str) -> bytes:
    answer = builders.api(user).get(address)
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)


@pytest.mark.parametrize(
    ("name", "content", "status"), [case[1:] for case in corpus.FILES], ids=[c[0] for c in corpus.FILES]
)
def test_E1_each_file_of_the_corpus_gets_its_answer(
    ada: User, conversation: Conversation, settings: Any, name: str, content: bytes, status: int
) -> None:
    answer = upload(ada, conversation, name, content)
    assert answer.status_code == status, answer.content
    if status == 201:
        attachment = Attachment.objects.get()
        shown = answer.json()["filename"]
        assert shown.rpartition(".")[0]
        assert not set(shown) & set('\0/\\<>"\u200b\u202e')
        assert not shown.startswith(".")
        assert len(shown) <= 150
        # On the disk it is called by its id.
        assert {path.name for path in stored(settings)} <= {attachment.pk.hex, f"{attachment.pk.hex}.thumb"}
    else:
        assert "detail" in answer.json()
        assert not Attachment.objects.exists()
        assert not stored(settings)


def test_what_upload_returns_is_the_contracts_attachment(ada: User, conversation: Conversation, settings: Any) -> None:
    answer = upload(ada, conversation, "Rechnung März.pdf", corpus.PDF)
    found = answer.json()
    assert set(found) == {"id", "url", "filename", "content_type", "size", "width", "height", "thumbnail_url"}
    assert found["url"].startswith(f"{settings.PUBLIC_BASE_URL}/files/{found['id']}/Rechnung%20M%C3%A4rz.pdf?s=")
    assert (found["filename"], found["content_type"]) == ("Rechnung März.pdf", "application/pdf")
    assert (found["size"], found["width"], found["thumbnail_url"]) == (len(corpus.PDF), None, None)
    assert bytes_of(ada, found["url"]) == corpus.PDF


def test_E1_a_photo_loses_its_place_and_keeps_its_up(ada: User, conversation: Conversation) -> None:
    original = corpus.photo_with_a_place()
    assert b"SecretCam" in original
    found = upload(ada, conversation, "a.jpg", original).json()
    kept = bytes_of(ada, found["url"])
    assert b"Secret" not in kept
    assert not Image.open(io.BytesIO(kept)).getexif()
    assert (found["width"], found["height"]) == Image.open(io.BytesIO(kept)).size == (30, 40)


def test_E1_nothing_stays_of_what_is_hidden_in_a_picture(ada: User, conversation: Conversation) -> None:
    for name, content in (
        ("a.gif", corpus.picture("GIF", comment=corpus.HTML)),
        ("a.jpg", corpus.picture("JPEG") + corpus.HTML),
    ):
        assert corpus.HTML in content
        assert b"script" not in bytes_of(ada, upload(ada, conversation, name, content).json()["url"])


@pytest.mark.parametrize("format", ["GIF", "WEBP"])
def test_what_moves_still_moves(ada: User, conversation: Conversation, format: str) -> None:
    found = upload(ada, conversation, f"a.{format.lower()}", corpus.moving(format)).json()
    kept: Any = Image.open(io.BytesIO(bytes_of(ada, found["url"])))
    assert (kept.n_frames, kept.size) == (4, (20, 10))
    kept.seek(1)
    kept.load()
    assert kept.info["duration"] == 80
    small = Image.open(io.BytesIO(bytes_of(ada, found["thumbnail_url"])))
    assert (small.format, small.size) == ("WEBP", (20, 10))


def test_a_thumbnail_is_at_most_640_pixels_a_side(ada: User, conversation: Conversation) -> None:
    found = upload(ada, conversation, "a.png", corpus.picture("PNG", (2000, 1000))).json()
    assert (found["width"], found["height"]) == (2000, 1000)
    assert Image.open(io.BytesIO(bytes_of(ada, found["thumbnail_url"]))).size == (640, 320)


@pytest.mark.parametrize(("name", "content"), [("a.png", corpus.huge_png()), ("a.gif", corpus.endless_gif(100_000))])
def test_E1_bombs_take_little_memory(ada: User, conversation: Conversation, name: str, content: bytes) -> None:
    upload(ada, conversation)  # what the first one loads stays loaded
    tracemalloc.start()
    assert upload(ada, conversation, name, content).status_code == 422
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 40 * 1024**2


def test_E1_a_byte_more_than_allowed_is_refused(ada: User, conversation: Conversation, settings: Any) -> None:
    settings.UPLOAD_BYTES = 5_000
    assert upload(ada, conversation, "a.txt", b"x" * 5_000).status_code == 201
    assert upload(ada, conversation, "a.txt", b"x" * 5_001).status_code == 413
    assert len(stored(settings)) == 1


PART = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nx\r\n'
FIELD = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n'
MULTIPART = "multipart/form-data; boundary=b"


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"", MULTIPART, 422),
        (b"--b--\r\n", MULTIPART, 422),
        (b"x", "multipart/form-data", 422),
        (b"x", "multipart/form-data; boundary=\xc3\xa9", 422),
        (b"x", f"{MULTIPART}; charset=nope", 422),
        (b"x", "image/png", 415),
        (b"{}", "application/json", 415),
        (FIELD + b"--b--", MULTIPART, 422),
        (FIELD * 1_001 + b"--b--", MULTIPART, 400),
        (PART * 1_001 + b"--b--", MULTIPART, 400),
        (PART * 2 + b"--b--", MULTIPART, 422),
        (PART.replace(b"Content-", b"X: " + b"y" * 100_000 + b"\r\nContent-") + b"--b--", MULTIPART, 422),
        (FIELD.replace(b"x", b"\xff\0") + b"--b--", MULTIPART, 422),
        (PART + b"--b--", MULTIPART, 201),
    ],
    ids=range(14),
)
def test_E1_broken_multipart_is_refused_in_words(
    ada: User, conversation: Conversation, body: bytes, content_type: str, status: int
) -> None:
    address = f"/api/v1/conversations/{conversation.pk}/upload"
    answer = builders.api(ada).generic("POST", address, body, content_type)
    assert answer.status_code == status, answer.content
    assert ("detail" in answer.json()) is (status != 201)


def test_one_agents_uploads_are_counted(ada: User, ben: User, conversation: Conversation, settings: Any) -> None:
    settings.THROTTLE_RATES = {**settings.THROTTLE_RATES, "UPLOAD": (2, 3600)}
    answers = [upload(ada, conversation).status_code for _ in range(3)]
    assert answers == [201, 201, 429]
    assert upload(ben, conversation).status_code == 201


def test_a_message_takes_files_as_objects_or_addresses(ada: User, conversation: Conversation) -> None:
    first, second = upload(ada, conversation).json(), upload(ada, conversation, "b.pdf", corpus.PDF).json()
    answer = send(ada, conversation, [second, first["url"]])
    assert answer.status_code == 201
    assert [file["id"] for file in answer.json()["attachments"]] == [second["id"], first["id"]]
    listed = builders.api(ada).get("/api/v1/conversations/").json()[0]["last_message"]
    assert listed["attachments"] == answer.json()["attachments"]
    assert set(Attachment.objects.values_list("message_id", flat=True)) == {uuid.UUID(answer.json()["id"])}


def test_E4_only_what_was_uploaded_here_and_not_sent_yet_is_taken(
    ada: User, acme: Business, conversation: Conversation, mallory: User
) -> None:
    elsewhere = upload(ada, builders.conversation(acme)).json()["url"]
    foreign = upload(mallory, builders.conversation(mallory.memberships.get().business)).json()["url"]
    sent = upload(ada, conversation).json()["url"]
    assert send(ada, conversation, [sent]).status_code == 201
    fresh = upload(ada, conversation).json()["url"]
    customers = upload(ada, conversation).json()
    Attachment.objects.filter(pk=customers["id"]).update(sender_type="customer", uploader=None)
    unknown = fresh.replace(fresh.split("/")[4], str(uuid.uuid4()))
    bodies = set()
    for bad in (
        [elsewhere],
        [foreign],
        [sent],
        [fresh, fresh],
        [unknown],
        [customers["url"]],
        ["https://evil.example/files/a.png"],
        [fresh.replace("http://", "https://evil@")],
        ["javascript:alert(1)"],
        [{"url": "data:text/html,x"}],
        [{"filename": "a.png"}],
        [7],
        [None],
        [[fresh]],
    ):
        answer = send(ada, conversation, bad, "Look")
        assert answer.status_code == 422, bad
        bodies.add(answer.content)
    assert len(bodies) == 1
    assert send(ada, conversation, [fresh] * 6).status_code == 422
    assert Message.objects.filter(conversation=conversation).count() == 2
    assert send(ada, conversation, [fresh]).status_code == 201


def test_words_may_be_missing_only_beside_a_file(ada: User, conversation: Conversation) -> None:
    assert send(ada, conversation, []).status_code == 422
    assert send(ada, conversation, None, " ").status_code == 422
    assert send(ada, conversation, [upload(ada, conversation).json()]).json()["content"] == ""


def test_the_same_send_twice_is_one_message_with_its_files(ada: User, conversation: Conversation) -> None:
    file, other = upload(ada, conversation).json(), upload(ada, conversation).json()
    first = send(ada, conversation, [file], "Look", **{"Idempotency-Key": "k"})
    again = send(ada, conversation, [file["url"]], "Look", **{"Idempotency-Key": "k"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["attachments"] == first.json()["attachments"]
    assert send(ada, conversation, [other], "Look", **{"Idempotency-Key": "k"}).status_code == 422
    assert send(ada, conversation, [], "Look", **{"Idempotency-Key": "k"}).status_code == 422


def test_files_cost_a_list_no_query(ada: User, conversation: Conversation) -> None:
    def asked() -> int:
        client = builders.api(ada)
        with CaptureQueriesContext(connection) as context:
            assert client.get(f"/api/v1/conversations/{conversation.pk}/messages").status_code == 200
            assert client.get("/api/v1/conversations/").status_code == 200
        return len(context)

    builders.answers(ada, conversation, "It has an agent and an answer, which a list reads")
    before = asked()
    for _ in range(3):
        send(ada, conversation, [upload(ada, conversation).json(), upload(ada, conversation).json()])
    assert asked() == before


def test_a_file_that_was_sent_meanwhile_is_not_taken_back(ada: User, conversation: Conversation) -> None:
    file_id = upload(ada, conversation).json()["id"]
    stale = Attachment.objects.get(pk=file_id)
    send_reply(conversation=conversation, author=ada, content="See", attachments=[stale.pk])

    assert not uploads.remove_unsent(attachment=stale)
    assert Attachment.objects.filter(pk=file_id).exists()


def test_pictures_never_hold_more_than_a_few_requests(
    ada: User, conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "_waiting", threading.BoundedSemaphore(1))
    with images._waiting:
        answer = upload(ada, conversation)

    assert (answer.status_code, answer["Retry-After"]) == (503, "1")
    assert not Attachment.objects.exists()
    assert upload(ada, conversation).status_code == 201


def test_a_full_disk_is_told_as_that_and_nothing_is_stored(
    ada: User, conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: Any, **_kwargs: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(FileSystemStorage, "save", full)

    answer = upload(ada, conversation)

    assert (answer.status_code, answer.json()) == (503, {"detail": "Try again"})
    assert not Attachment.objects.exists()
