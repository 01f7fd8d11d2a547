"""What the team does on the telephone that has the number as well: it is told as an echo."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F

from channels_app import intake
from channels_app.adapters.events import Routed
from channels_app.models import Channel, RawEvent, RawState
from conversations.models import Conversation, Message

pytestmark = pytest.mark.django_db


def writes(channel: Channel, text: str) -> Conversation:
    message = {"from": "44", "id": f"wamid.{text}", "type": "text", "text": {"body": text}}
    intake.store(channel, [Routed(dedup_key=f"wamid:{text}", payload={"message": message})])
    intake.work()
    return Message.objects.get(content=text).conversation


def phone_sends(channel: Channel, external_id: str, **content: Any) -> None:
    echo = {"to": "44", "from": "1", "id": external_id, **content}
    intake.store(channel, [Routed(dedup_key=f"wamid:{external_id}:echo", payload={"echo": echo})])


def pass_by(seconds: float) -> None:
    """And look at what is due then."""
    passed = timedelta(seconds=seconds)
    waiting = RawEvent.objects.filter(state=RawState.WAITING)
    waiting.update(received_at=F("received_at") - passed, due_at=F("due_at") - passed)
    intake.work()


def test_what_the_team_writes_on_its_phone_keeps_its_order_whenever_it_is_looked_at(whatsapp: Channel) -> None:
    thread = writes(whatsapp, "Hello?")

    phone_sends(whatsapp, "wamid.E1", type="text", text={"body": "One"})
    pass_by(0)
    pass_by(0.9)
    phone_sends(whatsapp, "wamid.E2", type="text", text={"body": "Two"})
    for seconds in (1.0, 0.15, 1.95, 60, 60):
        pass_by(seconds)

    assert list(thread.messages.order_by("seq").values_list("content", flat=True)) == ["Hello?", "One", "Two"]


def test_a_sign_from_the_teams_phone_is_one_on_the_customers_message_and_no_message(whatsapp: Channel) -> None:
    thread = writes(whatsapp, "Thanks!")
    phone_sends(whatsapp, "wamid.E1", type="text", text={"body": "You are welcome."})
    for seconds in (0, 60):
        pass_by(seconds)

    for number, named in enumerate(("wamid.Thanks!", "wamid.E1")):
        phone_sends(whatsapp, f"wamid.R{number}", type="reaction", reaction={"message_id": named, "emoji": "👍"})
    pass_by(0)

    assert list(thread.messages.order_by("seq").values_list("content", "reaction")) == [
        ("Thanks!", "👍"),
        ("You are welcome.", ""),
    ]
