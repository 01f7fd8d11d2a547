"""Who gets a file, and what a browser may do with it (attacks E2, E3; promises 8)."""

import os
import time
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from asgiref.sync import sync_to_async
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.test import AsyncClient, Client
from django.utils import timezone

from accounts.models import User
from businesses.models import Business
from conversations.attachments import facts_of, payload_of, place_of, signature
from conversations.models import Attachment, Conversation
from conversations.services import uploads
from tests import builders, corpus

pytestmark = pytest.mark.django_db


@pytest.fixture
def conversation(acme: Business) -> Conversation:
    return builders.conversation(acme)


def file(conversation: Conversation, name: str = "a.png", content: bytes | None = None, **fields: Any) -> Attachment:
    content = corpus.picture() if content is None else content
    source = SimpleUploadedFile(name, content)
    return uploads.store_upload(conversation=conversation, name=name, file=source, size=len(content), **fields)


def address(attachment: Attachment) -> str:
    return str(payload_of(facts_of(attachment))["url"])


def unsigned(attachment: Attachment) -> str:
    return address(attachment).partition("?")[0]


def body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else bytes(answer.content)


def test_a_signed_address_needs_nobody_and_a_member_needs_no_signature(
    client: Client, ada: User, conversation: Conversation
) -> None:
    attachment = file(conversation, "a.txt", b"Hello")
    assert body(client.get(address(attachment))) == b"Hello"
    assert body(builders.api(ada).get(unsigned(attachment))) == b"Hello"
    client.force_login(ada)
    assert body(client.get(unsigned(attachment))) == b"Hello"


def test_E3_nobody_else_gets_it_and_all_are_told_alike(
    client: Client, ada: User, mallory: User, conversation: Conversation
) -> None:
    attachment, other = file(conversation), file(conversation)
    ends = int(signature(str(attachment.pk)).partition(".")[0], 16)
    signed = signature(str(attachment.pk))
    late = f"{ends - 25 * 3600:x}.{signed.partition('.')[2]}"
    bad = ["", "x", "0.0", signed[:-1], signed + "0", late, signature(str(other.pk)), f"{ends:x}.é", f"-{signed}"]
    answers = [client.get(unsigned(attachment), {"s": text}) for text in bad]
    answers.append(client.get(unsigned(attachment)))
    answers.append(client.get(unsigned(attachment), headers={"Authorization": "Bearer nonsense"}))
    answers.append(builders.api(mallory).get(unsigned(attachment)))
    answers.append(builders.api(ada).get(unsigned(attachment).replace(str(attachment.pk), str(uuid.uuid4()))))
    answers.append(client.get(unsigned(attachment).replace("a.png", "thumb")))
    client.force_login(mallory)
    answers.append(client.get(unsigned(attachment)))
    assert {answer.status_code for answer in answers} == {404}
    assert not any(b"PNG" in answer.content for answer in answers)


def test_E3_a_signed_address_ends_within_a_day(
    client: Client, conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    attachment = file(conversation)
    given, now = address(attachment), time.time()
    monkeypatch.setattr("conversations.attachments.time.time", lambda: now + 22 * 3600)
    assert client.get(given).status_code == 200
    monkeypatch.setattr("conversations.attachments.time.time", lambda: now + 24 * 3600)
    assert client.get(given).status_code == 404


def test_E3_nothing_is_left_of_a_deleted_conversation(
    client: Client, conversation: Conversation, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    given = address(file(conversation))
    with django_capture_on_commit_callbacks(execute=True):
        conversation.delete()
    assert client.get(given).status_code == 404
    assert not [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def test_E3_a_removed_member_loses_the_files(client: Client, ben: User, conversation: Conversation) -> None:
    attachment = file(conversation)
    client.force_login(ben)
    assert client.get(unsigned(attachment)).status_code == 200
    ben.memberships.update(is_active=False)
    assert client.get(unsigned(attachment)).status_code == 404


def test_E3_without_the_second_factor_that_the_workspace_asks_for_no_token_opens_it(
    acme: Business, ben: User, conversation: Conversation
) -> None:
    attachment = file(conversation)
    assert builders.api(ben).get(unsigned(attachment)).status_code == 200
    Business.objects.update(second_factor_required=True)
    assert builders.api(ben).get(unsigned(attachment)).status_code == 404


def test_E3_a_programs_token_opens_it_when_it_may_read_conversations(ada: User, conversation: Conversation) -> None:
    attachment = file(conversation)
    for scopes, status in ((["conversations:read"], 200), (["read"], 200), (["team:read"], 404)):
        made = builders.api(ada).post("/api/v1/api-tokens", {"name": "CRM", "scopes": scopes}).json()
        program = builders.api()
        program.credentials(HTTP_AUTHORIZATION=f"Bearer {made['token']}")
        assert program.get(unsigned(attachment)).status_code == status, scopes


@pytest.mark.parametrize(("name", "content"), [("a.pdf", corpus.PDF), ("a.txt", corpus.HTML), ("a.mp4", corpus.MP4)])
def test_E2_what_was_not_redrawn_is_only_ever_downloaded(
    client: Client, conversation: Conversation, name: str, content: bytes
) -> None:
    answer = client.get(address(file(conversation, name, content)))
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer["X-Frame-Options"] == "DENY"
    assert "html" not in answer["Content-Type"]
    assert body(answer) == content


def test_a_picture_is_shown_where_it_stands(client: Client, conversation: Conversation) -> None:
    attachment = file(conversation, 'Fräulein "x".png')
    for place, content_type in ((address(attachment), "image/png"), (address(attachment), "image/png")):
        answer = client.get(place)
        assert answer["Content-Disposition"].startswith("inline; filename")
        assert (answer["Content-Type"], answer["Content-Security-Policy"]) == (
            content_type,
            "sandbox; default-src 'none'",
        )
    thumbnail = client.get(payload_of(facts_of(attachment))["thumbnail_url"])
    assert thumbnail["Content-Type"] == "image/webp"


def test_a_cache_of_ones_own_may_keep_it_and_no_other(client: Client, ada: User, conversation: Conversation) -> None:
    attachment = file(conversation)
    signed = client.get(address(attachment))
    assert signed["Cache-Control"].startswith("private, max-age=86400")
    client.force_login(ada)
    seen = client.get(unsigned(attachment))
    assert seen["Cache-Control"] == "private, max-age=3600"
    assert "Cookie" in seen["Vary"]
    assert client.get(unsigned(attachment), headers={"If-None-Match": seen["ETag"]}).status_code == 304
    client.logout()
    assert client.get(unsigned(attachment), headers={"If-None-Match": seen["ETag"]}).status_code == 404


@pytest.mark.parametrize(
    ("asked", "status", "content", "said"),
    [
        ("bytes=0-3", 206, b"0123", "bytes 0-3/10"),
        ("bytes=4-", 206, b"456789", "bytes 4-9/10"),
        ("bytes=-3", 206, b"789", "bytes 7-9/10"),
        ("bytes=8-99", 206, b"89", "bytes 8-9/10"),
        ("bytes=0-", 200, b"0123456789", None),
        ("bytes=10-", 416, b"", "bytes */10"),
        ("bytes=-0", 416, b"", "bytes */10"),
        ("bytes=5-2", 200, b"0123456789", None),
        ("bytes=0-1,3-4", 200, b"0123456789", None),
        ("bytes=a-b", 200, b"0123456789", None),
        ("lines=0-1", 200, b"0123456789", None),
        ("bytes=" + "9" * 400 + "-", 200, b"0123456789", None),
    ],
)
def test_players_may_ask_for_a_part(
    client: Client, conversation: Conversation, asked: str, status: int, content: bytes, said: str | None
) -> None:
    answer = client.get(address(file(conversation, "a.txt", b"0123456789")), headers={"Range": asked})
    assert (answer.status_code, body(answer), answer.headers.get("Content-Range")) == (status, content, said)


@pytest.mark.django_db(transaction=True)
async def test_a_big_file_is_given_out_in_pieces(async_client: AsyncClient, acme: Business) -> None:
    content = b"0123456789abcdef" * 64 * 1024
    attachment = await sync_to_async(lambda: file(builders.conversation(acme), "a.txt", content))()
    answer: Any = await async_client.get(address(attachment))
    pieces = [piece async for piece in answer]
    await sync_to_async(connections.close_all)()  # the thread's own: PostgreSQL would not let its database go
    assert b"".join(pieces) == content
    assert max(map(len, pieces)) <= 256 * 1024


def place_on_disk(settings: Any, attachment: Attachment) -> Path:
    return Path(settings.MEDIA_ROOT, place_of(attachment.pk))


def test_what_was_never_sent_goes_after_a_day(
    ada: User, conversation: Conversation, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    _old, young, sent = (file(conversation, uploader=ada) for _ in range(3))
    builders.api(ada).post(
        f"/api/v1/conversations/{conversation.pk}/messages", {"content": "", "attachments": [address(sent)]}
    )
    Attachment.objects.exclude(pk=young.pk).update(created_at=timezone.now() - timedelta(hours=25))
    with django_capture_on_commit_callbacks(execute=True):
        assert uploads.purge_unsent() == 1
    assert set(Attachment.objects.values_list("pk", flat=True)) == {young.pk, sent.pk}
    left = {path.name[:32] for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()}
    assert left == {young.pk.hex, sent.pk.hex}
    assert uploads.purge_unsent() == 0


def test_a_file_that_a_crash_left_without_a_row_is_found(conversation: Conversation, settings: Any) -> None:
    lost, kept, fresh = (file(conversation, "a.txt", b"x") for _ in range(3))
    Attachment.objects.filter(pk__in=[lost.pk, fresh.pk])._raw_delete("default")
    for path in Path(settings.MEDIA_ROOT).rglob("*"):
        if path.is_file() and path.stem != fresh.pk.hex:
            os.utime(path, (0, 0))
    purged = 0
    for hour in range(32):
        with time_machine.travel(timezone.now() + timedelta(hours=hour), tick=False):
            os.utime(place_on_disk(settings, fresh), (time.time(), time.time()))
            purged += uploads.purge_strays()
    assert purged == 1
    left = {path.stem for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()}
    assert left == {kept.pk.hex, fresh.pk.hex}
