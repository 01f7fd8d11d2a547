"""X accounts and numbers for text messages that were connected before theirs was kept, too."""

import re
from typing import Any

from django.db import migrations


def fill(apps: Any, _editor: Any) -> None:
    """Of several with one account it is that of the one that works, and was connected last."""
    channels = apps.get_model("channels_app", "Channel").objects
    lacking = channels.filter(type__in=["x", "sms"], is_active=True, connected_at__isnull=False, sole_account=None)
    for channel in lacking.order_by("state", "-connected_at"):
        account = _account(channel.type, channel.config)
        key = f"{channel.type}:{account}"[:80]
        if account and not channels.filter(sole_account=key).exists():
            channels.filter(pk=channel.pk).update(sole_account=key)


def _account(type: str, config: dict[str, Any]) -> str:
    if type == "x":
        return str(config.get("account_id", ""))
    number = re.sub(r"^00", "+", re.sub(r"[\s().\-/]", "", str(config.get("phone_number", ""))))
    return f"{config.get('account_sid', '')}:{number}"


class Migration(migrations.Migration):
    dependencies = [("channels_app", "0012_handles")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
