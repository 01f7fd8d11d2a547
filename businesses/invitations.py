"""Invitations by mail, for people without an account as for those who have one.

The link holds 32 random bytes, of which we keep a digest. It works once, for seven days, and only the newest one
does; who follows it has shown to read the mail of that address. Source: design.md 10; promises 3, "Links".
"""

import secrets
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import verification
from accounts.models import User, normal_email
from accounts.services import MAX_EMAIL, new_account, store
from businesses import audit
from businesses.members import check_given, check_seat, lock_seats, take_in
from businesses.models import Invitation, Membership, Role, invitation_end
from businesses.policy import Action, require
from businesses.switching import switch_business
from foundation import throttles
from foundation.errors import Forbidden, Invalid, NotFound, Unprocessable
from foundation.mail import send_mail

MAX_TOKEN = 100
# An invitation that ran out is kept for so long: it can be sent again.
KEPT_LATE = timedelta(days=30)


def invite(*, actor: User, email: str, role: str = Role.AGENT) -> Invitation:
    """Mail a link. Whether anybody has an account with this address does not show. Owner only.

    role: agent or admin. Raises Forbidden, Invalid (another role; a member already; an invitation that is still
    good), Unprocessable for no address, TooFast, PlanLimit.
    """
    business_id = require(actor, Action.MANAGE_TEAM).business_id
    check_given(role)
    email = _address(email)
    throttles.count("INVITE", business_id)
    with transaction.atomic():
        business = lock_seats(business_id)
        if Membership.objects.filter(business=business, user__email=email, is_active=True).exists():
            raise Invalid(_("This person is a member already."))
        known = Invitation.objects.filter(business=business, email=email).first()
        if known and not known.is_late:
            raise Invalid(_("An invitation to this address is under way. Send it again, or withdraw it."))
        check_seat(business, email=email)
        if known:
            known.delete()
        invitation = Invitation(business=business, email=email, role=role)
        _send(invitation, actor=actor)
        audit.record("invitation.sent", business_id=business_id, actor=actor, target=invitation, role=role)
    return invitation


def resend(*, actor: User, invitation_id: UUID) -> Invitation:
    """A new link, good for seven days from now; the one before is dead. Owner only.

    Raises Forbidden, NotFound, TooFast, PlanLimit (of one that had run out meanwhile).
    """
    business_id = require(actor, Action.MANAGE_TEAM).business_id
    throttles.count("INVITE", business_id)
    with transaction.atomic():
        business = lock_seats(business_id)
        invitation = _one(business_id, invitation_id)
        check_seat(business, email=invitation.email)
        invitation.expires_at = invitation_end()
        _send(invitation, actor=actor)
        audit.record("invitation.resent", business_id=business_id, actor=actor, target=invitation)
    return invitation


@transaction.atomic
def withdraw(*, actor: User, invitation_id: UUID) -> None:
    """The link is dead at once. Owner only. Raises Forbidden, NotFound."""
    business_id = require(actor, Action.MANAGE_TEAM).business_id
    invitation = _one(business_id, invitation_id)
    audit.record("invitation.withdrawn", business_id=business_id, actor=actor, target=invitation)
    invitation.delete()


def find(token: str) -> Invitation:
    """Look, without using it up. Raises Invalid, with the same words for unknown, used, withdrawn and late."""
    rows = Invitation.objects.select_related("business", "invited_by")
    invitation = rows.filter(digest=_digest(token)).first() if len(token) <= MAX_TOKEN else None
    if invitation is None or invitation.is_late:
        raise Invalid(_("This invitation does not work any more. Ask for a new one."))
    return invitation


@transaction.atomic
def accept(*, user: User, token: str) -> Membership:
    """Join, and work there from now on; the address counts as confirmed.

    user: signed in, with the address that was invited. Raises Invalid as `find`, Forbidden for somebody else,
    PlanLimit when the plan has become smaller since.
    """
    found = find(token)
    if found.email != user.email:
        raise Forbidden(_("This invitation is for another address than yours."))
    business = lock_seats(found.business_id)
    invitation = Invitation.objects.select_for_update().filter(pk=found.pk, digest=found.digest).first()
    if invitation is None:  # two clicks: the first one has joined
        raise Invalid(_("This invitation does not work any more. Ask for a new one."))
    verification.confirm(user)
    made = take_in(business=business, user=user, role=Role(invitation.role))
    audit.record("member.joined", business_id=business.pk, actor=user, target=user, role=made.role)
    if user.auth_session:
        switch_business(user=user, business_id=business.pk)
    return made


def sign_up(*, token: str, full_name: str, password: str) -> User:
    """An account for the address that was invited, which joins: all of it, or nothing.

    Raises as `accept` and `register`.
    """
    user = new_account(email=find(token).email, full_name=full_name, password=password, proven=True)
    with transaction.atomic():
        store(user)
        accept(user=user, token=token)
    return user


def _one(business_id: UUID, invitation_id: UUID) -> Invitation:
    rows = Invitation.objects.select_for_update(of=("self",)).select_related("business")
    invitation = rows.filter(pk=invitation_id, business_id=business_id).first()
    if invitation is None:
        raise NotFound
    return invitation


def _send(invitation: Invitation, *, actor: User) -> None:
    token = secrets.token_urlsafe(32)
    invitation.digest, invitation.invited_by = _digest(token), actor
    invitation.save()
    send_mail(
        "businesses/mail/invitation",
        to=invitation.email,
        actor=actor,
        business=invitation.business,
        role=Role(invitation.role).label,
        address=settings.PUBLIC_BASE_URL + reverse("invitation", args=[token]),
    )


def _address(email: str) -> str:
    email = normal_email(email)
    try:
        if len(email) > MAX_EMAIL:
            raise ValidationError("too long")
        validate_email(email)
    except ValidationError as error:
        raise Unprocessable(_("Write an e-mail address like ada@example.com."), field="email") from error
    return email


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def purge(*, most: int = 1000) -> int:
    """Delete invitations that ran out KEPT_LATE ago, at most so many; returns how many."""
    late = Invitation.objects.filter(expires_at__lt=timezone.now() - KEPT_LATE)
    return Invitation.objects.filter(pk__in=list(late.values_list("pk", flat=True)[:most])).delete()[0]
