"""`bin/serve --demo`: what one writes as a customer arrives, and what the team answers shows on the other side."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from django.test import Client

from accounts.models import User
from businesses.models import Business
from channels_app import connecting, deliveries, intake
from channels_app.adapters.errors import Kind
from channels_app.services import create_channel
from conversations.models import ChannelType, Message
from tests import builders
from tests.channels_app.cases import CASES
from tests.fakes.desk import FAKES, Desk
from tests.fakes.server import free_port
from tests.fakes.telegram import TOKEN, Telegram


def post(path: str, body: bytes, headers: Mapping[str, str]) -> int:
    sent: Any = dict(headers)
    return Client().post(path, body, content_type=sent.pop("Content-Type"), headers=sent).status_code


def test_a_fake_misbehaves_when_told_to_and_counts_what_breaks_its_wire() -> None:
    def told(fake: Telegram, path: str, body: Any = None) -> Any:
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f"{fake.url}{path}", data, {"Content-Type": "application/json"})
        with suppress(urllib.error.HTTPError), urllib.request.urlopen(request, timeout=5) as answer:
            return json.loads(answer.read())

    with Telegram() as fake:
        send = f"/bot{TOKEN}/sendMessage"
        told(fake, "/_control", {"next": [{"status": 500, "body": {"ok": False}}], "set": {"token": TOKEN}})
        assert told(fake, send, {"chat_id": 6, "text": "Hello"}) is None
        assert told(fake, send, {"chat_id": 6, "text": "Hello"})["ok"]
        assert told(fake, send, {"text": "To whom?"}) is None

        seen = told(fake, "/_control")
        assert (seen["broken"], len(seen["calls"])) == (["KeyError: 'chat_id'"], 3)


def test_every_channel_is_tried_without_an_account(ada: User, acme: Business, settings: Any) -> None:
    settings.OUTBOUND_ALLOW = ["127.0.0.1"]
    ports = {name: free_port() for name in FAKES}
    for name in FAKES:
        setattr(settings, name, f"http://127.0.0.1:{ports[name]}")
    settings.INSTAGRAM_GRAPH_BASE_URL = settings.META_GRAPH_BASE_URL
    channels = [create_channel(actor=ada, type=case.type, config=case.config) for case in CASES]
    desk = Desk(channels, send=post)
    desk.start(ports, ada)
    for channel in channels:
        channel.refresh_from_db()
        connecting.connect(channel)
        desk.write(ChannelType(channel.type), f"Hello over {channel.type}")
    intake.work()

    for message in Message.objects.select_related("conversation"):
        builders.answers(ada, message.conversation, f"Hello {message.conversation.channel_type}")
    for delivery in deliveries.claim(16):
        deliveries.attempt(delivery)

    for case in CASES:
        form = {"token": [desk._token], "type": [str(case.type)], "mood": [str(Kind.TRANSIENT)]}
        desk.take(form)
        assert desk.fakes[ChannelType(case.type)].next.pop() == case.errors[Kind.TRANSIENT]
    log = "\n".join(desk.log())
    assert "broke" not in log
    for case in CASES:
        assert f"PingBack over {case.type.label}: Hello {case.type}" in log
        assert f"Cleo over {case.type.label}: Hello over {case.type}" in log
