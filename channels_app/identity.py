"""Who it is that writes: by the keys that a provider gives, the strongest first.

Across channels only by a key that the provider vouches for (a telephone number that both have checked); a name or an
address that somebody claims to have joins nobody. Each match says why, and `separate` undoes it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from channels_app.adapters.events import ContactChanged, ContactRef
from channels_app.models import NEWEST_HEARD, Channel, Contact, Thread
from conversations import events
from conversations.models import ActivityKind, Conversation, Customer
from conversations.services import activities
from conversations.services.customers import MAX_PHONE, change_customer
from conversations.services.locking import hold
from conversations.services.merging_customers import merge_customers
from foundation.errors import Invalid
from foundation.ids import new_id
from foundation.prepared import Given, prepared
from foundation.text import storable


def customer_of(channel: Channel, ref: ContactRef) -> tuple[Customer, bool]:
    """The customer, and whether it is a new one that is not stored yet."""
    known = {
        contact.key: contact
        for contact in Contact.objects.filter(channel=channel, key__in=ref.keys).select_related("customer")
    }
    for key in ref.keys:
        if key in known:
            return known[key].customer, False
    if elsewhere := _elsewhere(channel, ref.proven):
        return elsewhere.customer, False
    name = storable(ref.name or ref.handle)[:200]
    email, phone = ref.email[:254], _number_in(ref.proven)[:MAX_PHONE]
    return Customer(pk=new_id(), business_id=channel.business_id, name=name, email=email, phone=phone), True


def own_among(channel: Channel, ref: ContactRef, conversations: Sequence[Conversation]) -> list[Conversation]:
    """Those whose customer this contact is, as the channel knows it, or whom they were begun with."""
    known = _customers(channel, ref)
    return [one for one in conversations if one.customer_id in known or _was_begun_with(one, ref)]


def newest_conversation(channel: Channel, ref: ContactRef) -> Conversation | None:
    """The one that was heard of last among those of this contact."""
    threads = Thread.objects.filter(channel=channel, conversation__customer__in=_customers(channel, ref))
    newest = threads.select_related("conversation").order_by(NEWEST_HEARD).first()
    return newest.conversation if newest else None


def _customers(channel: Channel, ref: ContactRef) -> set[UUID]:
    return set(Contact.objects.filter(channel=channel, key__in=ref.keys).values_list("customer_id", flat=True))


def _was_begun_with(conversation: Conversation, ref: ContactRef) -> bool:
    customer = conversation.customer
    return customer is not None and bool(ref.email) and customer.email.lower() == ref.email.lower()


def note(channel: Channel, ref: ContactRef, customer_id: UUID) -> None:
    """Keep the keys that are new, that they are vouched for, how they are shown, and that who writes is reached."""
    _are_one(channel, ref.keys)
    handle = storable(ref.handle)[:200]
    found = Contact.objects.filter(channel=channel, key__in=ref.keys)
    known = {key: (old, proven) for key, old, proven in found.values_list("key", "handle", "proven")}
    if handle and any(old != handle for old, _proven in known.values()):
        found.update(handle=handle)
    # Told when the team wrote, which was no proof that it is theirs.
    if learned := [key for key in ref.proven if key in known and not known[key][1]]:
        found.filter(key__in=learned).update(proven=True)
    fresh = [key for key in ref.keys if key not in known]
    if fresh:
        reason = _reason(channel, ref, customer_id, known=bool(known))
        rows = [
            Contact(
                business_id=channel.business_id,
                channel=channel,
                customer_id=customer_id,
                key=key,
                handle=handle,
                proven=key in ref.proven,
                reason=reason,
            )
            for key in fresh
        ]
        Contact.objects.bulk_create(rows, ignore_conflicts=True)
    # By whichever key: who writes is there.
    Contact.objects.filter(channel=channel, customer=customer_id).exclude(unreachable="").update(unreachable="")


def _are_one(channel: Channel, keys: Sequence[str]) -> None:
    """Who came in as two, each by one of these keys, is one person now that the provider brings the keys together. They
    are merged as an agent merges them: nothing moves, and it can be undone."""
    known = (
        Contact.objects.filter(channel=channel, key__in=keys).select_related("customer").order_by("created_at", "pk")
    )
    people: dict[UUID, Contact] = {}
    for contact in known:
        people.setdefault(contact.customer.person_id, contact)
    if len(people) < 2:
        return
    first, *others = people.values()
    for other in others:
        told = {"channel": channel.get_type_display(), "key": first.key.partition(":")[2]}
        reason = _("%(channel)s says that this is the same person as %(key)s.") % told
        if other.reason == reason:  # somebody undid it
            continue
        # Apart, as it locks another conversation than the one that is written to here.
        transaction.on_commit(partial(_merge, other, first.customer, reason), robust=True)


def _merge(contact: Contact, into: Customer, reason: str) -> None:
    """The reason last: it says that it was done, and that who undid it meant it."""
    merge_customers(customer=contact.customer, into=into, actor=None)
    contact.reason = reason
    contact.save(update_fields=["reason"])


def change(channel: Channel, told: ContactChanged) -> None:
    """The provider says that a contact has further keys, or that it is to be reached no more, or again."""
    found = Contact.objects.filter(channel=channel, key=told.old_key).select_related("customer").first()
    if found is None:
        return
    if told.is_as_well:
        _are_one(channel, [told.old_key, *told.new_keys])
        known = {"channel": channel.get_type_display(), "key": told.old_key.partition(":")[2]}
        reason = _("%(channel)s knows %(key)s by this, too.") % known
    else:
        reason = _("The provider says that this was %(key)s before.") % {"key": told.old_key}
    rows = [
        Contact(
            business_id=channel.business_id,
            channel=channel,
            customer_id=found.customer_id,
            key=key,
            proven=key in told.proven,
            reason=reason,
        )
        for key in told.new_keys
    ]
    Contact.objects.bulk_create(rows, ignore_conflicts=True)
    if number := _number_in(told.proven):
        _has_moved(channel, found.customer, number)
    if told.address:
        threads = Thread.objects.filter(channel=channel, conversation__customer=found.customer_id)
        threads.update(address=told.address)
    if told.reachable is not None:
        found.unreachable = "" if told.reachable else told.why or _("The customer blocked this channel.")
        found.save(update_fields=["unreachable"])


def came_back(channel: Channel, customer_id: UUID, address: str, reason: str) -> None:
    """What is sent to this address of theirs, until they write. Where only the team wrote yet, nobody is known by it:
    a key of its own keeps that, which whoever writes from there does not have.
    """
    known = Contact.objects.filter(channel=channel, customer=customer_id, key__in=keys_of_address(address))
    if known.update(unreachable=reason[:200]):
        return
    written_to = Contact(
        business_id=channel.business_id,
        channel=channel,
        customer_id=customer_id,
        key=f"to:{address}",
        handle=address[:200],
        reason=_("The team wrote to this address."),
        unreachable=reason[:200],
    )
    Contact.objects.bulk_create([written_to], ignore_conflicts=True)


def keys_of_address(address: str) -> tuple[str, str]:
    """Of a mail address: who writes from there has the first, who was only written to the second."""
    return f"mail:{address}", f"to:{address}"


def _has_moved(channel: Channel, customer: Customer, number: str) -> None:
    """Shown with the new number, too, where the old one was no word of the team's."""
    known = Contact.objects.filter(channel=channel, customer=customer)
    numbers = {_number_in([key]) for key in known.values_list("key", flat=True)}
    known.update(handle=number)
    if not customer.phone or customer.phone in numbers:
        change_customer(customer=customer, phone=number[:MAX_PHONE])


def _number_in(keys: Sequence[str]) -> str:
    return next((key.removeprefix("tel:") for key in keys if key.startswith("tel:")), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownAs:
    """A key of a customer. handle: how its channel shows them, the newest. unreachable: why nothing reaches them there.
    is_matched: it is the customer's because of another channel, and can be taken apart."""

    contact: Contact
    handle: str
    unreachable: str
    is_matched: bool


def known_as(customer: Customer) -> list[KnownAs]:
    """The oldest first: where that one came in is where the customer comes from."""
    contacts = _contacts()(customer=customer.pk)
    handles = {each.channel_id: each.shown_as for each in contacts if each.shown_as}
    unreachable = {each.channel_id: each.unreachable for each in contacts if each.unreachable}
    return [
        KnownAs(
            contact=each,
            handle=handles.get(each.channel_id, ""),
            unreachable=unreachable.get(each.channel_id, ""),
            is_matched=each.channel_id != contacts[0].channel_id,
        )
        for each in contacts
    ]


@prepared
def _contacts() -> "QuerySet[Contact]":
    of_customer = Contact.objects.filter(customer_id=Given("customer"))
    return of_customer.select_related("channel").order_by("created_at", "pk")


@transaction.atomic
def separate(*, contact: Contact, actor: User | None) -> Customer:
    """Undo a match: this channel's keys and conversations of the customer become somebody of their own.

    actor: None = an operator. Raises Invalid for who is known by this channel alone.
    """
    customer = contact.customer
    if not Contact.objects.filter(customer=customer).exclude(channel_id=contact.channel_id).exists():
        raise Invalid(_("This customer is known by one channel alone: there is nothing to take apart."))
    apart = Customer.objects.create(business_id=customer.business_id, name=customer.name)
    conversations = Conversation.objects.filter(customer=customer, channel_id=contact.channel_id)
    hold(conversations, no_key=True)
    changed = list(conversations)
    for conversation in changed:
        conversation.customer = apart
        conversation.save(update_fields=["customer"])
        activities.tell(conversation, ActivityKind.CUSTOMER_UNMERGED, actor=actor, customer_id=str(customer.pk))
    keys = Contact.objects.filter(customer=customer, channel_id=contact.channel_id)
    keys.update(customer=apart, reason=_("Taken apart by hand."))
    actor_id = actor.pk if actor else None
    told = [events.conversation_updated(conversation, actor_id=actor_id) for conversation in changed]
    events.record(customer.business_id, [events.customer_created(apart), *told])
    return apart


def _elsewhere(channel: Channel, keys: Sequence[str]) -> Contact | None:
    """The oldest of another channel's that vouches for one of these keys."""
    rows = Contact.objects.filter(business_id=channel.business_id, key__in=keys, proven=True).exclude(channel=channel)
    return rows.select_related("customer", "channel").order_by("created_at").first() if keys else None


def _reason(channel: Channel, ref: ContactRef, customer_id: UUID, *, known: bool) -> str:
    if known:
        return _("Came together with a key that was known.")
    told: dict[str, Any]
    if elsewhere := _elsewhere(channel, ref.proven):
        told = {"channel": elsewhere.channel, "number": elsewhere.key.removeprefix("tel:")}
        return _("Matched because %(channel)s vouches for the same number, %(number)s.") % told
    alike = _elsewhere(channel, [key for key in ref.keys if key.startswith("tel:") and key not in ref.proven])
    if alike and alike.customer.person_id != customer_id:
        told = {"channel": alike.channel.get_type_display(), "name": str(alike.customer.display_name)[:60]}
        text = _("%(channel)s knows %(name)s by the same number. Nobody vouches for it here: merge them if it is true.")
        return text % told
    return _("The first message came with it.")
