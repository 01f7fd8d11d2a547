"""Two customers who are one person, told by an agent or by a provider, and never by what somebody claims to be.

One points to the other, and nothing moves: what each wrote, and which browsers and accounts are theirs, stays where it
is, so that nobody gets to read the other's conversations, and undoing it restores exactly what was.
"""

from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import User
from businesses import audit
from conversations import events
from conversations.models import ActivityKind, Conversation, Customer
from conversations.services.activities import tell
from conversations.services.locking import all_locked
from conversations.services.merging import undo_merge as undo_conversation_merge
from foundation.errors import Invalid


@transaction.atomic
def merge_customers(*, customer: Customer, into: Customer, actor: User | None) -> Customer:
    """`customer` is shown as `into` from now on; returns it. Nothing when it already is. Both of one workspace.

    Is one of them blocked, so is the other, and stays so: it is one person.

    actor: None = a provider says that they are one.
    Raises Invalid for oneself, and for chains: who is merged into somebody takes nobody in.
    """
    newest = _newest_of(customer.pk)  # conversations before customers, like everybody
    pair = Customer.objects.select_for_update(of=("self",)).filter(business_id=customer.business_id)
    rows = {row.pk: row for row in pair.filter(pk__in=[customer.pk, into.pk]).order_by("pk")}
    if len(rows) < 2:
        raise Invalid(_("Choose somebody else."))
    customer, into = rows[customer.pk], rows[into.pk]
    if customer.merged_into_id == into.pk:
        return customer
    if customer.merged_into_id or into.merged_into_id or customer.merged.exists():
        raise Invalid(_("One of them is merged already: undo that first."))
    blocked_at = customer.blocked_at or into.blocked_at
    if blocked_at:
        Customer.objects.filter(Q(pk__in=rows) | Q(merged_into=into.pk), blocked_at=None).update(blocked_at=blocked_at)
        customer.blocked_at = into.blocked_at = blocked_at
    return _point(customer, into, newest, actor=actor, kind=ActivityKind.CUSTOMER_MERGED)


@transaction.atomic
def undo_merge(*, customer: Customer, actor: User) -> Customer:
    """Two again, as they were; returns the one that had gone. Nothing when it is merged into nobody.

    Only conversations of one person are merged: those of this one that were merged with another's are two again, too.
    """
    mixed = _mixed(customer.pk)
    for ids in (mixed.keys(), {*mixed.values()}):  # a pointer before what it points to
        all_locked(ids)
    newest = _newest_of(customer.pk)
    customer = Customer.objects.select_for_update(of=("self",)).select_related("merged_into").get(pk=customer.pk)
    if customer.merged_into is None:
        return customer
    for pointer in sorted(mixed):
        undo_conversation_merge(conversation=Conversation(pk=pointer), actor=actor)
    return _point(customer, customer.merged_into, newest, actor=actor, kind=ActivityKind.CUSTOMER_UNMERGED)


def _mixed(customer_id: UUID) -> dict[UUID, UUID]:
    """Conversations that are merged into others, either theirs into somebody else's or the other way round."""
    merged = Conversation.objects.filter(merged_into__isnull=False)
    theirs = merged.filter(customer=customer_id).exclude(merged_into__customer=customer_id)
    others = merged.filter(merged_into__customer=customer_id).exclude(customer=customer_id)
    pairs = theirs.union(others).values_list("pk", "merged_into")
    return {pointer: target for pointer, target in pairs if target}


def _newest_of(customer_id: UUID) -> Conversation | None:
    """Locked; where the thread tells of it."""
    theirs = Conversation.objects.filter(customer_id=customer_id).order_by("-updated_at", "-id")
    return theirs.select_for_update(of=("self",)).first()


def _point(
    customer: Customer, other: Customer, newest: Conversation | None, *, actor: User | None, kind: ActivityKind
) -> Customer:
    merges = kind == ActivityKind.CUSTOMER_MERGED
    customer.merged_into = other if merges else None
    customer.save(update_fields=["merged_into"])
    happened = [events.customer_updated(customer), events.customer_updated(other)]
    if newest:
        tell(newest, kind, actor=actor, customer_id=str(other.pk))
        shown = Conversation.objects.for_reading().get(pk=newest.pk)
        happened.insert(0, events.conversation_updated(shown, actor_id=actor.pk if actor else None))
    # By their ids: the log keeps no name of a customer who may be deleted.
    audit.record(
        "customer.merged" if merges else "customer.unmerged",
        business_id=customer.business_id,
        actor=actor,
        target=customer,
        target_name=str(customer.pk),
        other=str(other.pk),
    )
    events.record(customer.business_id, happened)
    return customer
