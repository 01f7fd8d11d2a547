from typing import Any

from django.db import migrations


def nothing_is_proven(apps: Any, _editor: Any) -> None:
    """The sender of a text message can be forged, so it leads to nobody whom another channel knows."""
    apps.get_model("channels_app", "Contact").objects.filter(channel__type="sms", proven=True).update(proven=False)


class Migration(migrations.Migration):
    dependencies = [("channels_app", "0013_sole_numbers")]

    operations = [migrations.RunPython(nothing_is_proven, migrations.RunPython.noop)]
