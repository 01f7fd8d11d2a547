"""Changing a password, and getting back in without it."""

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import events, links
from accounts.factors import second_factor
from accounts.models import MailLink, User, normal_email
from accounts.services import check_new_password, end_sessions_of
from foundation import throttles
from foundation.errors import Invalid, TooFast
from foundation.later import later
from foundation.mail import send_mail


def change_password(*, user: User, current_password: str, new_password: str) -> None:
    """A new password for somebody who knows the old one: this session lives on, all others end.

    user: the caller; `auth_session` is the session that lives on. Both passwords at most MAX_PASSWORD characters.
    Raises Invalid when the current one is wrong or there is none, Unprocessable for a new one that is not acceptable,
    TooFast after ten wrong ones. A cookie needs `update_session_auth_hash` from whoever holds the request.
    """
    if not user.has_usable_password():
        raise Invalid(_("This account has no password yet. Ask for a link by mail to set one."))
    check_new_password(new_password, user=user, field="new_password")
    throttles.count("PASSWORD", user.pk)
    if not user.check_password(current_password):
        raise Invalid(_("This is not your current password."))
    throttles.forget("PASSWORD", user.pk)
    known, hashed = user.password, make_password(new_password)  # slow by intent, so before the transaction
    with transaction.atomic():
        if not User.objects.filter(pk=user.pk, password=known).update(password=hashed):
            raise Invalid(_("The password was just changed elsewhere."))
        user.password = hashed
        _changed(user)


def ask_for_reset(*, email: str) -> None:
    """Mail a link for a new password, if somebody has this address: nothing tells the caller, not even the time.

    Raises TooFast for an address (of the network) that asks too often; for an account that is asked for too often
    nothing is sent.
    """
    throttles.count_address("RESET_ADDRESS")
    later(lambda: _mail_reset(normal_email(email)))


def _mail_reset(email: str) -> None:
    user = User.objects.filter(email=email, is_active=True).first()
    if user is None:
        return
    try:
        throttles.count("RESET", user.pk)
    except TooFast:
        return
    with transaction.atomic():
        address = links.make(user, MailLink.Purpose.RESET, "reset")
        send_mail("accounts/mail/reset", to=user.email, name=user.get_short_name(), address=address)


def reset(*, token: str, password: str) -> User:
    """A new password for whoever holds the mailed link. Every session ends; nobody is signed in by it.

    Raises Invalid for a link that is unknown, used, replaced or late; Unprocessable, which leaves the link good,
    for a password that is not acceptable.
    """
    link = links.find(token, MailLink.Purpose.RESET)
    check_new_password(password, user=link.user)
    hashed = make_password(password)  # slow by intent, so before the transaction
    with transaction.atomic():
        user = links.use(link)
        # The mail arrived, so the address is theirs.
        User.objects.filter(pk=user.pk).update(password=hashed, is_verified=True)
        _changed(user)
    return user


def _changed(user: User) -> None:
    """What every new password brings: other sessions end, the log knows, the person is told."""
    end_sessions_of(user, keep=user.auth_session)
    MailLink.objects.filter(user=user, purpose=MailLink.Purpose.RESET).delete()
    events.tell("password.changed", user=user)
    send_mail(
        "accounts/mail/password_changed", to=user.email, name=user.get_short_name(), doors=second_factor.doors_of(user)
    )
