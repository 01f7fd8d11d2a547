"""Reads about workspaces."""

from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser

from accounts.models import User

if TYPE_CHECKING:
    from businesses.models import Membership


def membership_of(user: "User | AnonymousUser") -> "Membership | None":
    """The user's membership in the current workspace, the first joined; read once per request.

    It is kept on the user object, which lives as long as the request or the socket's check.
    """
    from businesses.models import Membership

    if not isinstance(user, User):
        return None
    if "membership" not in user.__dict__:
        user.__dict__["membership"] = (
            Membership.objects.select_related("business")
            .filter(user_id=user.pk, is_active=True)
            .order_by("invited_at", "pk")
            .first()
        )
    return user.__dict__["membership"]  # type: ignore[no-any-return]


def act_in(user: User, membership: "Membership | None") -> None:
    """The user's current workspace is this one, for as long as the object lives; for callers that looked it up."""
    user.__dict__["membership"] = membership


def forget_membership(user: User) -> None:
    """The next question asks the database again."""
    user.__dict__.pop("membership", None)
