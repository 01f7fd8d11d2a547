"""What has to be right before anything is served: the authenticators that were sealed have their keys."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connection

from accounts.factors.models import Authenticator
from foundation.sealed import has_its_key


@register(Tags.database)
def authenticators_have_their_keys(
    app_configs: Any, databases: Sequence[str] | None = None, **options: Any
) -> list[CheckMessage]:
    """Serving without the key would lock out everybody who signs in with an app."""
    if not databases or Authenticator._meta.db_table not in connection.introspection.table_names():
        return []
    secrets = Authenticator.objects.values_list("sealed_secret", flat=True)
    closed = sum(not has_its_key(sealed) for sealed in secrets.iterator())
    if not closed:
        return []
    hint = "Give back the FIELD_KEY that they were sealed with, or list it in FIELD_KEYS_OLD."
    return [
        Error(f"{closed} authenticators were sealed with a key that is not here.", hint=hint, id="accounts.E001"),
    ]
