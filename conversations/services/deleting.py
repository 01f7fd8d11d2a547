"""Forgetting a conversation, a customer, or all of a workspace that ends. Source: promises 9; design.md 10."""

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.dispatch import Signal, receiver

from accounts.models import User
from businesses import audit
from businesses.policy import Action, require
from businesses.signals import business_ends
from conversations import events
from conversations.models import Conversation, Customer, ScheduledMessage
from conversations.services.locking import hold, locked
from conversations.services.merging import undo_merge

# Sent with `customer` before anything of theirs is gone: neighbours mark what nothing else tells is theirs.
customer_goes = Signal()

# Conversations in one transaction: whoever writes to one of them waits for its end.
BATCH = 20


def delete_customer(*, customer: Customer, actor: User) -> None:
    """With all that there is of them: conversations, messages, files, what search knows, visitors, contacts; and of
    whoever is merged into them.

    In batches, so that a long history holds nobody up; one that broke off is begun again. Files go behind the commit.
    The log keeps the id and no name. Raises Forbidden.
    """
    require(actor, Action.DELETE_CUSTOMERS)
    customer_goes.send(sender=Customer, customer=customer)
    while _delete_some(customer, actor):
        pass
    with transaction.atomic():
        gone = Customer(pk=customer.pk, business_id=customer.business_id)
        if Customer.objects.filter(pk=customer.pk).delete()[0]:
            audit.record(
                "customer.deleted",
                business_id=customer.business_id,
                actor=actor,
                target=gone,
                target_name=str(customer.pk),
            )
            events.record(customer.business_id, [events.customer_deleted(gone, actor_id=actor.pk)])


@transaction.atomic
def delete_conversation(*, conversation: Conversation, actor: User) -> None:
    """With its messages, notes and files; what is merged into it is on its own again. Nothing when it is gone already.

    Files go behind the commit. The log keeps the id. Raises Forbidden.
    """
    require(actor, Action.DELETE_CONVERSATIONS)
    into = Conversation.objects.filter(pk=conversation.pk).values_list("merged_into", flat=True).first()
    ids = [*conversation.merged.values_list("pk", flat=True), conversation.pk, *([into] if into else [])]
    _hold(Conversation.objects.all(), ids)
    for pointer in conversation.merged.order_by("pk"):
        undo_merge(conversation=pointer, actor=actor)
    gone = Conversation.objects.filter(pk=conversation.pk).first()
    if gone is None:
        return
    happened = [events.conversation_deleted(gone, actor_id=actor.pk)]
    Conversation.objects.filter(pk=gone.pk).delete()
    if gone.merged_into_id:  # where it showed
        happened.append(events.conversation_updated(locked(Conversation(pk=gone.merged_into_id)), actor_id=actor.pk))
    audit.record(
        "conversation.deleted", business_id=gone.business_id, actor=actor, target=gone, target_name=str(gone.pk)
    )
    events.record(gone.business_id, happened)


@receiver(business_ends)
def end_with_the_workspace(*, business_id: UUID, **_signal: object) -> None:
    while _delete_batch(Conversation.objects.filter(business_id=business_id)):
        pass


@transaction.atomic
def _delete_some(customer: Customer, actor: User) -> bool:
    """Whether there was one."""
    same = Customer.objects.filter(Q(pk=customer.pk) | Q(merged_into=customer.pk), business_id=customer.business_id)
    gone = _delete_batch(Conversation.objects.filter(customer__in=same))
    if gone:
        events.record(customer.business_id, [events.conversation_deleted(row, actor_id=actor.pk) for row in gone])
    return bool(gone)


@transaction.atomic
def _delete_batch(conversations: QuerySet[Conversation]) -> list[Conversation]:
    """As they were; those that are merged first, or the end of what they are merged into would write to them."""
    while ids := _next(conversations):
        if held := _hold(conversations, ids):
            gone = list(Conversation.objects.filter(pk__in=held))
            Conversation.objects.filter(pk__in=held).delete()
            return gone
    return []


def _hold(conversations: QuerySet[Conversation], ids: Iterable[UUID]) -> list[UUID]:
    """Planned messages first, as who sends one. Those that are still asked for behind the wait: another may have become
    somebody else's."""
    list(ScheduledMessage.objects.select_for_update().filter(conversation__in=ids).order_by("pk").values_list("pk"))
    return hold(conversations.filter(pk__in=ids))


def _next(conversations: QuerySet[Conversation]) -> list[UUID]:
    ids = conversations.order_by("pk").values_list("pk", flat=True)
    return list(ids.filter(merged_into__isnull=False)[:BATCH]) or list(ids[:BATCH])
