"""`manage.py rotate_keys`: what FIELD_KEYS_OLD sealed is sealed by FIELD_KEY, so that the old ones can go.

Safe to repeat, and while everything runs: a row that somebody changes meanwhile is left to them.
"""

from collections.abc import Callable, Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import QuerySet

from accounts.factors import totp
from accounts.factors.models import Authenticator
from businesses import audit
from channels_app import credentials
from channels_app.models import Channel
from foundation.sealed import CannotUnseal, renewed
from theo.language_models import key_context
from theo.models import LanguageModel
from widgets import identity
from widgets.models import IdentitySecret


def places() -> Iterator[tuple[QuerySet[Any], str, Callable[[Any], object]]]:
    """The rows, their field, and what is to stand in it."""
    yield Channel.objects.exclude(credentials={}), "credentials", credentials.resealed
    models = LanguageModel.objects.exclude(sealed_key="")
    yield models, "sealed_key", lambda row: renewed(row.sealed_key, context=key_context(row))
    secrets = IdentitySecret.objects.all()
    yield secrets, "sealed", lambda row: renewed(row.sealed, context=identity.context_of(row))
    apps = Authenticator.objects.select_related("user")
    yield apps, "sealed_secret", lambda row: renewed(row.sealed_secret, context=totp.context_of(row.user))


class Command(BaseCommand):
    help = "Seal by FIELD_KEY what FIELD_KEYS_OLD sealed."

    def handle(self, *args: Any, **options: Any) -> None:
        done = closed = 0
        for rows, field, fresh in places():
            for row in rows.iterator():
                sealed = getattr(row, field)
                try:
                    now = fresh(row)
                except CannotUnseal:
                    closed += 1
                    continue
                if now != sealed:
                    done += rows.filter(pk=row.pk, **{field: sealed}).update(**{field: now})
        if done:
            audit.record("keys.rotated", business_id=None, actor=None, rows=done)
        self.stdout.write(f"{done} rows were sealed anew.")
        if closed:
            raise CommandError(f"{closed} rows do not open with any key that is here, and stay as they are.")
        self.stdout.write("Nothing needs FIELD_KEYS_OLD any more.")
