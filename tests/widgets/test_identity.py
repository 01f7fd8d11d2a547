"""Who a visitor is: claimed by the browser, or proven by the site's own server."""

import hashlib
import hmac
import time
from datetime import timedelta
from typing import Any

import jwt
import pytest
import time_machine
from django.utils import timezone

from accounts.models import User
from businesses.models import AuditEntry, Business, FeedEvent
from conversations.models import Conversation, Customer
from foundation.errors import Forbidden, Invalid
from foundation.ids import new_id
from tests import builders
from tests.conversations.test_messages import together
from widgets import keys
from widgets.identifying import Identified, identify_visitor
from widgets.identity import add_secret, remove_secret
from widgets.models import IdentitySecret, Visitor, Widget

pytestmark = pytest.mark.django_db


@pytest.fixture
def widget(ada: User, acme: Business) -> Widget:
    return builders.widget(ada)


@pytest.fixture
def secret(ada: User, widget: Widget) -> str:
    return add_secret(actor=ada, widget=widget)[1]


def token(secret: str, widget: Widget, **claims: Any) -> str:
    said = {"aud": str(widget.pk), "sub": "42", "exp": int(time.time()) + 600, **claims}
    return jwt.encode({name: value for name, value in said.items() if value is not None}, secret, algorithm="HS256")


def identify(widget: Widget, visitor: Visitor | None = None, **claims: Any) -> Identified:
    return identify_visitor(business_id=widget.business_id, widget=widget, visitor=visitor, claims=claims)


def test_a_token_makes_a_visitor_that_customer_and_takes_its_conversations_along(
    acme: Business, widget: Widget, secret: str
) -> None:
    elsewhere = builders.visitor_writes(acme, "From my phone", widget=widget)
    identify(widget, elsewhere.visitor, identity_token=token(secret, widget, name="Cleo", email="c@x.com"))
    here = builders.visitor_writes(acme, "From my desk", widget=widget)

    identified = identify(widget, here.visitor, identity_token=token(secret, widget, name="Cleo", email="c@x.com"))

    assert identified.verified
    assert identified.visitor
    cleo = identified.visitor.customer
    assert (cleo.name, cleo.email, cleo.external_id, cleo.verified) == ("Cleo", "c@x.com", "42", True)
    assert set(Conversation.objects.values_list("customer", flat=True)) == {cleo.pk}
    assert keys.visitor_from_key(identified.visitor_key, business_id=acme.pk) == here.visitor
    assert keys.visitor_from_key(here.visitor_key, business_id=acme.pk) is None  # the generation rose
    assert AuditEntry.objects.filter(action="customer.verified", data={"moved": 1}).count() == 1
    assert FeedEvent.objects.filter(kind="conversation.updated", conversation_id=here.conversation.pk).exists()


def test_a_stranger_that_is_proven_gets_a_key_at_once_and_what_it_wrote_elsewhere(
    acme: Business, widget: Widget, secret: str
) -> None:
    first = identify(widget, identity_token=token(secret, widget))
    builders.visitor_writes(acme, visitor=first.visitor)

    second = identify(widget, identity_token=token(secret, widget))

    assert second.visitor
    assert first.visitor
    assert second.visitor != first.visitor
    assert second.visitor.customer == first.visitor.customer == Customer.objects.get()
    assert keys.visitor_from_key(second.visitor_key, business_id=acme.pk) == second.visitor


def test_proving_the_same_again_changes_no_key_and_tells_nobody(widget: Widget, secret: str) -> None:
    first = identify(widget, identity_token=token(secret, widget, name="Cleo"))
    told = FeedEvent.objects.count()

    again = identify(widget, first.visitor, identity_token=token(secret, widget, name="Cleo"))

    assert (again.verified, again.visitor_key, FeedEvent.objects.count()) == (True, None, told)


def test_somebody_else_on_the_same_browser_takes_nothing_along(acme: Business, widget: Widget, secret: str) -> None:
    cleo = identify(widget, identity_token=token(secret, widget, sub="cleo"))
    hers = builders.visitor_writes(acme, "Only mine", visitor=cleo.visitor)

    dan = identify(widget, cleo.visitor, identity_token=token(secret, widget, sub="dan"))

    assert (cleo.is_other, dan.is_other) == (False, True)
    assert dan.visitor
    assert cleo.visitor
    assert dan.visitor.customer != cleo.visitor.customer
    hers.conversation.refresh_from_db()
    assert hers.conversation.customer == cleo.visitor.customer
    assert keys.visitor_from_key(cleo.visitor and keys.issue(cleo.visitor), business_id=acme.pk) == cleo.visitor


def test_an_address_that_was_claimed_before_is_proven_by_a_token_that_names_it_and_by_no_hash(
    acme: Business, widget: Widget, secret: str
) -> None:
    digest = hmac.new(secret.encode(), b"42", hashlib.sha256).hexdigest()
    here = builders.visitor_writes(acme, widget=widget, claims={"email": "boss@acme.com"})

    identify(widget, here.visitor, external_id="42", identity_hash=digest)
    cleo = Customer.objects.get(external_id="42")
    assert (cleo.email, cleo.verified, cleo.has_proven_email) == ("boss@acme.com", True, False)

    identify(widget, identity_token=token(secret, widget, email="Cleo@acme.com"))
    cleo.refresh_from_db()
    assert (cleo.email, cleo.has_proven_email) == ("Cleo@acme.com", True)
    cleo.email = "boss@acme.com"
    assert not cleo.has_proven_email


def test_a_hash_proves_the_id_and_not_the_email_beside_it(widget: Widget, secret: str) -> None:
    digest = hmac.new(secret.encode(), b"42", hashlib.sha256).hexdigest()

    identified = identify(widget, external_id="42", identity_hash=digest, name="Cleo", email="boss@acme.com")

    assert identified.verified
    assert identified.visitor
    cleo = identified.visitor.customer
    assert (cleo.external_id, cleo.name, cleo.email) == ("42", "Cleo", "")


def test_a_name_that_was_proven_is_kept_when_another_stands_beside_a_hash(widget: Widget, secret: str) -> None:
    digest = hmac.new(secret.encode(), b"42", hashlib.sha256).hexdigest()
    identify(widget, external_id="42", identity_hash=digest, name="Cleo")
    identify(widget, identity_token=token(secret, widget, name="Cleo Nkemelu"))

    there = identify(widget, external_id="42", identity_hash=digest, name="Mallory").visitor
    again = identify(widget, there, external_id="42", identity_hash=digest, name="Mallory")

    assert again.verified
    assert Customer.objects.get().name == "Cleo Nkemelu"


def test_a_name_beside_a_hash_is_taken_while_there_is_none(widget: Widget, secret: str) -> None:
    digest = hmac.new(secret.encode(), b"42", hashlib.sha256).hexdigest()
    identify(widget, identity_token=token(secret, widget))

    identify(widget, external_id="42", identity_hash=digest, name="Cleo")

    assert Customer.objects.get().name == "Cleo"


def test_C12_a_claim_changes_ones_own_customer_and_finds_nobody(acme: Business, widget: Widget, secret: str) -> None:
    known = identify(widget, identity_token=token(secret, widget)).visitor
    mine = builders.visitor_writes(acme, widget=widget)

    claimed = identify(widget, mine.visitor, external_id="42", email="c@x.com")

    assert (claimed.verified, claimed.visitor_key) == (False, None)
    mine.visitor.customer.refresh_from_db()
    assert known
    assert mine.visitor.customer != known.customer
    assert (mine.visitor.customer.email, mine.visitor.customer.verified) == ("c@x.com", False)
    assert identify(widget, external_id="42") == Identified(verified=False, visitor=None)
    assert Customer.objects.count() == 2  # a stranger's claim leaves nothing


def is_refused(widget: Widget, claims: dict[str, Any]) -> bool:
    try:
        identify(widget, **claims)
    except Forbidden:
        return True
    return False


def flawed(secret: str, widget: Widget) -> dict[str, dict[str, Any]]:
    now = int(time.time())
    return {
        "another secret": {"identity_token": token("x" * 43, widget)},
        "another widget": {"identity_token": token(secret, widget, aud=str(new_id()))},
        "no audience": {"identity_token": token(secret, widget, aud=None)},
        "nobody": {"identity_token": token(secret, widget, sub=None)},
        "blank": {"identity_token": token(secret, widget, sub="")},
        "blanks": {"identity_token": token(secret, widget, sub=" ")},
        "42 with a blank": {"identity_token": token(secret, widget, sub=" 42")},
        "a hash of 42 with a blank": {
            "external_id": "42 ",
            "identity_hash": hmac.new(secret.encode(), b"42 ", hashlib.sha256).hexdigest(),
        },
        "over": {"identity_token": token(secret, widget, exp=now - 120)},
        "no end": {"identity_token": token(secret, widget, exp=None)},
        "good for a day": {"identity_token": token(secret, widget, exp=now + 86_400)},
        "unsigned": {"identity_token": jwt.encode({"sub": "42", "exp": now + 60, "aud": str(widget.pk)}, None, "none")},
        "of another one": {"identity_token": token(secret, widget, sub="42"), "external_id": "43"},
        "no text": {"identity_token": 7},
        "too long": {"identity_token": "x" * 5_000},
        "a wrong hash": {"external_id": "42", "identity_hash": "0" * 64},
        "a hash of nobody": {"identity_hash": hmac.new(secret.encode(), b"", hashlib.sha256).hexdigest()},
        "another one's hash": {
            "external_id": "43",
            "identity_hash": hmac.new(secret.encode(), b"42", hashlib.sha256).hexdigest(),
        },
        "a hash that is none": {"external_id": "42", "identity_hash": "é"},
    }


def test_C12_what_is_no_good_proof_is_refused_and_changes_nothing(widget: Widget, secret: str) -> None:
    for name, claims in flawed(secret, widget).items():
        assert is_refused(widget, claims), name
    assert not Customer.objects.exists()


def test_two_secrets_may_be_live_and_a_removed_one_proves_nothing(ada: User, widget: Widget, secret: str) -> None:
    newer = add_secret(actor=ada, widget=widget)[1]
    for each in (secret, newer):
        assert identify(widget, identity_token=token(each, widget)).verified
    with pytest.raises(Invalid):
        add_secret(actor=ada, widget=widget)

    remove_secret(actor=ada, secret=IdentitySecret.objects.order_by("created_at").first())  # type: ignore[arg-type]

    with pytest.raises(Forbidden):
        identify(widget, identity_token=token(secret, widget))
    assert identify(widget, identity_token=token(newer, widget)).verified


def test_a_secret_is_sealed_in_the_row_and_only_the_owner_makes_one(
    ada: User, ben: User, widget: Widget, secret: str
) -> None:
    row = IdentitySecret.objects.get()
    assert secret not in row.sealed
    assert row.ending == secret[-4:]
    for act in (lambda: add_secret(actor=ben, widget=widget), lambda: remove_secret(actor=ben, secret=row)):
        with pytest.raises(Forbidden):
            act()


def test_a_token_is_good_until_it_ends(widget: Widget, secret: str) -> None:
    short = token(secret, widget)
    with time_machine.travel(timezone.now() + timedelta(minutes=12)), pytest.raises(Forbidden):
        identify(widget, identity_token=short)


def test_a_revoked_key_cannot_prove_itself_back(acme: Business, widget: Widget, secret: str) -> None:
    mine = builders.visitor_writes(acme, widget=widget)
    Visitor.objects.update(generation=5)
    with pytest.raises(Forbidden):
        identify(widget, mine.visitor, identity_token=token(secret, widget))


# Widgets for verified visitors ----------------------------------------------------------------------------


def test_where_only_verified_visitors_write_nobody_else_does(ada: User, acme: Business, widget: Widget) -> None:
    old = builders.visitor_writes(acme, widget=widget)
    Widget.objects.update(config={"verified_only": True})
    widget.refresh_from_db()
    for stranger in ({"widget": widget}, {"widget": widget, "visitor": old.visitor}, {}):
        with pytest.raises(Forbidden):
            builders.visitor_writes(acme, "Let me in", **stranger)

    secret = add_secret(actor=ada, widget=widget)[1]
    cleo = identify(widget, identity_token=token(secret, widget)).visitor
    assert builders.visitor_writes(acme, "It is me", widget=widget, visitor=cleo).created


def test_a_widget_for_all_beside_it_still_takes_strangers(ada: User, acme: Business, widget: Widget) -> None:
    Widget.objects.update(config={"verified_only": True})
    builders.widget(ada, "acme.org")
    assert builders.visitor_writes(acme).created


@pytest.mark.django_db(transaction=True)
def test_one_person_proven_in_several_browsers_at_once_is_one_customer(widget: Widget, secret: str) -> None:
    for number in range(8):  # not every time do they meet
        proof = token(secret, widget, sub=str(number))

        found = together(*[lambda proof=proof: identify(widget, identity_token=proof)] * 4)

        assert [each.verified for each in found] == [True] * 4
        assert Customer.objects.filter(external_id=str(number)).count() == 1
    assert Visitor.objects.count() == 32
