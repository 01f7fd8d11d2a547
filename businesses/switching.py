"""One person, several workspaces: the sign-in remembers the current one, so tokens and cookies both have it."""

from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from accounts.models import AuthSession, User
from businesses.models import Membership
from businesses.selectors import forget_membership
from foundation.errors import Forbidden


def workspaces_of(user: User) -> QuerySet[Membership]:
    """Where the person works, the first joined first."""
    return (
        Membership.objects.filter(user_id=user.pk, is_active=True)
        .select_related("business")
        .order_by("invited_at", "pk")
    )


@transaction.atomic
def switch_business(*, user: User, business_id: UUID) -> Membership:
    """From the next call on this session means that workspace; open pages of it are told.

    user: signed in, with `auth_session`. Sockets stay bound to the workspace of their handshake.
    Raises Forbidden where the person does not work, with the same words for what does not exist.
    """
    membership = workspaces_of(user).filter(business_id=business_id).first()
    session = user.auth_session
    if membership is None or session is None:
        raise Forbidden(_("You do not work in this workspace."))
    AuthSession.objects.filter(pk=session.pk).update(current_business_id=business_id)
    session.current_business_id = business_id
    forget_membership(user)
    transaction.on_commit(
        lambda: import_string(settings.WORKSPACE_SWITCHED_PUBLISHER)(session.pk, business_id), robust=True
    )
    return membership
