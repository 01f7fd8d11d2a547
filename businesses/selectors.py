"""Reads about workspaces."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser

from accounts.models import User

if TYPE_CHECKING:
    from businesses.models import Membership


def membership_of(user: "User | AnonymousUser") -> "Membership | None":
    """The user's membership in the current workspace; read once per request.

    Current is what the session was switched to, and the first joined until then, or when that one is over.

    It is kept on the user object, which lives as long as the request or the socket's check.
    """
    from businesses.models import Membership

    if not isinstance(user, User):
        return None
    if "membership" not in user.__dict__:
        joined = Membership.objects.select_related("business").filter(user_id=user.pk, is_active=True)
        act_in(user, current_of(user, joined.order_by("invited_at", "pk")))
    return user.__dict__["membership"]  # type: ignore[no-any-return]


def current_of(user: User, joined: "Iterable[Membership]") -> "Membership | None":
    """Which of the person's memberships is the current one. joined: the active ones, first joined first."""
    memberships = list(joined)
    if bound := user.__dict__.get("works_as"):
        return next((membership for membership in memberships if membership.pk == bound), None)
    business_id = user.auth_session.current_business_id if user.auth_session else None
    chosen = (membership for membership in memberships if membership.business_id == business_id)
    return next(chosen, memberships[0] if memberships else None)


def act_in(user: User, membership: "Membership | None") -> None:
    """The user's current workspace is this one, for as long as the object lives; for callers that looked it up."""
    user.__dict__["membership"] = membership


def work_as(user: User, membership: "Membership") -> None:
    """Bind the object to this membership alone, whatever the person's current workspace is: for API tokens."""
    user.__dict__["works_as"] = membership.pk
    act_in(user, membership)


def forget_membership(user: User) -> None:
    """The next question asks the database again."""
    user.__dict__.pop("membership", None)
