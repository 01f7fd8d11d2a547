"""Reads about workspaces."""

from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.db.models import Case, Value, When

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
        user.__dict__["membership"] = (
            Membership.objects.select_related("business")
            .filter(user_id=user.pk, is_active=True, **user.__dict__.get("works_as", {}))
            .order_by(*_current_first(user), "invited_at", "pk")
            .first()
        )
    return user.__dict__["membership"]  # type: ignore[no-any-return]


def _current_first(user: User) -> list[Case]:
    current = user.auth_session.current_business_id if user.auth_session else None
    return [Case(When(business_id=current, then=Value(0)), default=Value(1))] if current else []


def act_in(user: User, membership: "Membership | None") -> None:
    """The user's current workspace is this one, for as long as the object lives; for callers that looked it up."""
    user.__dict__["membership"] = membership


def work_as(user: User, membership: "Membership") -> None:
    """Bind the object to this membership alone, whatever the person's current workspace is: for API tokens."""
    user.__dict__["works_as"] = {"pk": membership.pk}
    act_in(user, membership)


def forget_membership(user: User) -> None:
    """The next question asks the database again."""
    user.__dict__.pop("membership", None)
