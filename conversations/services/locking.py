"""Locking what a conversation is changed with: the members and the team that it is about, then the conversation.

Of conversations first the lock, then the reading, in two statements.

After a wait PostgreSQL looks again at the row that it locked, and joins it to what it had seen before: a conversation
that somebody else just took came with its new `assignee_id`, and with nobody as its `assignee`.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet
from django.db.models.lookups import IsNull
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from businesses.models import Business, Membership, MonthlyUsage, Plan, Team
from businesses.plans import Allowance, month_of
from conversations.models import Conversation, Customer, Rules
from foundation import rows
from foundation.errors import Forbidden, NotFound
from foundation.joined import Joined

_own = Joined(own=Conversation)


def hold(conversations: QuerySet[Conversation], *, most: int | None = None, no_key: bool = False) -> list[UUID]:
    """Lock these, at most so many, until the commit; their ids. Whoever locks several does it here, in one order, so
    that no two ever wait for each other: what is merged before what it is merged into, as who writes there; then by
    their ids.

    no_key: who only names one of them in a new row does not wait.
    """
    in_turn = conversations.order_by(IsNull(F("merged_into"), True), "pk")
    return list(in_turn.select_for_update(of=("self",), no_key=no_key).values_list("pk", flat=True)[:most])


def locked(conversation: Conversation) -> Conversation:
    """The conversation as it is now, with what `for_reading` brings, and nobody else's until the commit."""
    return all_locked([conversation.pk])[conversation.pk]


def all_locked(ids: Collection[UUID]) -> dict[UUID, Conversation]:
    """Raises NotFound when one is gone."""
    asked = Conversation.objects.filter(pk__in=ids)
    hold(asked)
    found = {conversation.pk: conversation for conversation in asked.for_reading().select_related("business")}
    if len(found) < len(ids):
        raise NotFound
    return found


def rows_locked(ids: Collection[UUID], *, wait: bool = True) -> Callable[[], dict[UUID, Conversation]]:
    """The bare rows with `rules`, locked and read in one statement: a row that is locked is always the newest, what is
    joined to it need not be. In the order of their ids. Those that are gone are missing.

    wait: for who holds one of them; else those are missing, too.
    Sent at once; whoever calls what comes back waits for the answer.
    """
    table, channel = Conversation._meta.db_table, Conversation._meta.get_field("channel").related_model
    among, given = rows.among("own.id", ids)
    fetch = rows.ask(
        "SELECT channel.is_active, writer.blocked_at, writer.last_seen_at, workspace.assign_on_reply,"  # noqa: S608
        f" plan.name, plan.max_messages_per_month, {_sent_this_month()},"
        f" EXISTS(SELECT 1 FROM {table} other WHERE other.merged_into_id = own.id),"
        f" {_own.columns} FROM {table} own"
        f" JOIN {Business._meta.db_table} workspace ON workspace.id = own.business_id"
        f" JOIN {Plan._meta.db_table} plan ON plan.id = workspace.plan_id"
        f" LEFT JOIN {channel._meta.db_table} channel ON channel.id = own.channel_id"
        f" LEFT JOIN {Customer._meta.db_table} writer ON writer.id = own.customer_id"
        f" WHERE {among} ORDER BY own.id{rows.held_for_writing('own', wait=wait)}",
        given,
    )
    return lambda: {row.pk: row for row in map(_with_rules, fetch())}


def _sent_this_month() -> str:
    """A column, looked up where the plan has a limit."""
    usage, month = MonthlyUsage._meta.db_table, month_of(timezone.now()).isoformat()
    found = f"SELECT agent_messages FROM {usage} WHERE business_id = own.business_id AND month = '{month}'"  # noqa: S608
    return f"CASE WHEN plan.max_messages_per_month IS NOT NULL THEN COALESCE(({found}), 0) END"


def _with_rules(values: Sequence[Any]) -> Conversation:
    channel_is_on, blocked_at, seen_at, assign_on_reply, plan, most, sent, shows_others, *own = values
    row: Conversation = _own.instances(own)[0]
    row.rules = Rules(
        takes_messages=channel_is_on is not False,
        is_blocked=blocked_at is not None,
        assign_on_reply=assign_on_reply,
        replies=None if most is None else Allowance(plan, most, sent),
        seen_at=rows.as_moment(seen_at),
        shows_others=bool(shows_others),
    )
    return row


def lock_members(who: Collection[tuple[UUID, UUID]]) -> Callable[[], set[tuple[UUID, UUID]]]:
    """Which of these (business, user) are active members, and stay it until the commit: who removes one waits, and
    what else the member writes meanwhile does not. In the order of their ids.

    Sent at once; whoever calls what comes back waits for the answer.
    """
    if not who:
        return set
    in_businesses, business_ids = rows.among("own.business_id", {business_id for business_id, _user in who})
    of_users, user_ids = rows.among("own.user_id", {user_id for _business, user_id in who})
    fetch = rows.ask(
        "SELECT own.business_id, own.user_id"  # noqa: S608
        f" FROM {Membership._meta.db_table} own JOIN {User._meta.db_table} person ON person.id = own.user_id"
        f" WHERE {in_businesses} AND {of_users} AND own.is_active AND person.is_active"
        f" ORDER BY own.id{rows.held_as_they_are('own')}",
        [*business_ids, *user_ids],
    )
    return lambda: {(rows.as_id(business), rows.as_id(user)) for business, user in fetch()} & {*who}


def lock_member(business_id: UUID, user_id: UUID) -> Membership | None:
    """An active member, who stays it until the commit, as of `lock_members`; before the conversation: who is being
    removed gets nothing behind the removal's back.
    """
    if not lock_members([(business_id, user_id)])():
        return None
    return Membership.objects.select_related("user").get(business_id=business_id, user_id=user_id)


def lock_team(business_id: UUID, team_id: UUID) -> Team | None:
    """A team, which is not deleted until the commit; before the conversation, as who deletes it comes to that last."""
    return Team.objects.select_for_update(no_key=True).filter(business_id=business_id, pk=team_id).first()


def lock_own(business_id: UUID, user: User) -> Membership:
    """The membership of whoever does it. Raises Forbidden when it just ended."""
    membership = lock_member(business_id, user.pk)
    if membership is None:
        raise no_member()
    return membership


def no_member() -> Forbidden:
    return Forbidden(_("You are no longer a member here."))
