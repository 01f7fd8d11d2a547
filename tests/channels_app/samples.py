"""Payloads as providers document them: names of fields are theirs, everything else is made up."""

from typing import Any

from conversations.models import ChannelType

METADATA = {"display_phone_number": "15550009999", "phone_number_id": "700000000000001"}
WHATSAPP_MESSAGE: dict[str, Any] = {
    "object": "whatsapp_business_account",
    "entry": [
        {
            "id": "300000000000001",
            "changes": [
                {
                    "field": "messages",
                    "value": {
                        "messaging_product": "whatsapp",
                        "metadata": METADATA,
                        "contacts": [
                            {
                                "profile": {"name": "Cleo Marsh", "username": "cleomarsh"},
                                "wa_id": "447700900123",
                                "user_id": "GB.4410020030040050",
                            }
                        ],
                        "messages": [
                            {
                                "from": "447700900123",
                                "from_user_id": "GB.4410020030040050",
                                "id": "wamid.UEJURVNUMDAwMQ==",
                                "timestamp": "1767225600",
                                "type": "text",
                                "text": {"body": "Where is my parcel?"},
                                "context": {"from": "15550009999", "id": "wamid.UEJURVNUMDAwMA=="},
                            }
                        ],
                    },
                }
            ],
        }
    ],
}
WHATSAPP_IMAGE = {
    "from": "447700900123",
    "from_user_id": "GB.4410020030040050",
    "id": "wamid.UEJURVNUMDAwMg==",
    "timestamp": "1767225660",
    "type": "image",
    "image": {
        "caption": "The label",
        "mime_type": "image/jpeg",
        "sha256": "q1zU0lHq7m9aT8g0Yk0mJr0nqM3mO2s0b8cV6x1pW3E=",
        "id": "900000000000077",
        "url": "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=900000000000077",
    },
}
INSTAGRAM_MESSAGE: dict[str, Any] = {
    "object": "instagram",
    "entry": [
        {
            "id": "17840000000000001",
            "time": 1767225600500,
            "messaging": [
                {
                    "sender": {"id": "6100000000000001"},
                    "recipient": {"id": "17840000000000001"},
                    "timestamp": 1767225600123,
                    "message": {
                        "mid": "aWdfZAG1faXRlbTox",
                        "text": "Is this in stock?",
                        "attachments": [
                            {
                                "type": "image",
                                "payload": {"url": "https://lookaside.fbsbx.com/ig_messaging_cdn/?asset_id=1"},
                            }
                        ],
                        "reply_to": {"mid": "aWdfZAG1faXRlbTow"},
                    },
                }
            ],
        }
    ],
}
TELEGRAM_UPDATE: dict[str, Any] = {
    "update_id": 810000001,
    "message": {
        "message_id": 41,
        "from": {
            "id": 6000000123,
            "is_bot": False,
            "first_name": "Cleo",
            "username": "cleo_m",
            "language_code": "en",
        },
        "chat": {"id": 6000000123, "type": "private", "first_name": "Cleo", "username": "cleo_m"},
        "date": 1767225600,
        "text": "Hi, order 1009?",
        "entities": [{"type": "bold", "offset": 4, "length": 5}],
        "reply_to_message": {
            "message_id": 40,
            "chat": {"id": 6000000123, "type": "private"},
            "date": 1767225500,
            "text": "Hello",
        },
    },
}

NAMES = [
    *("message", "edited_message", "chat", "id", "from", "text", "photo", "document", "callback_query", "file_id"),
    *(
        "my_chat_member",
        "new_chat_member",
        "message_reaction",
        "new_reaction",
        "date",
        "location",
        "contact",
        "sticker",
    ),
    *("changes", "value", "messages", "statuses", "contacts", "metadata", "type", "image", "system", "interactive"),
    *("messaging", "sender", "recipient", "mid", "attachments", "payload", "url", "reaction", "read", "errors"),
]


def whatsapp(message: dict[str, Any]) -> dict[str, Any]:
    return _whatsapp({"messages": [message]})


def whatsapp_status(said: str) -> dict[str, Any]:
    status = {
        "id": "wamid.UEJPVVQwMDAx",
        "status": said,
        "timestamp": "1767225700",
        "recipient_id": "447700900123",
        "biz_opaque_callback_data": "msg-7c2d",
    }
    return _whatsapp({"statuses": [status]})


def _whatsapp(value: dict[str, Any]) -> dict[str, Any]:
    change = {"field": "messages", "value": {"metadata": METADATA, **value}}
    return {"object": "whatsapp_business_account", "entry": [{"id": "3", "changes": [change]}]}


def instagram(item: dict[str, Any]) -> dict[str, Any]:
    about = {"sender": {"id": "61"}, "recipient": {"id": "178"}, "timestamp": 1767225600123, **item}
    return {"object": "instagram", "entry": [{"id": "178", "messaging": [about]}]}


def around(type: ChannelType, inside: Any) -> Any:
    """What gets past the door of this type, with anything in it."""
    if type == ChannelType.TELEGRAM:
        return {"update_id": 1, **(inside if isinstance(inside, dict) else {"message": inside})}
    name = {ChannelType.WHATSAPP: "whatsapp_business_account", ChannelType.INSTAGRAM: "instagram"}.get(type, "")
    about = {"changes": [{"value": inside}], "messaging": [inside, {"message": inside, "sender": inside}]}
    return {"object": name, "entry": [about, inside]}
