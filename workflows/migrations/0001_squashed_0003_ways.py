"""What 0001 to 0003 come to, for a database that has none of them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import foundation.ids
from foundation.tables import CreateModels


class Migration(migrations.Migration):
    replaces = [("workflows", "0001_initial"), ("workflows", "0002_pushes"), ("workflows", "0003_ways")]

    initial = True

    dependencies = [
        ("accounts", "0009_address_links"),
        ("businesses", "0010_business_hours"),
        ("conversations", "0020_merged_customers"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        CreateModels(
            migrations.CreateModel(
                name="Notification",
                fields=[
                    (
                        "id",
                        models.UUIDField(
                            default=foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                        ),
                    ),
                    (
                        "kind",
                        models.CharField(
                            choices=[
                                ("assigned", "Assigned to you"),
                                ("mentioned", "Mentioned in a note"),
                                ("handoff", "A customer waits for a person"),
                                ("message", "A customer writes where you answer or follow"),
                                ("unassigned", "A new conversation that nobody has"),
                            ],
                            max_length=10,
                            verbose_name="kind",
                        ),
                    ),
                    ("read_at", models.DateTimeField(null=True, verbose_name="read")),
                    ("created_at", models.DateTimeField(verbose_name="created")),
                    (
                        "actor",
                        models.ForeignKey(
                            null=True,
                            on_delete=django.db.models.deletion.SET_NULL,
                            related_name="+",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                    (
                        "business",
                        models.ForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="+",
                            to="businesses.business",
                        ),
                    ),
                    (
                        "conversation",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="+",
                            to="conversations.conversation",
                        ),
                    ),
                    (
                        "user",
                        models.ForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="notifications",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                    ("push_due_at", models.DateTimeField(editable=False, null=True)),
                    ("mail_due_at", models.DateTimeField(editable=False, null=True)),
                ],
                options={
                    "verbose_name": "notification",
                    "verbose_name_plural": "notifications",
                    "indexes": [
                        models.Index(fields=["user", "business", "-created_at", "-id"], name="notification_newest"),
                        models.Index(
                            condition=models.Q(("read_at__isnull", True)),
                            fields=["user", "business"],
                            name="notification_unread",
                        ),
                        models.Index(
                            condition=models.Q(("push_due_at__isnull", False)),
                            fields=["push_due_at"],
                            name="notification_push",
                        ),
                        models.Index(
                            condition=models.Q(("mail_due_at__isnull", False)),
                            fields=["mail_due_at"],
                            name="notification_mail",
                        ),
                    ],
                    "constraints": [
                        models.UniqueConstraint(
                            condition=models.Q(("kind", "message"), ("read_at__isnull", True)),
                            fields=("user", "conversation"),
                            name="notification_message_once",
                        )
                    ],
                },
            ),
            migrations.CreateModel(
                name="Listened",
                fields=[
                    (
                        "business",
                        models.OneToOneField(
                            on_delete=django.db.models.deletion.CASCADE,
                            primary_key=True,
                            related_name="listened",
                            serialize=False,
                            to="businesses.business",
                        ),
                    ),
                    ("feed_seq", models.PositiveBigIntegerField()),
                ],
                options={
                    "verbose_name": "reading of a feed",
                    "verbose_name_plural": "readings of feeds",
                },
            ),
            migrations.CreateModel(
                name="NotificationSetting",
                fields=[
                    (
                        "user",
                        models.OneToOneField(
                            on_delete=django.db.models.deletion.CASCADE,
                            primary_key=True,
                            related_name="+",
                            serialize=False,
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                    ("not_pushed", models.JSONField(default=list)),
                    ("quiet_from", models.TimeField(null=True)),
                    ("quiet_until", models.TimeField(null=True)),
                    ("time_zone", models.CharField(default="UTC", max_length=64)),
                    ("mail_after", models.PositiveSmallIntegerField(default=30, null=True)),
                    ("not_mailed", models.JSONField(default=list)),
                    ("not_rung", models.JSONField(default=list)),
                    ("not_shown", models.JSONField(default=list)),
                ],
                options={
                    "verbose_name": "notification setting",
                    "verbose_name_plural": "notification settings",
                },
            ),
            migrations.CreateModel(
                name="PushSubscription",
                fields=[
                    (
                        "id",
                        models.UUIDField(
                            default=foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                        ),
                    ),
                    ("endpoint", models.CharField(max_length=1000, unique=True)),
                    ("p256dh", models.CharField(max_length=100)),
                    ("auth", models.CharField(max_length=40)),
                    ("created_at", models.DateTimeField(auto_now_add=True)),
                    (
                        "session",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.authsession"
                        ),
                    ),
                    (
                        "user",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                        ),
                    ),
                ],
                options={
                    "verbose_name": "push subscription",
                    "verbose_name_plural": "push subscriptions",
                },
            ),
        ),
    ]
