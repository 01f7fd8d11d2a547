from django.db import migrations, models

from foundation.migrating import AddIndexMeanwhile


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("channels_app", "0016_emptied"),
    ]

    operations = [
        AddIndexMeanwhile(
            model_name="rawevent",
            index=models.Index(condition=models.Q(("state", "done")), fields=["received_at"], name="raw_event_kept"),
        ),
    ]
