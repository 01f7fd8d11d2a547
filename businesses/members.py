"""Who works in a workspace: taking somebody in, changing a role, letting somebody go.

Source: contract/api.md 6. What is the owner's is in `businesses.policy`; the owner is one, for good.
"""

from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User, normal_email
from businesses import audit
from businesses.models import AgentStatus, Business, Invitation, Membership, Role
from businesses.plans import check_agent_allowed
from businesses.policy import Action, require
from businesses.services import membership_ended
from businesses.signals import member_removed
from foundation import throttles
from foundation.errors import Invalid, NotFound
from foundation.mail import send_mail
from foundation.rows import one_at_a_time

# What one may be made; nobody is made an owner.
GIVEN_ROLES = (Role.AGENT, Role.ADMIN)


def add_member(*, actor: User, email: str, role: str = Role.AGENT) -> Membership:
    """Make somebody who has an account a member at once, and tell them by mail. Owner only.

    role: one of GIVEN_ROLES. Raises Forbidden, Invalid (another role, or a member already), TooFast, NotFound when
    nobody has this address, PlanLimit.
    """
    membership = require(actor, Action.MANAGE_TEAM)
    check_given(role)
    throttles.count("INVITE", membership.business_id)
    user = User.objects.filter(email=normal_email(email), is_active=True).first()
    if user is None:
        raise NotFound(_("Nobody has an account with this address."))
    with transaction.atomic():
        business = lock_seats(membership.business_id)
        made = take_in(business=business, user=user, role=Role(role))
        audit.record("member.added", business_id=business.pk, actor=actor, target=user, role=role)
        send_mail("businesses/mail/added", to=user.email, actor=actor, business=business, role=Role(role).label)
    return made


@transaction.atomic
def change_role(*, actor: User, membership_id: UUID, role: str) -> Membership:
    """Owner only; what the person may do changes with the next thing that they do.

    Raises Forbidden, Invalid (the owner's role, or one that nobody is given), NotFound.
    """
    member = _locked(actor, membership_id)
    check_given(role)
    if member.role == Role.OWNER:
        raise Invalid(_("The owner of a workspace stays its owner."))
    if member.role != role:
        before, member.role = member.role, Role(role)
        member.save(update_fields=["role"])
        audit.record(
            "member.role_changed",
            business_id=member.business_id,
            actor=actor,
            target=member.user,
            **{"from": before, "to": role},
        )
    return member


@transaction.atomic
def remove_member(*, actor: User, membership_id: UUID) -> None:
    """End somebody's access at once, open pages and sockets too. The account lives on, and can be added again.

    Owner only. Raises Forbidden, Invalid for the owner, NotFound.
    """
    member = _locked(actor, membership_id)
    if member.role == Role.OWNER:
        raise Invalid(_("The owner of a workspace cannot be removed."))
    audit.record("member.removed", business_id=member.business_id, actor=actor, target=member.user, role=member.role)
    let_go(member, actor=actor)
    member.delete()


@transaction.atomic
def leave(*, actor: User) -> None:
    """The caller is no member of the current workspace any more, as if the owner had removed them.

    Raises Invalid for the owner, and for somebody without a workspace.
    """
    current = require(actor, Action.HANDLE_CONVERSATIONS)
    member = Membership.objects.select_for_update(of=("self",)).select_related("user").get(pk=current.pk)
    if member.role == Role.OWNER:
        raise Invalid(_("The owner of a workspace cannot leave it."))
    audit.record("member.left", business_id=member.business_id, actor=actor, target=member.user, role=member.role)
    let_go(member, actor=actor)
    member.delete()


def let_go(member: Membership, *, actor: User) -> None:
    """What follows when a membership is deleted or switched off, in the transaction that does it: in admin, too."""
    membership_ended(member.pk)
    member_removed.send(sender=None, business_id=member.business_id, user=member.user, actor=actor)


# Shared with invitations -----------------------------------------------------------------------------------


def check_given(role: str) -> None:
    """Raises Invalid."""
    if role not in GIVEN_ROLES:
        raise Invalid(_("Choose agent or admin."))


def lock_seats(business_id: UUID) -> Business:
    """The workspace as it is now; of two who take the last seat at once, one gets it."""
    one_at_a_time("seats", business_id)
    return Business.objects.get(pk=business_id)


def check_seat(business: Business, *, email: str) -> None:
    """Raises PlanLimit when there is no seat left for this address. The owner takes none; an open invitation does."""
    open_ones = Invitation.objects.filter(business=business, expires_at__gt=timezone.now()).exclude(email=email)
    check_agent_allowed(business, current=agents_of(business) + open_ones.count())


def agents_of(business: Business) -> int:
    """How many work there besides the owner."""
    return Membership.objects.filter(business=business, is_active=True).exclude(role=Role.OWNER).count()


def take_in(*, business: Business, user: User, role: Role) -> Membership:
    """The membership, new or switched on again; an invitation that was under way is done. With the seats locked.

    Raises Invalid for a member, PlanLimit.
    """
    known = Membership.objects.filter(business=business, user=user).first()
    if known and known.is_active:
        raise Invalid(_("This person is a member already."))
    check_seat(business, email=user.email)
    Invitation.objects.filter(business=business, email=user.email).delete()
    member = known or Membership(business=business, user=user)
    member.role, member.is_active, member.status = role, True, AgentStatus.OFFLINE
    member.last_seen_at, member.invited_at = None, timezone.now()
    try:
        with transaction.atomic():
            member.save()
    except IntegrityError as error:  # an operator was quicker, in Django admin
        raise Invalid(_("This person is a member already.")) from error
    return member


def _locked(actor: User, membership_id: UUID) -> Membership:
    business_id = require(actor, Action.MANAGE_TEAM).business_id
    member = (
        Membership.objects.select_for_update(of=("self",))
        .select_related("user")
        .filter(pk=membership_id, business_id=business_id)
        .first()
    )
    if member is None:
        raise NotFound
    return member
