"""What the fuzzer begins with: a payload of each kind that providers send, behind two bytes that say whose it is."""

import json
from typing import Any
from urllib.parse import urlencode

from channels_app.adapters import ADAPTERS
from conversations.models import ChannelType
from tests.channels_app import samples
from tests.channels_app.mails import corpus

TYPES = sorted(ADAPTERS)
KINDS = (
    "application/json",
    "application/x-www-form-urlencoded",
    "message/rfc822",
    "multipart/form-data; boundary=XX",
)

WHATSAPP: list[dict[str, Any]] = [
    samples.WHATSAPP_IMAGE,
    {"type": "location", "location": {"latitude": 51.5, "longitude": -0.12, "name": "Depot"}},
    {"type": "contacts", "contacts": [{"name": {"formatted_name": "Cleo"}, "phones": [{"phone": "1"}]}]},
    {"type": "interactive", "interactive": {"type": "list_reply", "list_reply": {"id": "1", "title": "Blue"}}},
    {"type": "system", "system": {"wa_id": "45", "user_id": "GB.45", "type": "user_changed_number"}},
    {"type": "reaction", "reaction": {"message_id": "wamid.1", "emoji": "❤"}},
    {"type": "edit", "edit": {"original_message_id": "wamid.1", "message": {"type": "text", "text": {"body": "New"}}}},
    {"type": "revoke", "revoke": {"original_message_id": "wamid.1"}},
    {"type": "order", "order": {"catalog_id": "1", "text": "Two", "product_items": [{}]}},
]
# What is told of the account itself: field and value.
ACCOUNT: list[tuple[str, dict[str, Any]]] = [
    ("message_template_status_update", {"event": "PAUSED", "message_template_name": "order_update"}),
    ("account_update", {"event": "DISABLED_UPDATE"}),
    (
        "messages",
        {"metadata": {"phone_number_id": "1"}, "errors": [{"code": 131042, "error_data": {"details": "Pay"}}]},
    ),
]
INSTAGRAM: list[dict[str, Any]] = [
    {"message": {"mid": "m", "is_echo": True, "text": "Hi"}},
    {"message": {"mid": "m", "is_deleted": True}},
    {"message": {"mid": "m", "attachments": [{"type": "ig_post", "payload": {"url": "https://x", "title": "T"}}]}},
    {"message": {"mid": "m", "text": "Hi", "reply_to": {"story": {"id": "1", "url": "https://x"}}}},
    {"message_edit": {"mid": "m", "text": "New", "num_edit": "1"}},
    {"reaction": {"mid": "m", "action": "react", "emoji": "❤"}},
    {"postback": {"mid": "m", "title": "Start", "payload": "GO"}},
    {"read": {"mid": "m"}},
]
TELEGRAM: list[dict[str, Any]] = [
    samples.TELEGRAM_UPDATE,
    {"update_id": 1, "edited_message": {"message_id": 1, "chat": {"id": 1, "type": "private"}, "text": "New"}},
    {"update_id": 1, "my_chat_member": {"chat": {"id": 1}, "new_chat_member": {"status": "kicked"}}},
    {"update_id": 1, "message_reaction": {"chat": {"id": 1}, "message_id": 1, "new_reaction": [{"emoji": "👍"}]}},
    {"update_id": 1, "callback_query": {"id": "9", "data": "yes", "message": {"chat": {"id": 1}}}},
    {
        "update_id": 1,
        "message": {
            "message_id": 1,
            "chat": {"id": 1},
            "media_group_id": "7",
            "photo": [{"file_id": "f", "width": 1, "height": 1}],
        },
    },
    {
        "update_id": 1,
        "message": {
            "message_id": 1,
            "chat": {"id": 1},
            "text": "here",
            "entities": [{"type": "text_link", "offset": 0, "length": 4, "url": "https://x"}],
        },
    },
    {"update_id": 1, "message": {"message_id": 1, "chat": {"id": 1}, "poll": {"question": "?", "options": [{}]}}},
    {"update_id": 1, "message": {"message_id": 1, "chat": {"id": 1}, "contact": {"first_name": "C", "user_id": 1}}},
]
DIRECT = {
    "type": "message_create",
    "id": "1",
    "created_timestamp": "1767225600123",
    "message_create": {
        "target": {"recipient_id": "2"},
        "sender_id": "3",
        "message_data": {
            "text": "Late https://t.co/a",
            "entities": {"urls": [{"url": "https://t.co/a", "expanded_url": "https://shop.example/1"}]},
            "attachment": {"media": {"type": "photo", "media_url_https": "https://ton.twitter.com/a.jpg"}},
        },
    },
}
USERS = {"3": {"data": {"id": "3", "name": "Cleo", "username": "cleo_m"}}}
POST = {"id": "1", "text": "@acme where?", "author_id": "3", "created_at": "2026-01-01T00:00:00.000Z"}
X: list[dict[str, Any]] = [
    {"data": {"event_uuid": "1", "event_type": "dm.received", "payload": {"direct_message_events": [DIRECT]}}},
    {"for_user_id": "2", "direct_message_events": [DIRECT], "users": USERS},
    {"data": {"event_uuid": "2", "event_type": "post.mention.create", "payload": POST}, "includes": {"users": [{}]}},
    {"tweet_create_events": [{"id_str": "1", "text": "Hi", "user": {"id_str": "3"}, "extended_tweet": {}}]},
    {"direct_message_indicate_typing_events": [{"sender_id": "3", "target": {"recipient_id": "2"}}]},
    {"user_event": {"revoke": {}}, "direct_message_mark_read_events": [{"last_read_event_id": "1"}]},
]
SMS = [
    {"MessageSid": "SM1", "From": "+15550001111", "To": "+1", "Body": "Hi", "NumMedia": "1", "MediaUrl0": "https://x"},
    {"MessageSid": "SM1", "MessageStatus": "failed", "ErrorCode": "30007"},
    {"MessageSid": "SM1", "From": "+1", "Body": "STOP", "OptOutType": "STOP"},
]
POSTMARK = {
    "From": "cleo@example.net",
    "OriginalRecipient": "help@acme.example",
    "Subject": "Re: Order",
    "TextBody": "Thanks!",
    "HtmlBody": "<p>Thanks!</p>",
    "Headers": [{"Name": "Message-ID", "Value": "<1@example.net>"}],
    "Attachments": [{"Name": "a.txt", "Content": "aGk=", "ContentType": "text/plain", "ContentID": ""}],
}


def seeds() -> list[bytes]:
    whatsapp = [samples.whatsapp({"from": "44", "from_user_id": "GB.44", "id": "wamid.1", **each}) for each in WHATSAPP]
    whatsapp += [samples.WHATSAPP_MESSAGE, *map(samples.whatsapp_status, ("sent", "failed"))]
    told = {
        ChannelType.WHATSAPP: [*whatsapp, *map(_of_account, ACCOUNT)],
        ChannelType.INSTAGRAM: [samples.INSTAGRAM_MESSAGE, *map(samples.instagram, INSTAGRAM)],
        ChannelType.TELEGRAM: TELEGRAM,
        ChannelType.X: X,
        ChannelType.EMAIL: [POSTMARK],
    }
    found = [_seed(type, 0, json.dumps(payload).encode()) for type, payloads in told.items() for payload in payloads]
    found += [_seed(ChannelType.SMS, 1, urlencode(form).encode()) for form in SMS]
    mails = [raw for name, raw, _facts in corpus.CASES if len(raw) < 3000]
    found += [_seed(ChannelType.EMAIL, 2, raw) for raw in mails]
    form = b'--XX\r\nContent-Disposition: form-data; name="email"\r\n\r\n' + mails[0] + b"\r\n--XX--\r\n"
    return [*found, _seed(ChannelType.EMAIL, 3, form)]


def _of_account(told: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    field, value = told
    entry = {"id": "300000000000001", "changes": [{"field": field, "value": value}]}
    return {"object": "whatsapp_business_account", "entry": [entry]}


def _seed(type: ChannelType, kind: int, body: bytes) -> bytes:
    return bytes([TYPES.index(type), kind]) + body
