"""Codes of an authenticator app (TOTP, RFC 6238: SHA-1, six digits, 30 seconds; what every such app speaks).

The secret is sealed in its row, shown while it is set up and never again. A code is good once: the row remembers
the newest time step that was used.
"""

import logging
from datetime import timedelta

import pyotp
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.factors.models import Authenticator
from accounts.models import User
from foundation.sealed import CannotUnseal, seal, unseal

log = logging.getLogger("pingback.accounts")

DIGITS, STEP_SECONDS = 6, 30
# A clock may be one step off, either way.
WINDOW = (0, -1, 1)
# A secret that was shown and never proven is good for so long.
SETUP_TIME = timedelta(hours=1)
ISSUER = "PingBack"


def is_on(user: User) -> bool:
    return Authenticator.objects.in_use().filter(user=user).exists()


def start(user: User) -> str:
    """A new secret that waits for its first code, in place of one that waited before. Not while one is in use."""
    secret = pyotp.random_base32()
    fields = {"sealed_secret": seal(secret, context=context_of(user)), "created_at": timezone.now()}
    Authenticator.objects.update_or_create(user=user, confirmed_at=None, defaults=fields)
    return secret


def waiting_secret(user: User) -> str | None:
    """What is being set up, in base32; None when nothing is, or when it does not open any more."""
    found = _waiting(user)
    return _secret(found, user) if found else None


def address(user: User, secret: str) -> str:
    """The `otpauth://` address that apps read from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=user.email, issuer_name=ISSUER)


@transaction.atomic
def confirm(user: User, code: str) -> bool:
    """Whether the app shows the right code for what is being set up; then it is on."""
    found = _waiting(user, lock=True)
    if found is None or not _use(found, user, code):
        return False
    found.confirmed_at = timezone.now()
    found.save(update_fields=["confirmed_at"])
    return True


@transaction.atomic
def use(user: User, code: str) -> bool:
    """Use a code up: of two at once, one is right."""
    found = Authenticator.objects.in_use().select_for_update().filter(user=user).first()
    return found is not None and _use(found, user, code)


def remove(user: User) -> bool:
    return bool(Authenticator.objects.in_use().filter(user=user).delete()[0])


def _waiting(user: User, *, lock: bool = False) -> Authenticator | None:
    rows = Authenticator.objects.select_for_update() if lock else Authenticator.objects.all()
    return rows.filter(user=user, confirmed_at=None, created_at__gt=timezone.now() - SETUP_TIME).first()


def _use(authenticator: Authenticator, user: User, code: str) -> bool:
    code = "".join(code.split())
    if len(code) != DIGITS or not (code.isascii() and code.isdigit()):
        return False
    secret = _secret(authenticator, user)
    if secret is None:
        return False  # a recovery code or a passkey still does
    app = pyotp.TOTP(secret)
    now = int(timezone.now().timestamp()) // STEP_SECONDS
    for step in (now + offset for offset in WINDOW):
        if step > authenticator.last_step and constant_time_compare(app.generate_otp(step), code):
            authenticator.last_step = step
            authenticator.save(update_fields=["last_step"])
            return True
    return False


def _secret(authenticator: Authenticator, user: User) -> str | None:
    try:
        return unseal(authenticator.sealed_secret, context=context_of(user))
    except CannotUnseal:
        log.exception("The authenticator of %s does not open", user.pk)
        return None


def context_of(user: User) -> str:
    """A secret that is copied into another person's row does not open there."""
    return f"authenticator:{user.pk}"
