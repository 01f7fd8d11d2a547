import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import foundation.ids


class Migration(migrations.Migration):
    dependencies = [
        ("channels_app", "0001_initial"),
        ("conversations", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Heartbeat",
            fields=[
                (
                    "name",
                    models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="name"),
                ),
                ("beat_at", models.DateTimeField(verbose_name="last heard of")),
            ],
            options={"verbose_name": "heartbeat", "verbose_name_plural": "heartbeats"},
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                (
                    "id",
                    models.UUIDField(default=foundation.ids.new_id, editable=False, primary_key=True, serialize=False),
                ),
                ("seq", models.PositiveIntegerField(verbose_name="number")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Waiting"),
                            ("sent", "Sent"),
                            ("failed", "Not sent"),
                            ("parked", "Parked"),
                        ],
                        default="queued",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("attempts", models.PositiveIntegerField(default=0, verbose_name="tries")),
                ("crashes", models.PositiveIntegerField(default=0, verbose_name="crashes")),
                ("due_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="due")),
                ("lease", models.UUIDField(editable=False, null=True)),
                ("leased_until", models.DateTimeField(editable=False, null=True, verbose_name="leased until")),
                ("last_error", models.CharField(blank=True, max_length=300, verbose_name="last error")),
                (
                    "external_id",
                    models.CharField(blank=True, max_length=1000, verbose_name="id at the provider"),
                ),
                ("queued_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="queued")),
                ("finished_at", models.DateTimeField(null=True, verbose_name="finished")),
                (
                    "business",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="businesses.business",
                    ),
                ),
                (
                    "channel",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="deliveries",
                        to="channels_app.channel",
                    ),
                ),
                (
                    "conversation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="conversations.conversation",
                    ),
                ),
                (
                    "message",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="delivery",
                        to="conversations.message",
                    ),
                ),
            ],
            options={
                "verbose_name": "delivery",
                "verbose_name_plural": "deliveries",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "queued")),
                        fields=["channel", "due_at"],
                        name="delivery_due",
                    ),
                    models.Index(
                        condition=models.Q(("state", "queued")),
                        fields=["conversation", "seq"],
                        name="delivery_head",
                    ),
                ],
            },
        ),
    ]
