"""Reads about workspaces."""

from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from accounts.models import User
from foundation.prepared import Given, prepared

if TYPE_CHECKING:
    from businesses.models import Membership


def membership_of(user: "User | AnonymousUser") -> "Membership | None":
    """The user's membership in the current workspace; read once per request.

    Current is what the session was switched to, and the first joined until then, or when that one is over.

    It is kept on the user object, which lives as long as the request or the socket's check.
    """
    if not isinstance(user, User):
        return None
    if "membership" not in user.__dict__:
        act_in(user, _current_of(user))
    return user.__dict__["membership"]  # type: ignore[no-any-return]


def memberships_of(user: User) -> "list[Membership]":
    """Where the person works, the first joined first; kept likewise."""
    if "memberships" not in user.__dict__:
        remember_memberships(user, _memberships()(user=user.pk))
    return user.__dict__["memberships"]  # type: ignore[no-any-return]


def remember_memberships(user: User, memberships: "list[Membership]") -> None:
    """Those are they, for callers that looked them up: the active ones with their business, first joined first."""
    user.__dict__["memberships"] = memberships


@prepared
def _memberships() -> "QuerySet[Membership]":
    from businesses.models import Membership

    rows = Membership.objects.filter(user_id=Given("user"), is_active=True)
    return rows.select_related("business").order_by("invited_at", "pk")


def _current_of(user: User) -> "Membership | None":
    """Which of the person's memberships is the current one."""
    memberships = memberships_of(user)
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
    user.__dict__.pop("memberships", None)
