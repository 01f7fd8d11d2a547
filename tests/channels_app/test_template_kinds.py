"""Templates with a head, a foot, buttons and named blanks: what can be sent is, and what cannot says why."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as some

from accounts.models import User
from businesses.models import Business
from channels_app import connecting, deliveries
from channels_app.adapters.whatsapp.templates import components_of, template_of
from channels_app.models import Thread
from channels_app.services import create_channel
from conversations.models import ChannelType, Conversation, Message
from tests import builders
from tests.fakes.meta import NUMBER, TOKEN, WABA, Meta

NAMED = {
    "name": "parcel",
    "language": "en",
    "status": "APPROVED",
    "category": "UTILITY",
    "parameter_format": "NAMED",
    "components": [
        {"type": "HEADER", "format": "TEXT", "text": "For {{first_name}}"},
        {
            "type": "BODY",
            "text": "Dear {{first_name}}, it comes {{day}}: yes, {{day}}.",
            "example": {"body_text_named_params": [{"param_name": "day", "example": "on Friday"}]},
        },
        {"type": "FOOTER", "text": "Acme Parcels"},
        {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Fine"}]},
    ],
}
NAMES = ("type", "text", "format", "example", "buttons", "url", "body_text", "header_text_named_params", "param_name")
BODY = {"type": "BODY", "text": "Here it is."}
LINK = {"type": "URL", "text": "Track", "url": "https://acme.example/{{1}}"}
REFUSED = [
    ([{"type": "HEADER", "format": "IMAGE"}, BODY], "begins with a picture"),
    ([BODY, {"type": "BUTTONS", "buttons": [LINK]}], "address of its own"),
    ([BODY, {"type": "BUTTONS", "buttons": [{"type": "FLOW", "text": "Begin"}]}], "kind of button"),
    ([BODY, {"type": "CAROUSEL", "cards": []}], "cannot send: carousel."),
]


@pytest.fixture
def meta(settings: Any) -> Iterator[Meta]:
    cache.clear()
    with Meta() as running:
        settings.OUTBOUND_ALLOW = ["127.0.0.1"]
        settings.META_GRAPH_BASE_URL = running.url
        yield running
        assert running.broken == []


@pytest.fixture
def talk(ada: User, acme: Business, meta: Meta) -> Conversation:
    config = {"phone_number_id": NUMBER, "access_token": TOKEN, "waba_id": WABA}
    channel = create_channel(actor=ada, type=ChannelType.WHATSAPP, config=config)
    connecting.connect(channel)
    conversation = builders.conversation(acme, type=ChannelType.WHATSAPP, channel=channel)
    Thread.objects.create(channel=channel, conversation=conversation, key="15550001111", address="15550001111")
    return conversation


VALUES = some.recursive(
    some.none() | some.integers() | some.text(max_size=8) | some.sampled_from(["{{1}}", "{{name}}", "{{²}}", "BODY"]),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.sampled_from(NAMES), inner, max_size=5),
    max_leaves=12,
)


@examples(max_examples=150, deadline=None, database=None)
@given(some.lists(some.dictionaries(some.sampled_from(NAMES), VALUES, max_size=6), max_size=4))
def test_whatever_meta_lists_is_a_template_or_none(components: list[Any]) -> None:
    found = template_of({**NAMED, "components": [*components, {"type": "BODY", "text": "Dear {{²}}"}]})

    assert found
    assert found["blanks"] == len(found["slots"])
    components_of({**found, "blanks": ["x"] * found["blanks"]})


def test_one_is_chosen_from_a_list_and_sent_with_all_of_its_blanks(talk: Conversation, ada: User, meta: Meta) -> None:
    meta.templates = [NAMED]
    address = f"/inbox/{talk.pk}/templates/"
    browser = builders.browser(ada)
    listed = browser.get(f"{address}?q=dear parcel").content.decode()
    assert ("?name=parcel&amp;language=en" in listed, "order_update" in listed) == (True, False)
    assert "No template has these words." in browser.get(f"{address}?q=zebra").content.decode()

    chosen = browser.get(f"{address}?name=parcel&language=en").content.decode()
    assert ("first_name</label>" in chosen, "such as on Friday" in chosen, "Fine" in chosen) == (True, True, True)
    given = {"name": "parcel", "language": "en", "blank": ["Cleo", "Cleo", "on Friday"], "key": "once"}
    assert browser.post(address, given).status_code == 302
    for delivery in deliveries.claim(4):
        deliveries.attempt(delivery)

    words = "For Cleo\n\nDear Cleo, it comes on Friday: yes, on Friday.\n\nAcme Parcels"
    assert Message.objects.get(sender=ada).content == words
    (sent,) = meta.sent
    name = {"type": "text", "parameter_name": "first_name", "text": "Cleo"}
    day = {"type": "text", "parameter_name": "day", "text": "on Friday"}
    assert sent.fields["template"]["components"] == [
        {"type": "header", "parameters": [name]},
        {"type": "body", "parameters": [name, day]},
    ]


@pytest.mark.parametrize(("components", "why"), REFUSED)
def test_what_cannot_be_sent_along_is_said_in_the_list_and_refused(
    talk: Conversation, ada: User, meta: Meta, components: list[dict[str, Any]], why: str
) -> None:
    meta.templates = [{**NAMED, "name": "fancy", "components": components}]

    listed = builders.browser(ada).get(f"/inbox/{talk.pk}/templates/").content.decode()
    assert (why in listed, "?name=fancy" in listed) == (True, False)
    told = builders.api(ada).get(f"/api/v1/channels/{talk.channel_id}/templates").json()[-1]
    assert (told["name"], why in told["refused"]) == ("fancy", True)
    body = {"name": "fancy", "language": "en", "blanks": []}
    answer = builders.api(ada).post(f"/api/v1/conversations/{talk.pk}/template", body)
    assert (answer.status_code, why in answer.json()["detail"][0]["msg"]) == (422, True)
    assert meta.sent == []
