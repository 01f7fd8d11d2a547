"""Whether an e-mail address is its owner's: the operator's option REQUIRE_VERIFIED_EMAIL.

Until then the person is signed in, and may do nothing but that: pages lead to "Look into your mail", the API answers
403, sockets are refused. Without the option everybody counts as verified.
"""

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import events, links
from accounts.models import MailLink, User
from foundation import throttles
from foundation.errors import Invalid
from foundation.mail import send_mail


def is_held(user: User) -> bool:
    """Whether the person must follow the mailed link before anything else."""
    return bool(settings.REQUIRE_VERIFIED_EMAIL) and not user.is_verified


def held_words() -> str:
    return _("Confirm your e-mail first: follow the link that we mailed to you.")


@transaction.atomic
def mail_link(user: User) -> None:
    address = links.make(user, MailLink.Purpose.VERIFY, "verify-email")
    send_mail("accounts/mail/verify", to=user.email, name=user.get_short_name(), address=address)


def resend(user: User) -> None:
    """Another link, which replaces the one before. Raises Invalid without need, TooFast after three an hour."""
    if user.is_verified:
        raise Invalid(_("This e-mail is already confirmed."))
    throttles.count("VERIFY", user.pk)
    mail_link(user)


@transaction.atomic
def verify(token: str) -> User:
    """The address is its owner's. Raises Invalid, with the same words for unknown, used, replaced and late links."""
    user = links.use(links.find(token, MailLink.Purpose.VERIFY))
    confirm(user)
    return user


def confirm(user: User) -> None:
    """For whoever proved it: by our link, by Google's word, by an invitation that came by mail."""
    if User.objects.filter(pk=user.pk, is_verified=False).update(is_verified=True):
        events.tell("email.verified", user=user)
    user.is_verified = True
