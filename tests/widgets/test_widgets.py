"""Widgets, visitors and what they write."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from accounts.models import User
from businesses.models import Business, FeedEvent, Role
from channels_app.models import Channel
from conversations.models import Conversation, Customer, Message, Status
from conversations.services.handling import close_conversation, resolve_conversation
from conversations.services.messages import post_each
from foundation.errors import Forbidden, KeyReused, NotFound, Unprocessable
from tests import builders
from tests.conversations.test_messages import together
from widgets import keys
from widgets.domains import frame_ancestors, normal_domain
from widgets.models import Visitor, Widget
from widgets.receiving import visitors_draft
from widgets.selectors import allowed_origin, conversations_of
from widgets.services import update_widget

pytestmark = pytest.mark.django_db


# Domains and origins --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("acme.com", "acme.com"),
        ("https://Acme.com:8443/shop?x=1", "acme.com"),
        ("ACME.COM.", "acme.com"),
        ("http://localhost:3000", "localhost"),
        ("müller.de", "xn--mller-kva.de"),
        ("straße.de", "xn--strae-oqa.de"),
    ],
)
def test_C17_a_domain_is_stored_as_its_host(written: str, stored: str) -> None:
    assert normal_domain(written) == stored


@pytest.mark.parametrize(
    "written", ["", "acme", "a b.com", "user@acme.com", "-acme.com", "acme..com", "x" * 260 + ".com"]
)
def test_what_is_no_domain_is_refused(written: str) -> None:
    with pytest.raises(Unprocessable):
        normal_domain(written)


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://acme.com", True),
        ("https://www.acme.com", True),
        ("https://acme.com:8443", True),
        ("http://acme.com", False),
        ("https://shop.acme.com", False),
        ("https://acme.com.evil.com", False),
        ("https://evilacme.com", False),
        ("https://acme.com@evil.com", False),
        ("https://evil.com#acme.com", False),
        ("null", False),
        ("https://[acme.com", False),
        ("", False),
    ],
)
def test_C3_an_origin_matches_on_the_host_alone(ada: User, acme: Business, origin: str, allowed: bool) -> None:
    builders.widget(ada)
    assert allowed_origin(origin) is allowed
    assert allowed_origin(origin, business_id=acme.pk) is allowed
    assert allowed_origin(origin, business_id=uuid.uuid4()) is False


def test_subdomains_count_on_a_dot_boundary_when_they_are_allowed(ada: User, acme: Business) -> None:
    builders.widget(ada, allow_subdomains=True)
    assert allowed_origin("https://a.b.acme.com")
    assert not allowed_origin("https://evilacme.com")


def test_only_the_widgets_own_domain_may_frame_it() -> None:
    assert frame_ancestors("acme.com", allow_subdomains=False) == ["https://acme.com", "https://www.acme.com"]
    assert frame_ancestors("localhost", allow_subdomains=False) == ["http://localhost:*", "https://localhost:*"]


# Widgets --------------------------------------------------------------------------------------------------


def test_a_second_widget_on_a_domain_is_refused_and_all_share_one_channel(ada: User, acme: Business) -> None:
    client = builders.api(ada)
    assert client.post("/api/v1/widget/create", {"domain": "acme.com"}).status_code == 201
    assert client.post("/api/v1/widget/create", {"domain": "https://ACME.com/"}).status_code == 400
    assert client.post("/api/v1/widget/create", {"domain": "acme.org"}).status_code == 201
    assert list(Channel.objects.filter(business=acme).values_list("type", flat=True)) == ["widget"]
    assert Widget.objects.count() == 2


def test_defaults_are_those_of_the_contract(ada: User, acme: Business) -> None:
    body = builders.api(ada).post("/api/v1/widget/create", {"domain": "acme.com"}).json()
    assert body["name"] == "PingBack Support"
    assert body["welcome_heading"] == "Hi there!"
    assert body["primary_color"] == "#7650FF"
    assert (body["show_online_badge"], body["logo_url"], body["config"]) == (True, None, {})


def test_an_update_changes_what_is_given_and_nothing_else(ada: User, acme: Business) -> None:
    widget = builders.widget(ada, name="Shop", logo_url="https://acme.com/logo.png")
    path = f"/api/v1/widget/update/{widget.pk}"

    body = builders.api(ada).put(path, {"primary_color": "#fff", "logo_url": None}).json()

    assert (body["name"], body["primary_color"], body["logo_url"]) == ("Shop", "#fff", None)


def test_an_update_takes_nothing_back_that_was_changed_since_it_was_read(ada: User, acme: Business) -> None:
    widget = builders.widget(ada, name="Shop")
    Widget.objects.filter(pk=widget.pk).update(name="Harbour", seen_host="acme.com")

    changed = update_widget(actor=ada, widget=widget, primary_color="#fff")

    assert (changed.name, changed.primary_color) == ("Harbour", "#fff")
    widget.refresh_from_db()
    assert (widget.name, widget.primary_color, widget.seen_host) == ("Harbour", "#fff", "acme.com")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("domain", "acme"),
        ("primary_color", "red;}*{x"),
        ("primary_color", "#12345"),
        ("logo_url", "javascript:alert(1)"),
        ("logo_url", "http://acme.com/logo.png"),
        ("logo_url", "https://[bad"),
        ("logo_url", "https://acme.com/a b.png"),
        ("config", {"x": "y" * 20_000}),
        ("config", "no object"),
        ("name", ""),
        ("welcome_heading", "x" * 201),
        ("show_online_badge", "maybe"),
    ],
)
def test_F3_a_bad_field_of_a_widget_is_a_422(ada: User, acme: Business, field: str, value: Any) -> None:
    answer = builders.api(ada).post("/api/v1/widget/create", {"domain": "acme.com", field: value})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"][1] == field
    assert not Widget.objects.exists()


def test_B4_only_the_owner_makes_and_changes_widgets(ada: User, acme: Business, ben: User, mallory: User) -> None:
    widget = builders.widget(ada)
    admin = builders.person("Abe")
    builders.member(acme, admin, Role.ADMIN)
    for user in (ben, admin):
        client = builders.api(user)
        assert client.post("/api/v1/widget/create", {"domain": "acme.org"}).status_code == 403
        assert client.put(f"/api/v1/widget/update/{widget.pk}", {"name": "x"}).status_code == 403
        assert client.delete(f"/api/v1/widget/delete/{widget.pk}").status_code == 403
    assert builders.api(mallory).put(f"/api/v1/widget/update/{widget.pk}", {"name": "x"}).status_code == 404


def test_a_deleted_widget_leaves_its_conversations_and_its_site_is_free_for_another(ada: User, acme: Business) -> None:
    widget = builders.widget(ada)
    written = builders.visitor_writes(acme, widget=widget)

    assert builders.api(ada).delete(f"/api/v1/widget/delete/{widget.pk}").status_code == 200

    assert builders.api().get(f"/api/v1/widget/{widget.pk}").status_code == 404
    assert builders.api().get(f"/widget/{widget.pk}/frame").status_code == 404
    assert builders.answers(ada, written.conversation, "Hello!").seq == 2
    builders.widget(ada)
    assert Channel.objects.get(business=acme).type == "widget"


def test_anybody_may_read_a_widget_and_its_channels_from_any_page(ada: User, acme: Business) -> None:
    widget = builders.widget(ada)
    for path in (f"/api/v1/widget/{widget.pk}", f"/api/v1/widget/{widget.pk}/channels"):
        answer = builders.api().get(path, headers={"Origin": "https://acme.com"})
        assert answer.status_code == 200
        assert answer["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in answer
    [channel] = answer.json()
    assert set(channel) == {"id", "type", "handle"}
    assert builders.api().get(f"/api/v1/widget/{uuid.uuid4()}").status_code == 404


# Visitors -------------------------------------------------------------------------------------------------


def test_a_stranger_becomes_a_visitor_with_a_conversation_and_a_key(ada: User, acme: Business) -> None:
    widget = builders.widget(ada)
    received = builders.visitor_writes(acme, "Hello?", widget=widget, claims={"name": "Cleo", "email": "c@x.com"})

    assert received.created
    conversation = Conversation.objects.get()
    assert (conversation.channel_type, conversation.status) == ("widget", "open")
    assert conversation.channel == Channel.objects.get()
    assert (conversation.customer.name, conversation.customer.verified) == ("Cleo", False)
    assert keys.visitor_from_key(received.visitor_key, business_id=acme.pk) == received.visitor


def test_a_visitor_goes_on_in_the_conversation_that_is_not_closed(ada: User, acme: Business) -> None:
    first = builders.visitor_writes(acme)
    resolve_conversation(conversation=first.conversation, actor=ada)

    again = builders.visitor_writes(acme, "Again", visitor=first.visitor)
    assert again.conversation == first.conversation
    assert Conversation.objects.get().status == Status.OPEN

    close_conversation(conversation=first.conversation, actor=ada)
    assert builders.visitor_writes(acme, "Third", visitor=first.visitor).conversation != first.conversation
    fresh = builders.visitor_writes(acme, "Fourth", visitor=first.visitor, new=True)
    assert Conversation.objects.count() == 3
    named = builders.visitor_writes(acme, "Fifth", visitor=first.visitor, conversation_id=first.conversation.pk)
    assert (named.conversation, named.message.seq) == (first.conversation, 3)
    assert fresh.message.seq == 1


def test_C10_a_visitor_cannot_write_into_a_strangers_conversation(acme: Business) -> None:
    mine, theirs = builders.visitor_writes(acme), builders.visitor_writes(acme)
    with pytest.raises(NotFound):
        builders.visitor_writes(acme, visitor=mine.visitor, conversation_id=theirs.conversation.pk)
    with pytest.raises(NotFound):
        builders.visitor_writes(acme, conversation_id=theirs.conversation.pk)
    assert list(conversations_of(mine.visitor)) == [mine.conversation]
    assert Conversation.objects.count() == 2


def test_a_lost_ack_doubles_nothing(ada: User, acme: Business) -> None:
    widget, client_id = builders.widget(ada), str(uuid.uuid4())
    first = builders.visitor_writes(acme, widget=widget, client_message_id=client_id)

    stranger = builders.visitor_writes(acme, widget=widget, client_message_id=client_id)
    known = builders.visitor_writes(acme, widget=widget, client_message_id=client_id, visitor=first.visitor)

    for repeat in (stranger, known):
        assert (repeat.created, repeat.message, repeat.visitor) == (False, first.message, first.visitor)
    assert keys.visitor_from_key(stranger.visitor_key, business_id=acme.pk) == first.visitor
    assert (Message.objects.count(), Customer.objects.count(), Visitor.objects.count()) == (1, 1, 1)


def test_other_words_under_the_same_id_are_refused(ada: User, acme: Business) -> None:
    client_id = str(uuid.uuid4())
    first = builders.visitor_writes(acme, "one", client_message_id=client_id)
    second = builders.visitor_writes(acme, "two", visitor=first.visitor, client_message_id="2")
    for words in (
        {"client_message_id": client_id},
        {"client_message_id": client_id, "visitor": first.visitor},
        {"client_message_id": "2", "visitor": first.visitor},
    ):
        with pytest.raises(KeyReused):
            builders.visitor_writes(acme, "other words", **words)
    assert Message.objects.count() == second.message.seq == 2


def test_a_revoked_visitor_gets_no_new_key_by_repeating_itself(acme: Business) -> None:
    client_id = str(uuid.uuid4())
    builders.visitor_writes(acme, client_message_id=client_id)
    Visitor.objects.update(generation=2)
    with pytest.raises(Unprocessable):
        builders.visitor_writes(acme, client_message_id=client_id)


def test_a_refused_message_changes_no_claim_and_a_stored_one_tells_of_it(acme: Business) -> None:
    first = builders.visitor_writes(acme, claims={"name": "Cleo"})
    with pytest.raises(NotFound):
        builders.visitor_writes(acme, visitor=first.visitor, conversation_id=uuid.uuid4(), claims={"name": "Changed"})
    builders.visitor_writes(acme, visitor=first.visitor, claims={"name": "  "})
    assert Customer.objects.get().name == "Cleo"

    builders.visitor_writes(acme, visitor=first.visitor, claims={"name": "Cleopatra"})

    assert Customer.objects.get().name == "Cleopatra"
    assert FeedEvent.objects.order_by("seq").last().kind == "customer.updated"  # type: ignore[union-attr]


def test_a_strangers_id_must_be_a_uuid_and_is_good_for_a_day(acme: Business) -> None:
    with pytest.raises(Unprocessable):
        builders.visitor_writes(acme, client_message_id="1")
    client_id = str(uuid.uuid4())
    builders.visitor_writes(acme, client_message_id=client_id)
    with time_machine.travel(timezone.now() + timedelta(hours=25)), pytest.raises(Unprocessable):
        builders.visitor_writes(acme, client_message_id=client_id)


def test_C12_claims_never_find_or_merge_a_customer(acme: Business) -> None:
    known = builders.customer(acme, email="cleo@example.com", external_id="42", verified=True)
    received = builders.visitor_writes(acme, claims={"email": "cleo@example.com", "external_id": "42"})
    assert received.conversation.customer != known
    assert not received.conversation.customer.verified


@pytest.mark.parametrize("claims", [{"name": "x" * 201}, {"email": "no"}, {"name": 7}, {"external_id": "a\0"}])
def test_claims_have_bounds(acme: Business, claims: Any) -> None:
    with pytest.raises(Unprocessable):
        builders.visitor_writes(acme, claims=claims)
    assert not Customer.objects.exists()


def test_a_switched_off_chat_takes_no_messages(ada: User, acme: Business) -> None:
    builders.widget(ada)
    first = builders.visitor_writes(acme)
    Channel.objects.update(is_active=False)
    with pytest.raises(Forbidden):
        builders.visitor_writes(acme)
    with pytest.raises(Forbidden):
        builders.visitor_writes(acme, visitor=first.visitor)
    named = {"conversation_id": first.conversation.pk, "content": "Still there?", "client_message_id": None}
    [refusal] = post_each([visitors_draft(visitor=first.visitor, widget=None, **named)])
    assert isinstance(refusal, Forbidden)
    assert Message.objects.count() == 1


def test_C11_an_edited_foreign_old_or_revoked_key_opens_nothing(acme: Business, mallory: User) -> None:
    received = builders.visitor_writes(acme)
    key = received.visitor_key
    umbrella = mallory.memberships.get().business
    version, payload, mac = key.split(".")
    bad = [
        None,
        7,
        "",
        "v1",
        key[:-1],
        key + "x",
        f"v2.{payload}.{mac}",
        f"{version}.{payload[:-2]}AA.{mac}",
        "é" * 9,
        "x" * 9_999,
    ]
    assert [keys.visitor_from_key(text, business_id=acme.pk) for text in bad] == [None] * len(bad)
    assert keys.visitor_from_key(key, business_id=umbrella.pk) is None

    with time_machine.travel(timezone.now() + timedelta(days=181)):
        assert keys.visitor_from_key(key, business_id=acme.pk) is None
    Visitor.objects.update(generation=2)
    assert keys.visitor_from_key(key, business_id=acme.pk) is None


def test_a_visitor_reads_its_own_conversations_by_key(
    ada: User, acme: Business, django_assert_num_queries: Any
) -> None:
    widget = builders.widget(ada)
    received = builders.visitor_writes(acme, "Hello?", widget=widget)
    builders.visitor_writes(acme, "Somebody else")
    path = f"/api/v1/widget/{widget.pk}/conversations"

    # widget, visitor, conversations
    with django_assert_num_queries(3):
        body = builders.api().get(path, headers={"X-Visitor-Key": received.visitor_key}).json()

    [row] = body["results"]
    assert row["last_message"]["content"] == "Hello?"
    assert "status" not in row["last_message"]
    assert builders.api().get(path).json() == {"results": [], "next": None, "has_email": False}


@pytest.mark.django_db(transaction=True)
def test_R4_a_strangers_first_message_five_times_at_once_is_one(acme: Business) -> None:
    client_id = str(uuid.uuid4())

    results = together(*[lambda: builders.visitor_writes(acme, client_message_id=client_id)] * 5)

    assert sorted(received.created for received in results) == [False, False, False, False, True]
    assert len({received.visitor.pk for received in results}) == 1
    counts = [model.objects.count() for model in (Message, Conversation, Customer, Visitor)]
    assert counts == [1, 1, 1, 1]


@pytest.mark.django_db(transaction=True)
def test_R4_two_tabs_at_once_open_one_conversation(acme: Business, ada: User) -> None:
    first = builders.visitor_writes(acme)
    close_conversation(conversation=first.conversation, actor=ada)

    results = together(*[lambda: builders.visitor_writes(acme, visitor=first.visitor)] * 4)

    assert len({received.conversation.pk for received in results}) == 1
    assert Conversation.objects.count() == 2
