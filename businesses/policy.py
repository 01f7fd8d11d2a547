"""Which role may do what: the one table that API, pages and sockets ask.

Source: contract/api.md 6; design.md 6 (widgets and channels: owner only).
"""

from enum import StrEnum, auto

from django.contrib.auth.models import AnonymousUser
from django.utils.translation import gettext as _

from accounts.models import User
from businesses.models import Membership, Role
from businesses.selectors import membership_of
from foundation.errors import Forbidden, Invalid


class Action(StrEnum):
    HANDLE_CONVERSATIONS = auto()
    ASSIGN = auto()
    DELETE_CONVERSATIONS = auto()
    DELETE_CUSTOMERS = auto()
    CHANGE_SHARED = auto()  # views, saved replies and macros that somebody else made
    WRITE_ARTICLES = auto()
    SEE_REPORTS = auto()
    MANAGE_TEAM = auto()
    MANAGE_TEAMS = auto()
    MANAGE_CHANNELS = auto()
    MANAGE_ASSISTANT = auto()
    MANAGE_WIDGETS = auto()
    MANAGE_WORKSPACE = auto()
    MANAGE_BILLING = auto()
    READ_AUDIT_LOG = auto()
    USE_API_TOKENS = auto()
    MANAGE_API_TOKENS = auto()


BY_ALL = frozenset({Action.HANDLE_CONVERSATIONS, Action.WRITE_ARTICLES, Action.SEE_REPORTS, Action.USE_API_TOKENS})
ALLOWED: dict[Role, frozenset[Action]] = {
    Role.OWNER: frozenset(Action),
    Role.ADMIN: BY_ALL
    | {
        Action.ASSIGN,
        Action.DELETE_CONVERSATIONS,
        Action.DELETE_CUSTOMERS,
        Action.CHANGE_SHARED,
        Action.MANAGE_TEAMS,
        Action.MANAGE_ASSISTANT,
    },
    Role.AGENT: BY_ALL,
}


def may(membership: Membership | None, action: Action) -> bool:
    return membership is not None and action in ALLOWED[Role(membership.role)]


def require(user: User | AnonymousUser, action: Action) -> Membership:
    """The caller's membership. Raises Invalid without a workspace, Forbidden when the role does not allow it."""
    membership = membership_of(user)
    if membership is None:
        raise Invalid(_("Create a workspace first."))
    if not may(membership, action):
        raise Forbidden(_("Your role does not allow this."))
    return membership
