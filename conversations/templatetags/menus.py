"""What one may do in the head of a thread, drawn once for all conversations of which it is the same."""

from dataclasses import dataclass
from uuid import UUID

from django import template
from django.utils.safestring import SafeText

from accounts.models import User
from businesses.models import AgentStatus
from conversations.models import Conversation, Priority
from conversations.names import Named
from conversations.picker import Choices
from foundation.drawing import filled

register = template.Library()


@dataclass(frozen=True, slots=True, kw_only=True)
class Menus:
    """Everything that they show but whose they are."""

    status: str
    is_done: bool
    is_spam: bool
    is_followed: bool
    is_not_sent: bool
    has_customer: bool
    is_blocked: bool
    priority: int
    may_delete: bool

    @property
    def priorities(self) -> list[tuple[int, str, str]]:
        """Value, word and title, the most urgent first."""
        return [(each.value, each.word or "", str(each.label)) for each in reversed(Priority)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """status: "" where it is not shown."""

    user_id: UUID
    name: str
    short_name: str
    picture: str
    status: str = ""

    @property
    def status_name(self) -> str:
        return str(AgentStatus(self.status).label)

    @classmethod
    def of(cls, user: User, status: str = "") -> "Person":
        return cls(
            user_id=user.pk,
            name=user.full_name,
            short_name=user.get_short_name(),
            picture=user.picture,
            status=status,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignee:
    """Whose a conversation is, and whose it may become. people, teams: none where the reader may not choose."""

    reader_id: UUID
    assignee: Person | None
    team: Named | None
    may_choose: bool
    people: tuple[Person, ...]
    teams: tuple[Named, ...]


@register.simple_tag(takes_context=True)
def thread_menus(context: template.Context, query: str, minute: str) -> SafeText:
    """Of the context's `conversation`; `choices` says what its reader may do. query: `{% here %}`. minute: this one."""
    conversation: Conversation = context["conversation"]
    customer, choices = conversation.customer, context["choices"]
    alike = Menus(
        status=conversation.status,
        is_done=conversation.is_done,
        is_spam=conversation.spam_at is not None,
        is_followed=conversation.is_followed,  # type: ignore[attr-defined]
        is_not_sent=conversation.not_sent_at is not None,
        has_customer=customer is not None,
        is_blocked=customer is not None and customer.blocked_at is not None,
        priority=conversation.priority,
        may_delete=choices is not None and choices.may_delete,
    )
    return _filled("menus", alike, context, query=query, minute=minute)


@register.simple_tag(takes_context=True)
def thread_assignee(context: template.Context, query: str) -> SafeText:
    """Likewise."""
    conversation: Conversation = context["conversation"]
    choices: Choices | None = context["choices"]
    assignee, team = conversation.assignee, conversation.team
    alike = Assignee(
        reader_id=context["user"].pk,
        assignee=Person.of(assignee) if assignee else None,
        team=Named(team.pk, team.name, "") if team else None,
        may_choose=choices is not None,
        people=tuple(Person.of(each.user, each.status) for each in choices.people) if choices else (),
        teams=tuple(choices.teams) if choices else (),
    )
    return _filled("assignee", alike, context, query=query)


def _filled(name: str, alike: Menus | Assignee, context: template.Context, **holes: str) -> SafeText:
    """With where the forms of this conversation go to."""
    pk, token = context["conversation"].pk, context["csrf_token"]
    return filled(f"conversations/{name}.html", alike, pk=pk, csrf_token=token, **holes)
