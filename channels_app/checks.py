"""What has to be right before anything is served: the keys that seal, and the rows that they sealed."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DatabaseError, transaction

from channels_app.models import Channel
from foundation.sealed import has_its_key

MIN_KEY_BYTES = 32


@register(Tags.security)
def field_keys_are_long(app_configs: Any, **options: Any) -> list[CheckMessage]:
    """The key is hashed, not stretched: a short one could be guessed from a copied row."""
    if all(len(key.encode()) >= MIN_KEY_BYTES for key in settings.FIELD_KEYS):
        return []
    hint = "Unset it, and one is made; or take one from: python -c 'import secrets; print(secrets.token_urlsafe(48))'"
    return [Error(f"A FIELD_KEY is shorter than {MIN_KEY_BYTES} bytes.", hint=hint, id="channels.E001")]


@register(Tags.database)
def sealed_rows_have_their_keys(
    app_configs: Any, databases: Sequence[str] | None = None, **options: Any
) -> list[CheckMessage]:
    """Serving without the key would look as if every channel had lost its credentials.

    A row with a good key that does not open (copied, changed) stops nobody: its channel asks to be reconnected.
    """
    if not databases:
        return []
    try:
        with transaction.atomic():
            rows = list(Channel.objects.exclude(credentials={}).values_list("credentials", flat=True))
    except DatabaseError:  # before the first migration there is nothing to open
        return []
    closed = sum(not all(has_its_key(sealed) for sealed in credentials.values()) for credentials in rows)
    if not closed:
        return []
    hint = "Give back the FIELD_KEY that they were sealed with, or list it in FIELD_KEYS_OLD."
    return [
        Error(
            f"The credentials of {closed} channels were sealed with a key that is not here.",
            hint=hint,
            id="channels.E002",
        )
    ]
