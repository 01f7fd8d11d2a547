"""A channel's secrets: sealed in the row, opened for the adapter, and shown to nobody but for their ends.

Each is bound to its business, channel and field, so that a copied ciphertext does not open elsewhere.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from channels_app.connect_fields import ConnectForm, Value
from channels_app.connect_forms import form_for
from channels_app.models import Channel
from foundation.errors import Invalid
from foundation.sealed import CannotUnseal, renewed, seal, unseal

MASK = "••••"
# Of a shorter secret the last four would be too large a part.
_SHOWS_ITS_END = 12


def store(channel: Channel, values: Mapping[str, Value]) -> None:
    """Put cleaned entries into the row (not saved): what is public into `config`, what is secret sealed."""
    secrets = form_for(channel.type).secrets
    channel.config = {name: value for name, value in values.items() if name not in secrets}
    channel.credentials = {
        name: seal(str(value), context=_context(channel, name)) for name, value in values.items() if name in secrets
    }


def reveal(channel: Channel) -> dict[str, str]:
    """The secrets in clear, for an adapter. Raises CannotUnseal."""
    return {name: unseal(sealed, context=_context(channel, name)) for name, sealed in channel.credentials.items()}


def renew(channel: Channel, name: str, secret: str) -> None:
    """Another one in its place, unless somebody changed the channel's secrets meanwhile."""
    changed = {**channel.credentials, name: seal(secret, context=_context(channel, name))}
    if Channel.objects.filter(pk=channel.pk, credentials=channel.credentials).update(credentials=changed):
        channel.credentials = changed


def resealed(channel: Channel) -> dict[str, str]:
    """The secrets by the newest key. Raises CannotUnseal."""
    return {name: renewed(sealed, context=_context(channel, name)) for name, sealed in channel.credentials.items()}


def can_be_opened(channel: Channel) -> bool:
    try:
        reveal(channel)
    except CannotUnseal:
        return False
    return True


def masked(channel: Channel) -> dict[str, str]:
    """For people: the end of each secret, or nothing of it when it is short or does not open."""
    return {name: _mask(_open(channel, name)) for name in channel.credentials}


def unmasked(channel: Channel, form: ConnectForm, config: Mapping[str, Any]) -> dict[str, Any]:
    """`config` with each masked value that came back replaced by the secret that it stands for.

    form: that of the type the config is for; of another type than the channel's, nothing is carried over.
    Raises Invalid for a mask of anything else: it would be stored as if it were the secret.
    """
    shown = masked(channel) if form.type == channel.type else {}
    values = dict(config)
    for field in form.fields:
        value = values.get(field.name)
        if not field.secret or not isinstance(value, str) or not value.startswith(MASK):
            continue
        secret = _open(channel, field.name) if shown.get(field.name) == value else None
        if secret is None:
            raise Invalid(
                _("%(label)s (%(name)s) is only the mask of a secret. Enter the secret itself.")
                % {"label": field.label, "name": field.name}
            )
        values[field.name] = secret
    return values


def _open(channel: Channel, name: str) -> str | None:
    try:
        return unseal(channel.credentials[name], context=_context(channel, name))
    except CannotUnseal:
        return None


def _mask(secret: str | None) -> str:
    return MASK + secret[-4:] if secret and len(secret) >= _SHOWS_ITS_END else MASK


def _context(channel: Channel, field: str) -> str:
    return f"channel:{channel.business_id}:{channel.pk}:{field}"
