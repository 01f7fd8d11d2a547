"""Channels that were connected before their account was kept: it is theirs, as their provider agreed to it."""

from typing import Any

from django.db import migrations

# Where each type's config says which account it is.
NAMES = {"whatsapp": "phone_number_id", "instagram": "page_id", "telegram": "bot_id"}


def fill(apps: Any, _editor: Any) -> None:
    """Of several with one account it is that of the one that works, and was connected last."""
    channels = apps.get_model("channels_app", "Channel").objects
    lacking = channels.filter(type__in=NAMES, is_active=True, connected_at__isnull=False, sole_account=None)
    for channel in lacking.order_by("state", "-connected_at"):
        account = str(channel.config.get(NAMES[channel.type], ""))
        key = f"{channel.type}:{account}"[:80]
        if account and not channels.filter(sole_account=key).exists():
            channels.filter(pk=channel.pk).update(sole_account=key)


class Migration(migrations.Migration):
    dependencies = [("channels_app", "0010_arrived")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
