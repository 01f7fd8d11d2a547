"""`bin/serve --demo`: what one writes as a customer arrives, and what the team answers shows on the other side."""

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from businesses.models import Business
from channels_app import connecting, deliveries, intake
from channels_app.adapters.errors import Kind
from channels_app.models import Channel, ChannelState, Delivery, DeliveryState
from channels_app.retrying import retry_message
from channels_app.services import create_channel
from conversations.models import ChannelType, Conversation, Message, MessageStatus
from pingback import demo, stand_ins
from pingback.demo_house import TEAM
from tests import builders
from tests.channels_app.cases import CASES
from tests.channels_app.test_handshakes import ours
from tests.fakes.desk import FAKES, Desk
from tests.fakes.server import free_port
from tests.fakes.telegram import TOKEN, Telegram
from theo.replying import waiting


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


def places(settings: Any) -> dict[str, int]:
    """Ports for the providers, and where the settings find them."""
    settings.OUTBOUND_ALLOW = ["127.0.0.1"]
    ports = {name: free_port() for name in FAKES}
    for name in FAKES:
        setattr(settings, name, f"http://127.0.0.1:{ports[name]}")
    settings.INSTAGRAM_GRAPH_BASE_URL = settings.META_GRAPH_BASE_URL
    return ports


@pytest.mark.django_db(transaction=True)
def test_what_the_demo_begins_with_is_connected_sent_and_left_to_the_team(settings: Any) -> None:
    demo.fill(stand_ins.configs())
    mira = User.objects.get(email=TEAM[0][1])
    channels = list(Channel.objects.visible_to(mira))
    accounts = {channel.pk: connecting.account_of(channel) for channel in channels}
    desk = Desk(channels, send=post, asks=ours)
    desk.start(places(settings), mira)
    connecting.connect_waiting(threading.Event())

    assert waiting() == []
    found = Channel.objects.all()
    assert {(each.type, each.state) for each in found} == {(each.type, ChannelState.CONNECTED) for each in channels}
    # Another account is one that the provider would be told to forget, with words it does not know.
    assert {each.pk: connecting.account_of(each) for each in found} == accounts

    since = timezone.now() - timedelta(hours=23)
    for talk in Conversation.objects.filter(channel__in=channels, threads__last_heard_at__gt=since):
        builders.answers(mira, talk, "Hello")
    mailbox = Channel.objects.get(type=ChannelType.EMAIL)
    assert mailbox.config["address"] == "help@tidewater.example"
    assert desk.write(ChannelType.EMAIL, "Hello by mail") == 200
    intake.work()
    assert Conversation.objects.filter(channel=mailbox, messages__content="Hello by mail").exists()
    retry_message(message=Message.objects.get(status=MessageStatus.FAILED))
    while claimed := deliveries.claim(16):
        for delivery in claimed:
            deliveries.attempt(delivery)
    assert not Message.objects.exclude(error="").exists()
    assert set(Delivery.objects.values_list("state", flat=True)) == {DeliveryState.SENT}


def test_every_channel_is_tried_without_an_account(ada: User, acme: Business, settings: Any) -> None:
    ports = places(settings)
    channels = [create_channel(actor=ada, type=case.type, config=case.config) for case in CASES]
    desk = Desk(channels, send=post, asks=None)
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

    for case in CASES:
        desk.take({"token": [desk._token], "type": [str(case.type)], "mood": [str(Kind.TRANSIENT)]})
    for message in Message.objects.filter(sender=None).select_related("conversation"):
        builders.answers(ada, message.conversation, "Once more")
    for delivery in deliveries.claim(16):
        deliveries.attempt(delivery)
    log = "\n".join(desk.log())
    for case in CASES:
        assert f"PingBack over {case.type.label} (refused): Once more" in log
