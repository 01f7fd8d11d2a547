"""Who is at the other end of a socket, and for how long that stays true."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import AuthSession, User
from businesses import second_factor
from businesses.models import Business, Membership
from businesses.second_factor import SecondFactorMissing
from businesses.selectors import act_in
from conversations.models import Conversation
from conversations.services.visits import Visit
from foundation.errors import Forbidden, Invalid, NotFound
from pingback.realtime.connection import Connection
from pingback.realtime.throttles import Throttle
from widgets import keys
from widgets.models import Visitor, Widget
from widgets.selectors import chats_switched_off, conversations_of

MAX_JOINED = 200
# Reading does not write: a session that a socket keeps in use is touched at most this often.
TOUCH_AFTER = AuthSession.TOUCH_AFTER


@dataclass(slots=True, kw_only=True)
class Client:
    """One connected socket. Neither member nor visitor: a stranger, who may start one conversation.

    visible: conversations that this client has shown to be allowed in; kept for typing, which asks no database.
    """

    sid: str
    connection: Connection
    business_id: UUID
    throttle: Throttle
    membership: Membership | None = None
    session_id: UUID | None = None
    visitor: Visitor | None = None
    widget: Widget | None = None
    visit: Visit | None = None
    visible: dict[UUID, Conversation] = field(default_factory=dict)
    rooms: set[str] = field(default_factory=set)
    is_active: bool = True
    was_told_to_leave: bool = False
    _visitor_key: str | None = None

    @property
    def is_member(self) -> bool:
        return self.membership is not None

    def require_visitor(self) -> None:
        if self.is_member:
            raise Forbidden(_("Only a visitor sends this."))

    @property
    def visitor_key(self) -> str | None:
        """What opens the visitor's conversations again, signed once a socket; None for anybody else."""
        if self._visitor_key is None and self.visitor:
            self._visitor_key = keys.issue(self.visitor)
        return self._visitor_key

    def become(self, visitor: Visitor) -> None:
        self.visitor, self._visitor_key = visitor, None

    def goes_by(self, config: dict[str, Any]) -> None:
        """These are the widget's settings now."""
        if self.widget:
            self.widget.config = config

    def came_with(self, visitor_id: str, before: int) -> bool:
        """Whether it is this visitor by a key of a generation before this one."""
        return self.visitor is not None and str(self.visitor.pk) == visitor_id and self.visitor.generation < before

    def member(self) -> User:
        """The member, as far as this socket knows: events and the looks at all sockets end it when the right to be
        here is over, and whoever stores something in the name of it locks the membership. Raises Forbidden.
        """
        if self.membership is None:
            raise Forbidden(_("Only a member of the team sends this."))
        return self.membership.user

    def fresh_user(self) -> User:
        """The member as of now, with this socket's workspace as the current one. Asks the database.

        Raises Forbidden for a visitor, and for a member whose session or membership is over.
        """
        membership = (
            Membership.objects.select_related("user", "business")
            .filter(user=self.member(), business_id=self.business_id, is_active=True)
            .filter(user__auth_sessions__in=alive([self.session_id]))
            .first()
        )
        if membership is None:
            raise Forbidden(_("You are no longer signed in here."))
        if second_factor.is_missing(membership):
            raise SecondFactorMissing
        self.membership = membership
        act_in(membership.user, membership)
        return membership.user

    def conversation(self, conversation_id: UUID) -> Conversation:
        """A conversation that this client may see. Asks the database. Raises NotFound."""
        return self._found(self.conversations(), conversation_id)

    def remember(self, conversation: Conversation) -> None:
        """Raises Invalid when it would be too many at once."""
        if len(self.visible) >= MAX_JOINED and conversation.pk not in self.visible:
            raise Invalid(_("Leave a conversation first: at most %(most)d at once.") % {"most": MAX_JOINED})
        self.visible[conversation.pk] = conversation

    def conversations(self) -> QuerySet[Conversation]:
        """Those that this client may see. Asks the database for a member."""
        if self.membership:
            return Conversation.objects.visible_to(self.fresh_user())
        if self.visitor:
            return conversations_of(self.visitor)
        return Conversation.objects.none()

    @staticmethod
    def _found(rows: QuerySet[Conversation], conversation_id: UUID) -> Conversation:
        conversation = rows.filter(pk=conversation_id).first()
        if conversation is None:
            raise NotFound
        return conversation


def alive(session_ids: Iterable[UUID | None]) -> QuerySet[AuthSession]:
    return AuthSession.objects.alive().filter(pk__in=[each for each in session_ids if each])


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a socket's right to be here rests on; copied out, for the thread that checks it."""

    sid: str
    business_id: UUID
    membership_id: UUID | None
    session_id: UUID | None
    visitor: tuple[UUID, int] | None
    widget_id: UUID | None
    is_active: bool


def standing(client: Client) -> Standing:
    return Standing(
        sid=client.sid,
        business_id=client.business_id,
        membership_id=client.membership.pk if client.membership else None,
        session_id=client.session_id,
        visitor=(client.visitor.pk, client.visitor.generation) if client.visitor else None,
        widget_id=client.widget.pk if client.widget else None,
        is_active=client.is_active,
    )


def configs_of(standings: list[Standing]) -> dict[UUID, dict[str, Any]]:
    """The settings of the widgets that these came through, by widget."""
    widgets = Widget.objects.filter(pk__in={each.widget_id for each in standings if each.widget_id})
    return dict(widgets.values_list("pk", "config"))


def without_right(standings: list[Standing]) -> dict[str, str]:
    """Which sockets must go, and why; and note which sessions were in use. A few queries for all of them."""
    sessions = set(alive({each.session_id for each in standings}).values_list("pk", flat=True))
    members = set(
        Membership.objects.filter(
            pk__in={each.membership_id for each in standings if each.membership_id}, is_active=True
        ).values_list("pk", flat=True)
    )
    lacking = second_factor.missing_among(members)
    visitors = set(
        Visitor.objects.filter(pk__in={each.visitor[0] for each in standings if each.visitor}).values_list(
            "pk", "generation"
        )
    )
    widgets = set(
        Widget.objects.filter(pk__in={each.widget_id for each in standings if each.widget_id}).values_list(
            "pk", flat=True
        )
    )
    businesses = set(
        Business.objects.filter(pk__in={each.business_id for each in standings}).values_list("pk", flat=True)
    )
    silent = chats_switched_off({each.business_id for each in standings if not each.membership_id})
    used = [each.session_id for each in standings if each.is_active and each.session_id in sessions]
    AuthSession.objects.filter(pk__in=used, last_used_at__lt=timezone.now() - TOUCH_AFTER).update(
        last_used_at=timezone.now()
    )
    gone = {}
    for each in standings:
        if each.session_id and each.session_id not in sessions:
            gone[each.sid] = "session_ended"
        elif each.membership_id and each.membership_id not in members:
            gone[each.sid] = "membership_ended"
        elif each.membership_id in lacking:
            gone[each.sid] = "second_factor_setup_required"
        elif (
            (each.visitor and each.visitor not in visitors)
            or (each.widget_id and each.widget_id not in widgets)
            or each.business_id not in businesses
        ):
            gone[each.sid] = "visitor_ended"
        elif not each.membership_id and each.business_id in silent:
            gone[each.sid] = "chat_switched_off"
    return gone
