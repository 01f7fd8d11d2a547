"""Links in mails that prove an address: 32 random bytes, stored hashed, good once, for an hour, the newest only.

Source: promises 3, "Links". The host comes from settings, never from the request.
"""

import secrets
from datetime import timedelta
from hashlib import sha256

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import MailLink, User
from foundation.errors import Invalid

LIFETIME = timedelta(hours=1)
MAX_TOKEN = 100


def make(user: User, purpose: MailLink.Purpose, page: str, *, email: str = "") -> str:
    """The address to mail: `page` names the URL that takes the token. An earlier link of that purpose is dead.

    email: where it goes, when that is not the account's own address.
    """
    token = secrets.token_urlsafe(32)
    MailLink.objects.update_or_create(
        user=user,
        purpose=purpose,
        defaults={"digest": _digest(token), "email": email or user.email, "expires_at": timezone.now() + LIFETIME},
    )
    return settings.PUBLIC_BASE_URL + reverse(page, args=[token])


def find(token: str, purpose: MailLink.Purpose) -> MailLink:
    """Look, without using it up. Raises Invalid, with the same words for unknown, used, replaced and late."""
    link = (
        MailLink.objects.select_related("user")
        .filter(digest=_digest(token), purpose=purpose, expires_at__gt=timezone.now(), user__is_active=True)
        .first()
    )
    if link is None or (purpose != MailLink.Purpose.ADDRESS and link.email != link.user.email):
        raise _dead()
    return link


def use(link: MailLink) -> User:
    """Use it up, in the transaction of what it is for: of two at once, one gets Invalid."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("A link is used up together with what it is for.")
    if not MailLink.objects.filter(pk=link.pk, digest=link.digest).delete()[0]:
        raise _dead()
    return link.user


def purge(*, most: int = 1000) -> int:
    """Delete links that are late, at most so many; returns how many."""
    late = MailLink.objects.filter(expires_at__lt=timezone.now())
    return MailLink.objects.filter(pk__in=list(late.values_list("pk", flat=True)[:most])).delete()[0]


def _dead() -> Invalid:
    return Invalid(_("This link does not work any more. Ask for a new one."))


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()
