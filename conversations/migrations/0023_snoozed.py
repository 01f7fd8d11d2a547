from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("conversations", "0022_planned_files")]

    operations = [
        migrations.AddIndex(
            model_name="conversation",
            index=models.Index(
                condition=models.Q(("snoozed_until__isnull", False)),
                fields=["business", "status", "snoozed_until"],
                name="conversation_snoozed",
            ),
        ),
    ]
