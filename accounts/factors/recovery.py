"""Recovery codes: ten, shown once, stored hashed, each good once."""

import base64
import secrets
from hashlib import sha256

from django.db import transaction

from accounts.factors.models import RecoveryCode
from accounts.models import User

HOW_MANY = 10
# 80 bits: 16 letters and digits.
RANDOM_BYTES = 10
MAX_CODE = 40


def left(user: User) -> int:
    return RecoveryCode.objects.filter(user=user).count()


@transaction.atomic
def make(user: User) -> list[str]:
    """New ones, for showing once; the ones before are dead."""
    User.objects.select_for_update().get(pk=user.pk)  # of two at once, one set is left
    RecoveryCode.objects.filter(user=user).delete()
    codes = [_new() for _number in range(HOW_MANY)]
    RecoveryCode.objects.bulk_create(RecoveryCode(user=user, digest=_digest(code)) for code in codes)
    return codes


def use(user: User, code: str) -> bool:
    """Use a code up: of two at once, one is right."""
    if len(code) > MAX_CODE:
        return False
    return bool(RecoveryCode.objects.filter(user=user, digest=_digest(code)).delete()[0])


def _new() -> str:
    text = base64.b32encode(secrets.token_bytes(RANDOM_BYTES)).decode().lower()
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))


def _digest(code: str) -> str:
    """However it is typed: capitals, blanks and dashes do not matter."""
    return sha256("".join(filter(str.isalnum, code.lower())).encode()).hexdigest()
