"""Every kind of channel, connected over REST."""

from typing import Any

from accounts.models import User
from tests import builders

URL = "/api/v1/channels/"
CANARY = "canary-7Hq2-secret-"

# Every secret ends in its own four characters.
CONFIGS: dict[str, dict[str, Any]] = {
    "widget": {},
    "webchat": {},
    "email": {
        "address": "help@acme.com",
        "from_name": "Acme",
        "smtp_host": "smtp.acme.com",
        "smtp_port": 465,
        "smtp_username": "help",
        "smtp_password": CANARY + "mail",
        "smtp_use_tls": True,
        "inbound_secret": CANARY + "inbd",
    },
    "whatsapp": {"phone_number_id": "700000000000001", "access_token": CANARY + "what", "verify_token": "harbour"},
    "telegram": {"bot_token": CANARY + "tele"},
    "instagram": {"page_id": "800000000000001", "access_token": CANARY + "inst", "app_secret": CANARY + "appl"},
    "x": {
        "api_key": CANARY + "xkey",
        "api_secret": CANARY + "xsec",
        "access_token": CANARY + "xtok",
        "access_token_secret": CANARY + "xtos",
        "bearer_token": CANARY + "xber",
    },
    "sms": {"phone_number": "+15550009999", "account_sid": "AC1", "auth_token": CANARY + "smsa"},
}


def connect(owner: User, type: str, **more: Any) -> dict[str, Any]:
    answer = builders.api(owner).post(URL, {"type": type, "config": CONFIGS[type], **more})
    assert answer.status_code == 201, answer.content
    return answer.json()
