"""A visitor says who it is, and what follows when that is proven."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from businesses import audit
from businesses.feed import Event
from conversations import events
from conversations.models import WEB, Conversation, Customer
from conversations.services.locking import hold
from foundation.errors import Forbidden
from widgets import keys
from widgets.claims import checked_claims, note_claims
from widgets.identity import prove
from widgets.models import Visitor, Widget
from widgets.receiving import count_stranger


@dataclass(frozen=True, slots=True, kw_only=True)
class Identified:
    """visitor_key: a new one that takes the place of the one that was shown, None when that stays good.
    is_other: the one that was shown was of another person, who was proven.
    """

    verified: bool
    visitor: Visitor | None
    visitor_key: str | None = None
    is_other: bool = False


def identify_visitor(
    *, business_id: UUID, widget: Widget | None, visitor: Visitor | None, claims: dict[str, Any]
) -> Identified:
    """Note a visitor's claims, or make it the customer that they prove it to be.

    Unproven: a visitor's own customer is changed, a stranger leaves nothing. Proven: conversations that this visitor
    had as nobody move to the customer of that `external_id`, and its older keys are void. Whoever was proven to be
    somebody else before becomes another visitor, and takes nothing along.
    Raises Forbidden (the proof, or the visitor's key, is not good), Unprocessable, TooFast.
    Source: promises 4, design.md 9.
    """
    proven = prove(widget, claims)
    if proven is None:
        told = checked_claims(claims)
        if visitor:
            with transaction.atomic():
                note_claims(visitor.customer, told)
        return Identified(verified=bool(visitor and visitor.customer.verified), visitor=visitor)
    told, claimed = checked_claims(proven.claims), checked_claims(proven.beside)
    try:
        return _become(business_id, widget, visitor, told, claimed)
    except IntegrityError:  # the same person, proven in another browser at this moment
        return _become(business_id, widget, visitor, told, claimed)


@transaction.atomic
def _become(
    business_id: UUID, widget: Widget | None, visitor: Visitor | None, told: dict[str, str], claimed: dict[str, str]
) -> Identified:
    if visitor:
        visitor = (
            Visitor.objects.select_for_update(of=("self",))
            .select_related("customer")
            .filter(pk=visitor.pk, generation=visitor.generation)
            .first()
        )
        if visitor is None:
            raise Forbidden(_("This visitor key is no longer good."))
    person = Customer.objects.filter(business_id=business_id, external_id=told["external_id"], verified=True).first()
    if visitor and visitor.customer == person:
        _record(business_id, _tell(visitor.customer, told, claimed))
        return Identified(verified=True, visitor=visitor)
    moved: list[Conversation] = []
    is_other = visitor is not None and visitor.customer.verified
    if visitor is None or visitor.customer.verified:
        count_stranger(business_id)
        person = person or Customer(business_id=business_id)
        happened = _tell(person, told, claimed)
        visitor = Visitor.objects.create(business_id=business_id, widget=widget, customer=person)
    else:
        if person:
            moved = _move(visitor.customer, person)
        person = person or visitor.customer
        visitor.customer = person
        visitor.generation += 1
        visitor.save(update_fields=["customer", "generation"])
        happened = [events.conversation_updated(each, actor_id=None) for each in moved] + _tell(person, told, claimed)
    audit.record("customer.verified", business_id=business_id, actor=None, target=person, moved=len(moved))
    _record(business_id, happened)
    return Identified(verified=True, visitor=visitor, visitor_key=keys.issue(visitor), is_other=is_other)


def _move(nobody: Customer, person: Customer) -> list[Conversation]:
    """The row of who wrote them as nobody stays, so that it can be told, and undone, what came from where."""
    theirs = Conversation.objects.filter(customer=nobody, channel_type__in=WEB)
    ids = hold(theirs)
    Conversation.objects.filter(pk__in=ids).update(customer=person)
    return list(Conversation.objects.for_reading().filter(pk__in=ids).order_by("pk"))


def _tell(person: Customer, told: dict[str, str], claimed: dict[str, str]) -> list[Event]:
    """Store what was proven of a customer; nothing when it is known. claimed: a name, for who has none yet."""
    is_new = person._state.adding
    proven = {**told, "verified": True}
    if not (person.verified and person.name):
        proven = {**claimed, **proven}
    if "email" in told:
        proven["proven_email"] = told["email"]
    changes = {name: value for name, value in proven.items() if getattr(person, name) != value}
    for name, value in changes.items():
        setattr(person, name, value)
    if is_new:
        person.save(force_insert=True)
    elif changes:
        person.save(update_fields=list(changes))
    if not changes:
        return []
    return [events.customer_created(person) if is_new else events.customer_updated(person)]


def _record(business_id: UUID, happened: list[Event]) -> None:
    if happened:
        events.record(business_id, happened)
