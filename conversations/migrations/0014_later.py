import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import foundation.ids


class Migration(migrations.Migration):
    dependencies = [
        ("businesses", "0010_business_hours"),
        ("conversations", "0013_search_shelves"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="activity",
            name="kind",
            field=models.CharField(
                choices=[
                    ("assigned", "Assigned"),
                    ("resolved", "Resolved"),
                    ("closed", "Closed"),
                    ("reopened", "Reopened"),
                    ("pending", "Parked"),
                    ("snoozed", "Snoozed"),
                    ("woke", "Woke up"),
                    ("tagged", "Tagged"),
                    ("untagged", "Tag taken off"),
                    ("priority", "Priority changed"),
                    ("handed_over", "Handed over by Theo"),
                    ("blocked", "Customer blocked"),
                    ("unblocked", "Customer unblocked"),
                    ("merged", "Merged"),
                    ("unmerged", "Merge undone"),
                    ("returned", "Not sent as planned"),
                ],
                max_length=20,
                verbose_name="kind",
            ),
        ),
        migrations.CreateModel(
            name="ScheduledMessage",
            fields=[
                (
                    "id",
                    models.UUIDField(default=foundation.ids.new_id, editable=False, primary_key=True, serialize=False),
                ),
                ("content", models.TextField(verbose_name="text")),
                ("key", models.CharField(blank=True, editable=False, max_length=128)),
                ("seen_seq", models.PositiveIntegerField(null=True)),
                ("send_at", models.DateTimeField(db_index=True, verbose_name="to be sent")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="written")),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "business",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="businesses.business"
                    ),
                ),
                (
                    "conversation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="scheduled",
                        to="conversations.conversation",
                    ),
                ),
            ],
            options={
                "verbose_name": "scheduled message",
                "verbose_name_plural": "scheduled messages",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("key", ""), _negated=True), fields=("author", "key"), name="scheduled_once"
                    )
                ],
            },
        ),
    ]
