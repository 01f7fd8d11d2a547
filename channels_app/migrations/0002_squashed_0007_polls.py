"""What 0002 to 0007 come to, for a database that has none of them."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import foundation.ids
from foundation.tables import CreateModels


class Migration(migrations.Migration):
    replaces = [
        ("channels_app", "0002_delivery"),
        ("channels_app", "0003_intake"),
        ("channels_app", "0004_mailbox"),
        ("channels_app", "0005_raw_event_customer"),
        ("channels_app", "0006_health"),
        ("channels_app", "0007_polls"),
    ]

    dependencies = [
        ("businesses", "0010_business_hours"),
        ("channels_app", "0001_initial"),
        ("conversations", "0021_message_automated"),
    ]

    operations = [
        migrations.AddField(
            model_name="channel",
            name="connected_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="connected"),
        ),
        migrations.AddField(
            model_name="channel",
            name="last_error",
            field=models.CharField(blank=True, editable=False, max_length=300, verbose_name="last error"),
        ),
        migrations.AddField(
            model_name="channel",
            name="last_error_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="last error at"),
        ),
        migrations.AddField(
            model_name="channel",
            name="last_event_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="last event"),
        ),
        migrations.AddField(
            model_name="channel",
            name="last_sent_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="last sent"),
        ),
        migrations.AddField(
            model_name="channel",
            name="paused_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="paused"),
        ),
        migrations.AddField(
            model_name="channel",
            name="setup",
            field=models.JSONField(blank=True, default=dict, editable=False),
        ),
        migrations.AddField(
            model_name="channel",
            name="checked_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="last asked about"),
        ),
        migrations.AddField(
            model_name="channel",
            name="sole_account",
            field=models.CharField(editable=False, max_length=80, null=True, unique=True, verbose_name="account"),
        ),
        CreateModels(
            migrations.CreateModel(
                name="Delivery",
                fields=[
                    (
                        "id",
                        models.UUIDField(
                            default=foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                        ),
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
                    ("external_id", models.CharField(blank=True, max_length=1000, verbose_name="id at the provider")),
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
                        models.ForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="deliveries",
                            to="conversations.message",
                        ),
                    ),
                    (
                        "attachment",
                        models.ForeignKey(
                            null=True,
                            on_delete=django.db.models.deletion.SET_NULL,
                            related_name="+",
                            to="conversations.attachment",
                        ),
                    ),
                    ("content", models.TextField(blank=True, verbose_name="text")),
                    ("part", models.PositiveSmallIntegerField(default=0, verbose_name="part")),
                    ("started_at", models.DateTimeField(editable=False, null=True, verbose_name="try begun")),
                    ("template", models.JSONField(blank=True, null=True)),
                    (
                        "uncertain",
                        models.PositiveSmallIntegerField(default=0, verbose_name="tries without a clear end"),
                    ),
                ],
                options={
                    "verbose_name": "delivery",
                    "verbose_name_plural": "deliveries",
                    "indexes": [
                        models.Index(
                            condition=models.Q(("state", "queued")), fields=["channel", "due_at"], name="delivery_due"
                        ),
                        models.Index(
                            condition=models.Q(("state", "queued")),
                            fields=["conversation", "seq", "part"],
                            name="delivery_head",
                        ),
                    ],
                    "constraints": [models.UniqueConstraint(fields=("message", "part"), name="delivery_part_once")],
                },
            ),
            migrations.CreateModel(
                name="RawEvent",
                fields=[
                    (
                        "id",
                        models.UUIDField(
                            default=foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                        ),
                    ),
                    ("dedup_key", models.CharField(editable=False, max_length=200)),
                    ("payload", models.JSONField(verbose_name="as it came")),
                    (
                        "state",
                        models.CharField(
                            choices=[("waiting", "Waiting"), ("done", "Done"), ("failed", "Failed")],
                            default="waiting",
                            max_length=10,
                            verbose_name="state",
                        ),
                    ),
                    ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="tries")),
                    ("due_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="due")),
                    ("last_error", models.CharField(blank=True, max_length=300, verbose_name="what went wrong")),
                    ("received_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="received")),
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
                        "channel",
                        models.ForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="raw_events",
                            to="channels_app.channel",
                        ),
                    ),
                    (
                        "customer",
                        models.ForeignKey(
                            db_constraint=False,
                            editable=False,
                            null=True,
                            on_delete=django.db.models.deletion.DO_NOTHING,
                            related_name="+",
                            to="conversations.customer",
                        ),
                    ),
                ],
                options={
                    "verbose_name": "event of a provider",
                    "verbose_name_plural": "events of providers",
                    "indexes": [
                        models.Index(condition=models.Q(("state", "waiting")), fields=["due_at"], name="raw_event_due"),
                        models.Index(
                            condition=models.Q(("state", "failed")),
                            fields=["channel", "-received_at"],
                            name="raw_event_failed",
                        ),
                        models.Index(fields=["received_at"], name="raw_event_age"),
                    ],
                    "constraints": [models.UniqueConstraint(fields=("channel", "dedup_key"), name="raw_event_once")],
                },
            ),
            migrations.CreateModel(
                name="Contact",
                fields=[
                    (
                        "id",
                        models.UUIDField(
                            default=foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                        ),
                    ),
                    ("key", models.CharField(max_length=300, verbose_name="key")),
                    ("proven", models.BooleanField(default=False, verbose_name="vouched for by the provider")),
                    ("reason", models.CharField(blank=True, max_length=200, verbose_name="why it is this customer")),
                    ("unreachable", models.CharField(blank=True, max_length=200, verbose_name="not reachable")),
                    ("created_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="created")),
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
                        "channel",
                        models.ForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="contacts",
                            to="channels_app.channel",
                        ),
                    ),
                    (
                        "customer",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="contacts",
                            to="conversations.customer",
                        ),
                    ),
                ],
                options={
                    "verbose_name": "contact",
                    "verbose_name_plural": "contacts",
                    "indexes": [
                        models.Index(
                            condition=models.Q(("proven", True)), fields=["business", "key"], name="contact_proven"
                        )
                    ],
                    "constraints": [models.UniqueConstraint(fields=("channel", "key"), name="contact_key_once")],
                },
            ),
            migrations.CreateModel(
                name="Thread",
                fields=[
                    (
                        "id",
                        models.UUIDField(
                            default=foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                        ),
                    ),
                    ("key", models.CharField(max_length=300, verbose_name="key")),
                    ("address", models.CharField(max_length=1000, verbose_name="answers go to")),
                    ("last_heard_at", models.DateTimeField(null=True, verbose_name="last heard")),
                    (
                        "channel",
                        models.ForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="threads",
                            to="channels_app.channel",
                        ),
                    ),
                    (
                        "conversation",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="threads",
                            to="conversations.conversation",
                        ),
                    ),
                ],
                options={
                    "verbose_name": "thread at a provider",
                    "verbose_name_plural": "threads at providers",
                    "constraints": [models.UniqueConstraint(fields=("channel", "key"), name="thread_key_once")],
                },
            ),
            migrations.CreateModel(
                name="ExternalMessage",
                fields=[
                    ("id", models.BigAutoField(primary_key=True, serialize=False)),
                    ("key", models.CharField(max_length=200, verbose_name="key")),
                    ("external_id", models.CharField(max_length=1000, verbose_name="id at the provider")),
                    (
                        "channel",
                        models.ForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="+",
                            to="channels_app.channel",
                        ),
                    ),
                    (
                        "message",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="external",
                            to="conversations.message",
                        ),
                    ),
                ],
                options={
                    "verbose_name": "message at a provider",
                    "verbose_name_plural": "messages at providers",
                    "constraints": [models.UniqueConstraint(fields=("channel", "key"), name="external_message_once")],
                },
            ),
            migrations.CreateModel(
                name="Media",
                fields=[
                    (
                        "id",
                        models.UUIDField(
                            default=foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                        ),
                    ),
                    ("ref", models.JSONField(verbose_name="where it is")),
                    ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="tries")),
                    (
                        "due_at",
                        models.DateTimeField(db_index=True, default=django.utils.timezone.now, verbose_name="due"),
                    ),
                    (
                        "channel",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.CASCADE, related_name="media", to="channels_app.channel"
                        ),
                    ),
                    (
                        "message",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.CASCADE, related_name="+", to="conversations.message"
                        ),
                    ),
                ],
                options={
                    "verbose_name": "file to fetch",
                    "verbose_name_plural": "files to fetch",
                },
            ),
            migrations.CreateModel(
                name="Poll",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    ("cursor", models.JSONField(blank=True, default=dict)),
                    (
                        "due_at",
                        models.DateTimeField(db_index=True, default=django.utils.timezone.now, verbose_name="due"),
                    ),
                    (
                        "channel",
                        models.OneToOneField(
                            on_delete=django.db.models.deletion.CASCADE, related_name="poll", to="channels_app.channel"
                        ),
                    ),
                ],
                options={
                    "verbose_name": "poll",
                    "verbose_name_plural": "polls",
                },
            ),
            migrations.CreateModel(
                name="Mailbox",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    ("name", models.CharField(blank=True, max_length=300, verbose_name="mailbox")),
                    ("validity", models.BigIntegerField(default=0)),
                    ("last_uid", models.BigIntegerField(default=0, verbose_name="last mail")),
                    ("refusals", models.PositiveSmallIntegerField(default=0, verbose_name="refusals in a row")),
                    ("last_error", models.CharField(blank=True, max_length=300, verbose_name="last error")),
                    ("looked_at", models.DateTimeField(null=True, verbose_name="last read")),
                    (
                        "due_at",
                        models.DateTimeField(db_index=True, default=django.utils.timezone.now, verbose_name="due"),
                    ),
                    (
                        "channel",
                        models.OneToOneField(
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="mailbox",
                            to="channels_app.channel",
                        ),
                    ),
                ],
                options={
                    "verbose_name": "mailbox",
                    "verbose_name_plural": "mailboxes",
                },
            ),
            migrations.CreateModel(
                name="Heartbeat",
                fields=[
                    ("name", models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="name")),
                    ("beat_at", models.DateTimeField(verbose_name="last heard of")),
                ],
                options={
                    "verbose_name": "heartbeat",
                    "verbose_name_plural": "heartbeats",
                },
            ),
        ),
    ]
