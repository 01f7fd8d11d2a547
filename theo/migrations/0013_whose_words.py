"""Open questions and examples know in which conversation they were asked, and go with it."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0026_customer_notes"),
        ("theo", "0012_auto_since"),
    ]

    operations = [
        migrations.AddField(
            model_name="example",
            name="conversation",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="conversations.conversation",
            ),
        ),
        migrations.AddField(
            model_name="unanswered",
            name="asked_in",
            field=models.JSONField(default=list),
        ),
    ]
