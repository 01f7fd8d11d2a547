from django.db import migrations, models

from foundation.migrating import AddIndexMeanwhile


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("conversations", "0034_what_was_not_sent"),
    ]

    operations = [
        AddIndexMeanwhile(
            model_name="conversation",
            index=models.Index(
                condition=models.Q(("not_sent_at__isnull", False)),
                fields=["business", "-updated_at", "-id"],
                name="conversation_not_sent",
            ),
        ),
    ]
