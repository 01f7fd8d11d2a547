"""What has to be right before anything is served: the rows that were sealed have their keys."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connection

from channels_app.models import Channel
from foundation.sealed import has_its_key


@register(Tags.database)
def sealed_rows_have_their_keys(
    app_configs: Any, databases: Sequence[str] | None = None, **options: Any
) -> list[CheckMessage]:
    """Serving without the key would look as if every channel had lost its credentials.

    A row with a good key that does not open (copied, changed) stops nobody: its channel asks to be reconnected.
    """
    if not databases or Channel._meta.db_table not in connection.introspection.table_names():
        return []
    rows = Channel.objects.exclude(credentials={}).values_list("credentials", flat=True)
    closed = sum(not all(has_its_key(sealed) for sealed in credentials.values()) for credentials in rows)
    if not closed:
        return []
    hint = "Give back the FIELD_KEY that they were sealed with, or list it in FIELD_KEYS_OLD."
    return [
        Error(
            f"The credentials of {closed} channels were sealed with a key that is not here.",
            hint=hint,
            id="channels.E001",
        )
    ]
