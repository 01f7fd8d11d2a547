import django.db.models.deletion
from django.db import migrations, models

import foundation.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("businesses", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Channel",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "type",
                    models.CharField(
                        choices=[
                            ("webchat", "Web chat"),
                            ("widget", "Website"),
                            ("email", "E-mail"),
                            ("whatsapp", "WhatsApp"),
                            ("telegram", "Telegram"),
                            ("instagram", "Instagram"),
                            ("x", "X"),
                            ("sms", "SMS"),
                        ],
                        max_length=20,
                        verbose_name="type",
                    ),
                ),
                ("config", models.JSONField(blank=True, default=dict)),
                ("credentials", models.JSONField(blank=True, default=dict, editable=False)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("connecting", "Connecting"),
                            ("connected", "Connected"),
                            ("incomplete", "Incomplete"),
                            ("error", "Error"),
                        ],
                        default="connecting",
                        max_length=12,
                        verbose_name="state",
                    ),
                ),
                ("state_detail", models.CharField(blank=True, max_length=300, verbose_name="state in words")),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
                (
                    "failures",
                    models.PositiveIntegerField(default=0, editable=False, verbose_name="failures in a row"),
                ),
                ("held_until", models.DateTimeField(editable=False, null=True, verbose_name="held until")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated")),
                (
                    "business",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="channels",
                        to="businesses.business",
                    ),
                ),
            ],
            options={
                "verbose_name": "channel",
                "verbose_name_plural": "channels",
                "indexes": [models.Index(fields=["business", "created_at", "id"], name="channel_of_business")],
            },
        ),
    ]
