"""What hangs on what is written to us at X: pictures and videos, in each of its envelopes."""

from typing import Any

import pytest

from channels_app.adapters.events import MediaRef, MessageReceived
from channels_app.adapters.x import adapter as x_adapter
from channels_app.adapters.x.adapter import XAdapter
from channels_app.adapters.x.polling import direct_since, mentions_since
from channels_app.models import Channel
from conversations.models import ChannelType
from foundation import http
from tests.fakes.x import CLEO, KEYS, ME

PICTURE = {"media_key": "3_1", "type": "photo", "url": "https://pbs.twimg.com/media/a.jpg"}
SIZES = [
    {"content_type": "application/x-mpegURL", "url": "https://video.twimg.com/a.m3u8"},
    {"content_type": "video/mp4", "bit_rate": 10_368_000, "url": "https://video.twimg.com/large.mp4"},
    {"content_type": "video/mp4", "bit_rate": 632_000, "url": "https://video.twimg.com/small.mp4"},
    {"content_type": "video/mp4", "bit_rate": 2_176_000, "url": "https://video.twimg.com/middle.mp4"},
]
VIDEO = {"media_key": "7_2", "type": "video", "preview_image_url": "https://pbs.twimg.com/b.jpg", "variants": SIZES}
POST = {
    "id": "1970000000000000001",
    "text": "@acme it is broken https://t.co/p",
    "author_id": CLEO["id"],
    "entities": {
        "mentions": [{"username": "acme", "id": ME}],
        "urls": [
            {"url": "https://t.co/p", "expanded_url": "https://x.com/cleo_m/status/1/photo/1", "media_key": "3_1"}
        ],
    },
    "attachments": {"media_keys": ["3_1", "7_2"]},
}
FOUND = (
    MediaRef(kind="image", provider_ref="https://pbs.twimg.com/media/a.jpg", mime_type="image/jpeg"),
    MediaRef(kind="video", provider_ref="https://video.twimg.com/middle.mp4", mime_type="video/mp4"),
)


def adapter() -> XAdapter:
    return XAdapter(Channel(type=ChannelType.X, config={"account_id": ME}), KEYS)


def read(payload: dict[str, Any]) -> MessageReceived:
    (event,) = adapter().parse(payload)
    assert isinstance(event, MessageReceived)
    return event


def test_a_mention_brings_its_pictures_and_of_a_video_the_size_that_is_worth_fetching() -> None:
    includes = {"users": [CLEO], "media": [VIDEO, PICTURE]}
    event = read({"data": {"event_type": "post.mention.create", "payload": POST}, "includes": includes})

    assert (event.media, event.text) == (FOUND, "(Public post) @acme it is broken")


def test_so_does_one_that_was_asked_for_and_one_in_the_older_words() -> None:
    told = {"data": [POST], "includes": {"users": [CLEO], "media": [PICTURE, VIDEO]}}
    (asked,), _newest = mentions_since(lambda _path: told, "1", me=ME)
    old_sizes = [{name.replace("bit_rate", "bitrate"): value for name, value in one.items()} for one in SIZES]
    old_media = [
        {"type": "photo", "url": "https://t.co/p", "media_url_https": "https://pbs.twimg.com/media/a.jpg"},
        {"type": "video", "media_url_https": "https://pbs.twimg.com/b.jpg", "video_info": {"variants": old_sizes}},
    ]
    old = {
        "id_str": "1970000000000000001",
        "text": "@acme it is broken",
        "user": {"id_str": CLEO["id"]},
        "entities": {"user_mentions": [{"id_str": ME}]},
        "extended_entities": {"media": old_media},
    }

    assert read(asked.payload).media == FOUND
    assert read({"tweet_create_events": [old]}).media == FOUND


def test_a_video_in_a_direct_message_is_one_and_of_one_that_is_not_told_its_first_picture_is_shown() -> None:
    event = {
        "id": "1960000000000000001",
        "text": "See",
        "sender_id": CLEO["id"],
        "dm_conversation_id": f"{CLEO['id']}-{ME}",
        "attachments": {"media_keys": ["7_2"]},
    }

    def sent(media: dict[str, Any]) -> list[tuple[str, str]]:
        told = {"data": [event], "includes": {"users": [CLEO], "media": [media]}}
        (item,), _newest = direct_since(lambda _path: told, "1", me=ME)
        return [(one.kind, one.provider_ref) for one in read(item.payload).media]

    assert sent(VIDEO) == [("video", "https://video.twimg.com/middle.mp4")]
    assert sent({**VIDEO, "variants": []}) == [("image", "https://pbs.twimg.com/b.jpg")]


@pytest.mark.parametrize(("host", "signed"), [("pbs.twimg.com", False), ("ton.twitter.com", True)])
def test_only_the_store_of_direct_messages_gets_our_signature(
    host: str, signed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, str]] = []

    def call(_method: str, _url: str, *, headers: dict[str, str], **_given: Any) -> http.Answer:
        asked.append(headers)
        return http.Answer(status=200, headers={"content-type": "image/jpeg"}, body=b"jpeg")

    monkeypatch.setattr(x_adapter.http, "call", call)
    file = adapter().fetch_media(MediaRef(kind="image", provider_ref=f"https://{host}/a.jpg"))

    assert file.content == b"jpeg"
    assert ["authorization" in headers for headers in asked] == [signed]
