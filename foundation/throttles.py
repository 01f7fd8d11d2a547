"""Slow throttles, of minutes and more: counted in rows, so that neither a restart nor a second process forgives.

Each count is one statement that the database makes atomic: a hundred at once count as a hundred. The numbers are
settings (THROTTLE_<NAME>). Source: promises 7.
"""

import ipaddress
import math
from datetime import timedelta
from hashlib import sha256

from django.conf import settings
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from foundation.asking import asker
from foundation.errors import TooFast
from foundation.models import Count


def count(name: str, whom: object, *, amount: int = 1) -> None:
    """Count one more before it is done. Raises TooFast when it would be too many.

    name: a key of settings.THROTTLE_RATES. whom: the address, account, business ... that is limited.
    Call it outside of a transaction that may be rolled back: what was tried has been tried.
    """
    most, seconds = settings.THROTTLE_RATES[name]
    if not settings.THROTTLES or not most:
        return
    total, wait = _add(_key(name, whom), amount, seconds)
    if total > most:
        raise TooFast(_("Too many attempts. Try again later."), retry_after=wait)


def count_address(name: str, *, amount: int = 1) -> None:
    """Count so many more for the address that asks. Loopback and unknown peers are not limited (promises 7)."""
    if address := limited_address():
        count(name, address, amount=amount)


def is_first(name: str, whom: object, *, seconds: int) -> bool:
    """True once within so many seconds, for whoever asks first, in whichever process: for what is good once."""
    return _add(_key(name, whom), 1, seconds)[0] == 1


def forget(name: str, whom: object) -> None:
    """Start anew: what was counted turned out to be right."""
    Count.objects.filter(key=_key(name, whom)).delete()


def give_back(name: str, whom: object) -> None:
    """The last one counted does not count after all."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {Count._meta.db_table} SET amount = amount - 1 WHERE key = %s AND amount > 0",  # noqa: S608
            [_key(name, whom)],
        )


def give_back_address(name: str) -> None:
    """The last one counted for the address that asks does not count after all."""
    if address := limited_address():
        give_back(name, address)


def purge(*, most: int = 1000) -> int:
    """Delete stretches that are over, at most so many; returns how many there were."""
    over = Count.objects.filter(until__lt=timezone.now())
    # Asked again in the statement that deletes: a stretch may have begun anew in between.
    return over.filter(pk__in=list(over.values_list("pk", flat=True)[:most])).delete()[0]


def limited_address() -> str | None:
    """`limited` of the address that asks."""
    return limited(asker().address)


def limited(said: str | None) -> str | None:
    """An address, if it is one that limits are for: not this machine, and not unknown.

    Of IPv6 the first 64 bits: the rest is one customer's own to change with every request.
    """
    if said is None:
        return None
    address = ipaddress.ip_address(said)
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is None:
            line = ipaddress.ip_network((int(address) >> 64 << 64, 64))
            return None if address.is_loopback else str(line)
        address = address.ipv4_mapped
    return None if address.is_loopback else str(address)


def _add(key: str, amount: int, seconds: int) -> tuple[int, int]:
    """The amount within the current stretch, and the seconds until it ends; the first one begins a stretch."""
    now = timezone.now()
    row = Count(key=key, amount=amount, until=now + timedelta(seconds=seconds))
    until = Count._meta.get_field("until").get_db_prep_value(row.until, connection)
    moment = Count._meta.get_field("until").get_db_prep_value(now, connection)
    table = Count._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (key, amount, until) VALUES (%s, %s, %s) ON CONFLICT (key) DO UPDATE SET"  # noqa: S608
            f" amount = CASE WHEN {table}.until <= %s THEN excluded.amount ELSE {table}.amount + excluded.amount END,"
            f" until = CASE WHEN {table}.until <= %s THEN excluded.until ELSE {table}.until END"
            " RETURNING amount, until",
            [key, amount, until, moment, moment],
        )
        total, ends = cursor.fetchone()
    ends = Count._meta.get_field("until").to_python(ends)
    if timezone.is_naive(ends):
        ends = timezone.make_aware(ends, timezone.get_default_timezone())
    # Somebody who looked at the clock a moment later may have begun the stretch.
    return total, min(max(1, math.ceil((ends - now).total_seconds())), seconds)


def _key(name: str, whom: object) -> str:
    """Whom it concerns is not written down: a digest tells people apart as well."""
    return f"{name}:{sha256(str(whom).encode()).hexdigest()[:40]}"
