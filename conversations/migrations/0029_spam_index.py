from django.db import migrations, models

from foundation.migrating import AddIndexMeanwhile


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("conversations", "0028_spam"),
    ]

    operations = [
        AddIndexMeanwhile(
            model_name="conversation",
            index=models.Index(
                condition=models.Q(("spam_at__isnull", False)),
                fields=["business", "-updated_at", "-id"],
                name="conversation_spam",
            ),
        ),
    ]
