"""What 0001 to 0023 come to, for a database that has none of them."""

from typing import Any

import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

import foundation.ids
from foundation.tables import CreateModels


def create_words(_apps: Any, _editor: Any) -> None:
    """What was written before comes into the index after all migrations: conversations/search/index.py."""
    from conversations.search import index

    index.create()


def drop_words(_apps: Any, _editor: Any) -> None:
    from conversations.search import index

    index.drop()


class Migration(migrations.Migration):
    replaces = [
        ("conversations", "0001_initial"),
        ("conversations", "0002_assigning"),
        ("conversations", "0003_attachments"),
        ("conversations", "0004_team"),
        ("conversations", "0005_receipts"),
        ("conversations", "0006_lists_in_order"),
        ("conversations", "0007_verified_once"),
        ("conversations", "0008_rating"),
        ("conversations", "0009_search"),
        ("conversations", "0010_saved_views"),
        ("conversations", "0011_work"),
        ("conversations", "0012_by_priority"),
        ("conversations", "0013_search_shelves"),
        ("conversations", "0014_later"),
        ("conversations", "0015_macros"),
        ("conversations", "0016_message_ai_sources"),
        ("conversations", "0017_mail_originals"),
        ("conversations", "0018_quotes_and_reactions"),
        ("conversations", "0019_customer_facts"),
        ("conversations", "0020_merged_customers"),
        ("conversations", "0021_message_automated"),
        ("conversations", "0022_planned_files"),
        ("conversations", "0023_snoozed"),
    ]

    initial = True

    dependencies = [
        ("businesses", "0010_business_hours"),
        ("channels_app", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        CreateModels(
            migrations.CreateModel(
                name="Customer",
                fields=[
                    (
                        "id",
                        models.UUIDField(
                            default=foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                        ),
                    ),
                    ("name", models.CharField(blank=True, max_length=200, verbose_name="name")),
                    ("email", models.CharField(blank=True, max_length=254, verbose_name="e-mail")),
                    ("external_id", models.CharField(blank=True, max_length=200, verbose_name="id in your system")),
                    ("verified", models.BooleanField(default=False, verbose_name="verified")),
                    ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                    (
                        "business",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="customers",
                            to="businesses.business",
                        ),
                    ),
                    ("blocked_at", models.DateTimeField(blank=True, null=True, verbose_name="blocked")),
                    ("attributes", models.JSONField(blank=True, default=dict, verbose_name="attributes")),
                    ("last_seen_at", models.DateTimeField(blank=True, null=True, verbose_name="last seen")),
                    ("phone", models.CharField(blank=True, max_length=40, verbose_name="telephone")),
                    (
                        "merged_into",
                        models.ForeignKey(
                            blank=True,
                            db_index=False,
                            editable=False,
                            null=True,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="merged",
                            to="conversations.customer",
                        ),
                    ),
                ],
                options={
                    "verbose_name": "customer",
                    "verbose_name_plural": "customers",
                    "indexes": [
                        models.Index(fields=["business", "-created_at"], name="customer_newest"),
                        models.Index(fields=["business", "-last_seen_at", "-id"], name="customer_last_seen"),
                        models.Index(
                            condition=models.Q(("merged_into__isnull", False)),
                            fields=["merged_into"],
                            name="customer_merged",
                        ),
                    ],
                    "constraints": [
                        models.UniqueConstraint(
                            condition=models.Q(("verified", True), models.Q(("external_id", ""), _negated=True)),
                            fields=("business", "external_id"),
                            name="customer_verified_once",
                        )
                    ],
                },
            ),
            migrations.CreateModel(
                name="Tag",
                fields=[
                    (
                        "id",
                        models.UUIDField(
                            default=foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                        ),
                    ),
                    ("name", models.CharField(max_length=50, verbose_name="name")),
                    (
                        "color",
                        models.CharField(
                            choices=[
                                ("gray", "Gray"),
                                ("red", "Red"),
                                ("orange", "Orange"),
                                ("yellow", "Yellow"),
                                ("green", "Green"),
                                ("teal", "Teal"),
                                ("blue", "Blue"),
                                ("purple", "Purple"),
                                ("pink", "Pink"),
                            ],
                            default="gray",
                            max_length=10,
                            verbose_name="colour",
                        ),
                    ),
                    ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                    (
                        "business",
                        models.ForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="tags",
                            to="businesses.business",
                        ),
                    ),
                ],
                options={
                    "verbose_name": "tag",
                    "verbose_name_plural": "tags",
                    "ordering": ["name"],
                    "constraints": [
                        models.UniqueConstraint(
                            models.F("business"), django.db.models.functions.text.Lower("name"), name="tag_name_once"
                        )
                    ],
                },
            ),
            migrations.CreateModel(
                name="CannedResponse",
                fields=[
                    (
                        "id",
                        models.UUIDField(
                            default=foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                        ),
                    ),
                    ("shortcut", models.CharField(max_length=40, verbose_name="shortcut")),
                    ("content", models.TextField(verbose_name="text")),
                    ("shared", models.BooleanField(default=True, verbose_name="shared with the team")),
                    ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                    (
                        "author",
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
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="canned_responses",
                            to="businesses.business",
                        ),
                    ),
                ],
                options={
                    "verbose_name": "canned response",
                    "verbose_name_plural": "canned responses",
                    "ordering": ["shortcut"],
                    "constraints": [
                        models.UniqueConstraint(
                            models.F("business"),
                            django.db.models.functions.text.Lower("shortcut"),
                            condition=models.Q(("shared", True)),
                            name="canned_response_shared_once",
                        ),
                        models.UniqueConstraint(
                            models.F("business"),
                            models.F("author"),
                            django.db.models.functions.text.Lower("shortcut"),
                            condition=models.Q(("author__isnull", False), ("shared", False)),
                            name="canned_response_own_once",
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="Macro",
                fields=[
                    (
                        "id",
                        models.UUIDField(
                            default=foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                        ),
                    ),
                    ("name", models.CharField(max_length=80, verbose_name="name")),
                    ("content", models.TextField(blank=True, verbose_name="text")),
                    ("assign", models.CharField(blank=True, max_length=50, verbose_name="assign")),
                    ("tags", models.JSONField(blank=True, default=list, verbose_name="tags")),
                    (
                        "priority",
                        models.PositiveSmallIntegerField(
                            blank=True,
                            choices=[(0, "No priority"), (1, "Low"), (2, "Normal"), (3, "High"), (4, "Urgent")],
                            null=True,
                            verbose_name="priority",
                        ),
                    ),
                    (
                        "status",
                        models.CharField(
                            blank=True,
                            choices=[
                                ("open", "Open"),
                                ("pending", "Pending"),
                                ("resolved", "Resolved"),
                                ("closed", "Closed"),
                            ],
                            max_length=10,
                            verbose_name="status",
                        ),
                    ),
                    ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                    (
                        "author",
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
                            related_name="macros",
                            to="businesses.business",
                        ),
                    ),
                ],
                options={
                    "verbose_name": "macro",
                    "verbose_name_plural": "macros",
                    "ordering": ["name"],
                    "constraints": [
                        models.UniqueConstraint(
                            models.F("business"), django.db.models.functions.text.Lower("name"), name="macro_name_once"
                        )
                    ],
                },
            ),
            migrations.CreateModel(
                name="SavedView",
                fields=[
                    (
                        "id",
                        models.UUIDField(
                            default=foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                        ),
                    ),
                    ("name", models.CharField(max_length=200, verbose_name="name")),
                    ("shared", models.BooleanField(default=False, verbose_name="for everybody")),
                    ("filter", models.JSONField(verbose_name="filter")),
                    (
                        "sort",
                        models.CharField(
                            choices=[
                                ("newest", "Newest"),
                                ("oldest", "Oldest"),
                                ("waiting", "Longest waiting"),
                                ("priority", "Priority"),
                            ],
                            default="newest",
                            max_length=10,
                            verbose_name="order",
                        ),
                    ),
                    ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                    ("updated_at", models.DateTimeField(auto_now=True, verbose_name="changed")),
                    (
                        "business",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="saved_views",
                            to="businesses.business",
                        ),
                    ),
                    (
                        "owner",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="saved_views",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                ],
                options={
                    "verbose_name": "saved view",
                    "verbose_name_plural": "saved views",
                },
            ),
            migrations.CreateModel(
                name="SearchEntry",
                fields=[
                    ("id", models.BigAutoField(primary_key=True, serialize=False)),
                    ("business_id", models.UUIDField()),
                    (
                        "shelf",
                        models.CharField(choices=[("t", "What was said"), ("p", "People and articles")], max_length=1),
                    ),
                    ("kind", models.CharField(max_length=10)),
                    ("object_id", models.UUIDField(unique=True)),
                    ("conversation_id", models.UUIDField(null=True)),
                    ("at", models.DateTimeField()),
                ],
                options={
                    "verbose_name": "search entry",
                    "verbose_name_plural": "search entries",
                    "indexes": [models.Index(fields=["business_id", "shelf", "id"], name="search_newest")],
                },
            ),
            migrations.CreateModel(
                name="IndexedKind",
                fields=[
                    ("kind", models.CharField(max_length=10, primary_key=True, serialize=False)),
                ],
                options={
                    "verbose_name": "indexed kind",
                    "verbose_name_plural": "indexed kinds",
                },
            ),
            migrations.CreateModel(
                name="Conversation",
                fields=[
                    (
                        "id",
                        models.UUIDField(
                            default=foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                        ),
                    ),
                    (
                        "channel_type",
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
                            verbose_name="channel type",
                        ),
                    ),
                    (
                        "status",
                        models.CharField(
                            choices=[
                                ("open", "Open"),
                                ("pending", "Pending"),
                                ("resolved", "Resolved"),
                                ("closed", "Closed"),
                            ],
                            default="open",
                            max_length=10,
                            verbose_name="status",
                        ),
                    ),
                    ("last_seq", models.PositiveIntegerField(default=0, editable=False, verbose_name="messages")),
                    ("first_response_at", models.DateTimeField(blank=True, null=True, verbose_name="first response")),
                    ("resolved_at", models.DateTimeField(blank=True, null=True, verbose_name="resolved")),
                    ("closed_at", models.DateTimeField(blank=True, null=True, verbose_name="closed")),
                    ("created_at", models.DateTimeField(verbose_name="created")),
                    ("updated_at", models.DateTimeField(verbose_name="updated")),
                    (
                        "assignee",
                        models.ForeignKey(
                            blank=True,
                            db_index=False,
                            null=True,
                            on_delete=django.db.models.deletion.SET_NULL,
                            related_name="assigned_conversations",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                    (
                        "business",
                        models.ForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="conversations",
                            to="businesses.business",
                        ),
                    ),
                    (
                        "channel",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.SET_NULL,
                            related_name="conversations",
                            to="channels_app.channel",
                        ),
                    ),
                    (
                        "customer",
                        models.ForeignKey(
                            blank=True,
                            db_index=False,
                            null=True,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="conversations",
                            to="conversations.customer",
                        ),
                    ),
                    ("handoff_at", models.DateTimeField(blank=True, null=True, verbose_name="flagged")),
                    (
                        "handoff_reason",
                        models.CharField(
                            blank=True,
                            choices=[
                                ("low_confidence", "Theo was not sure"),
                                ("user_requested", "Asked for a person"),
                                ("complex_issue", "Too complex for Theo"),
                                ("error", "Theo could not send its answer"),
                            ],
                            max_length=40,
                            verbose_name="waits for a person",
                        ),
                    ),
                    (
                        "resolved_by",
                        models.ForeignKey(
                            blank=True,
                            editable=False,
                            null=True,
                            on_delete=django.db.models.deletion.SET_NULL,
                            related_name="+",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                    (
                        "team",
                        models.ForeignKey(
                            blank=True,
                            db_index=False,
                            null=True,
                            on_delete=django.db.models.deletion.SET_NULL,
                            related_name="conversations",
                            to="businesses.team",
                        ),
                    ),
                    (
                        "waiting_since",
                        models.DateTimeField(blank=True, editable=False, null=True, verbose_name="waiting since"),
                    ),
                    (
                        "merged_into",
                        models.ForeignKey(
                            blank=True,
                            db_index=False,
                            editable=False,
                            null=True,
                            on_delete=django.db.models.deletion.SET_NULL,
                            related_name="merged",
                            to="conversations.conversation",
                        ),
                    ),
                    (
                        "priority",
                        models.PositiveSmallIntegerField(
                            choices=[(0, "No priority"), (1, "Low"), (2, "Normal"), (3, "High"), (4, "Urgent")],
                            default=0,
                            verbose_name="priority",
                        ),
                    ),
                    ("snoozed_until", models.DateTimeField(blank=True, null=True, verbose_name="snoozed until")),
                    (
                        "last_message",
                        models.ForeignKey(
                            editable=False,
                            null=True,
                            on_delete=django.db.models.deletion.SET_NULL,
                            related_name="+",
                            to="conversations.message",
                        ),
                    ),
                    (
                        "tags",
                        models.ManyToManyField(
                            related_name="conversations",
                            through="conversations.ConversationTag",
                            to="conversations.tag",
                        ),
                    ),
                ],
                options={
                    "verbose_name": "conversation",
                    "verbose_name_plural": "conversations",
                    "indexes": [
                        models.Index(fields=["business", "-updated_at", "-id"], name="conversation_newest"),
                        models.Index(
                            fields=["business", "status", "-updated_at", "-id"], name="conversation_by_status"
                        ),
                        models.Index(fields=["customer", "-updated_at", "-id"], name="conversation_of_customer"),
                        models.Index(fields=["business", "created_at"], name="conversation_started"),
                        models.Index(
                            condition=models.Q(("resolved_at__isnull", False)),
                            fields=["business", "resolved_at"],
                            name="conversation_resolved",
                        ),
                        models.Index(
                            condition=models.Q(("handoff_at__isnull", False)),
                            fields=["business", "handoff_at", "id"],
                            name="conversation_handoffs",
                        ),
                        models.Index(
                            condition=models.Q(("assignee__isnull", False)),
                            fields=["assignee", "business", "-updated_at", "-id", "status"],
                            name="conversation_of_assignee",
                        ),
                        models.Index(
                            condition=models.Q(("assignee__isnull", True)),
                            fields=["business", "-updated_at", "-id", "status"],
                            name="conversation_unassigned",
                        ),
                        models.Index(
                            condition=models.Q(("team__isnull", False)),
                            fields=["team", "-updated_at", "-id", "status"],
                            name="conversation_of_team",
                        ),
                        models.Index(
                            condition=models.Q(("waiting_since__isnull", False)),
                            fields=["business", "waiting_since", "id", "status"],
                            name="conversation_waiting",
                        ),
                        models.Index(
                            condition=models.Q(("snoozed_until__isnull", False)),
                            fields=["snoozed_until"],
                            name="conversation_to_wake",
                        ),
                        models.Index(
                            condition=models.Q(("merged_into__isnull", False)),
                            fields=["merged_into"],
                            name="conversation_merged",
                        ),
                        models.Index(
                            condition=models.Q(("priority__gt", 0)),
                            fields=["business", "-priority", "-updated_at", "-id", "status"],
                            name="conversation_by_priority",
                        ),
                        models.Index(
                            condition=models.Q(("snoozed_until__isnull", False)),
                            fields=["business", "status", "snoozed_until"],
                            name="conversation_snoozed",
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="Message",
                fields=[
                    (
                        "id",
                        models.UUIDField(
                            default=foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                        ),
                    ),
                    ("seq", models.PositiveIntegerField(verbose_name="number")),
                    (
                        "sender_type",
                        models.CharField(
                            choices=[("agent", "Agent"), ("customer", "Customer")],
                            max_length=10,
                            verbose_name="written by",
                        ),
                    ),
                    ("content", models.TextField(blank=True, verbose_name="text")),
                    ("attachments", models.JSONField(blank=True, default=list)),
                    (
                        "status",
                        models.CharField(
                            choices=[
                                ("queued", "Queued"),
                                ("sent", "Sent"),
                                ("delivered", "Delivered"),
                                ("read", "Read"),
                                ("failed", "Not sent"),
                            ],
                            default="sent",
                            max_length=10,
                            verbose_name="status",
                        ),
                    ),
                    ("error", models.CharField(blank=True, max_length=300, verbose_name="why it was not sent")),
                    ("dedup_key", models.CharField(editable=False, max_length=300, null=True, unique=True)),
                    ("fingerprint", models.CharField(blank=True, editable=False, max_length=64)),
                    ("created_at", models.DateTimeField(verbose_name="when")),
                    (
                        "conversation",
                        models.ForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="messages",
                            to="conversations.conversation",
                        ),
                    ),
                    (
                        "sender",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.SET_NULL,
                            related_name="+",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                    ("deleted_at", models.DateTimeField(editable=False, null=True, verbose_name="deleted")),
                    ("edited_at", models.DateTimeField(editable=False, null=True, verbose_name="edited")),
                    ("ai_sources", models.JSONField(editable=False, null=True)),
                    (
                        "quoted_seq",
                        models.PositiveIntegerField(editable=False, null=True, verbose_name="answers number"),
                    ),
                    ("reaction", models.CharField(blank=True, editable=False, max_length=32, verbose_name="reaction")),
                    (
                        "automated",
                        models.BooleanField(
                            db_default=False, default=False, editable=False, verbose_name="written by a machine"
                        ),
                    ),
                ],
                options={
                    "verbose_name": "message",
                    "verbose_name_plural": "messages",
                    "ordering": ["conversation_id", "seq"],
                    "constraints": [
                        models.UniqueConstraint(fields=("conversation", "seq"), name="message_seq_once"),
                        models.CheckConstraint(condition=models.Q(("seq__gte", 1)), name="message_seq_from_one"),
                    ],
                },
            ),
            migrations.CreateModel(
                name="ReadMark",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    ("seq", models.PositiveIntegerField(default=0)),
                    (
                        "conversation",
                        models.ForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="read_marks",
                            to="conversations.conversation",
                        ),
                    ),
                    (
                        "user",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="read_marks",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                ],
                options={
                    "verbose_name": "read mark",
                    "verbose_name_plural": "read marks",
                    "constraints": [models.UniqueConstraint(fields=("conversation", "user"), name="read_mark_once")],
                },
            ),
            migrations.CreateModel(
                name="Receipts",
                fields=[
                    (
                        "conversation",
                        models.OneToOneField(
                            on_delete=django.db.models.deletion.CASCADE,
                            primary_key=True,
                            related_name="stored_receipts",
                            serialize=False,
                            to="conversations.conversation",
                        ),
                    ),
                    ("customer_delivered_seq", models.PositiveIntegerField(db_default=0)),
                    ("customer_delivered_at", models.DateTimeField(null=True)),
                    ("customer_read_seq", models.PositiveIntegerField(db_default=0)),
                    ("customer_read_at", models.DateTimeField(null=True)),
                    ("agent_delivered_seq", models.PositiveIntegerField(db_default=0)),
                    ("agent_delivered_at", models.DateTimeField(null=True)),
                    ("agent_read_seq", models.PositiveIntegerField(db_default=0)),
                    ("agent_read_at", models.DateTimeField(null=True)),
                ],
                options={
                    "verbose_name": "receipts",
                    "verbose_name_plural": "receipts",
                },
            ),
            migrations.CreateModel(
                name="ConversationTag",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    (
                        "conversation",
                        models.ForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="+",
                            to="conversations.conversation",
                        ),
                    ),
                    (
                        "tag",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.CASCADE, related_name="+", to="conversations.tag"
                        ),
                    ),
                ],
                options={
                    "verbose_name": "tag of a conversation",
                    "verbose_name_plural": "tags of conversations",
                    "constraints": [
                        models.UniqueConstraint(fields=("conversation", "tag"), name="conversation_tag_once")
                    ],
                },
            ),
            migrations.CreateModel(
                name="Activity",
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
                                ("customer_merged", "Customer merged"),
                                ("customer_unmerged", "Merge of the customer undone"),
                                ("returned", "Not sent as planned"),
                            ],
                            max_length=20,
                            verbose_name="kind",
                        ),
                    ),
                    ("after_seq", models.PositiveIntegerField(verbose_name="behind the message")),
                    ("data", models.JSONField(blank=True, default=dict)),
                    ("created_at", models.DateTimeField(verbose_name="when")),
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
                        "conversation",
                        models.ForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="activities",
                            to="conversations.conversation",
                        ),
                    ),
                ],
                options={
                    "verbose_name": "activity",
                    "verbose_name_plural": "activities",
                    "indexes": [
                        models.Index(fields=["conversation", "after_seq", "created_at"], name="activity_in_thread")
                    ],
                },
            ),
            migrations.CreateModel(
                name="ReplyDraft",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    ("content", models.TextField(verbose_name="text")),
                    ("is_note", models.BooleanField(default=False, verbose_name="a note")),
                    ("updated_at", models.DateTimeField(verbose_name="updated")),
                    (
                        "conversation",
                        models.ForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="drafts",
                            to="conversations.conversation",
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
                    "verbose_name": "draft",
                    "verbose_name_plural": "drafts",
                    "constraints": [models.UniqueConstraint(fields=("conversation", "user"), name="draft_once")],
                },
            ),
            migrations.CreateModel(
                name="Follower",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    (
                        "conversation",
                        models.ForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="followers",
                            to="conversations.conversation",
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
                    "verbose_name": "follower",
                    "verbose_name_plural": "followers",
                    "constraints": [models.UniqueConstraint(fields=("conversation", "user"), name="follower_once")],
                },
            ),
            migrations.CreateModel(
                name="MailOriginal",
                fields=[
                    (
                        "message",
                        models.OneToOneField(
                            on_delete=django.db.models.deletion.CASCADE,
                            primary_key=True,
                            related_name="mail",
                            serialize=False,
                            to="conversations.message",
                        ),
                    ),
                    ("subject", models.CharField(blank=True, max_length=300, verbose_name="subject")),
                    ("to", models.CharField(blank=True, max_length=1000, verbose_name="to")),
                    ("cc", models.CharField(blank=True, max_length=1000, verbose_name="copy to")),
                    ("quoted", models.TextField(blank=True, verbose_name="quoted text")),
                    ("html", models.TextField(blank=True)),
                    ("pictures", models.JSONField(blank=True, default=dict)),
                ],
                options={
                    "verbose_name": "mail",
                    "verbose_name_plural": "mails",
                },
            ),
            migrations.CreateModel(
                name="Note",
                fields=[
                    (
                        "id",
                        models.UUIDField(
                            default=foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                        ),
                    ),
                    ("content", models.TextField(verbose_name="text")),
                    ("after_seq", models.PositiveIntegerField(verbose_name="behind the message")),
                    ("dedup_key", models.CharField(editable=False, max_length=300, null=True, unique=True)),
                    ("fingerprint", models.CharField(blank=True, editable=False, max_length=64)),
                    ("created_at", models.DateTimeField(verbose_name="when")),
                    ("updated_at", models.DateTimeField(verbose_name="updated")),
                    (
                        "author",
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
                            on_delete=django.db.models.deletion.CASCADE, related_name="notes", to="businesses.business"
                        ),
                    ),
                    (
                        "conversation",
                        models.ForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="notes",
                            to="conversations.conversation",
                        ),
                    ),
                    (
                        "mentioned",
                        models.ManyToManyField(
                            related_name="+",
                            through="conversations.Mention",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                ],
                options={
                    "verbose_name": "note",
                    "verbose_name_plural": "notes",
                    "indexes": [
                        models.Index(fields=["conversation", "after_seq", "created_at"], name="note_in_thread")
                    ],
                },
            ),
            migrations.CreateModel(
                name="Mention",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    (
                        "conversation",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="mentions",
                            to="conversations.conversation",
                        ),
                    ),
                    (
                        "user",
                        models.ForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="+",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                    (
                        "note",
                        models.ForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="mentions",
                            to="conversations.note",
                        ),
                    ),
                ],
                options={
                    "verbose_name": "mention",
                    "verbose_name_plural": "mentions",
                    "indexes": [models.Index(fields=["user", "conversation"], name="mention_of_user")],
                    "constraints": [models.UniqueConstraint(fields=("note", "user"), name="mention_once")],
                },
            ),
            migrations.CreateModel(
                name="Rating",
                fields=[
                    (
                        "conversation",
                        models.OneToOneField(
                            on_delete=django.db.models.deletion.CASCADE,
                            primary_key=True,
                            related_name="rating",
                            serialize=False,
                            to="conversations.conversation",
                        ),
                    ),
                    ("score", models.PositiveSmallIntegerField(verbose_name="rating")),
                    ("comment", models.TextField(blank=True, verbose_name="comment")),
                    ("rated_at", models.DateTimeField(verbose_name="when")),
                    (
                        "agent",
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
                            related_name="ratings",
                            to="businesses.business",
                        ),
                    ),
                ],
                options={
                    "verbose_name": "rating",
                    "verbose_name_plural": "ratings",
                    "indexes": [models.Index(fields=["business", "rated_at"], name="rating_lately")],
                    "constraints": [
                        models.CheckConstraint(condition=models.Q(("score__range", (1, 5))), name="rating_from_1_to_5")
                    ],
                },
            ),
            migrations.CreateModel(
                name="ScheduledMessage",
                fields=[
                    (
                        "id",
                        models.UUIDField(
                            default=foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                        ),
                    ),
                    ("content", models.TextField(blank=True, verbose_name="text")),
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
                    ("quoted_seq", models.PositiveIntegerField(null=True)),
                ],
                options={
                    "verbose_name": "scheduled message",
                    "verbose_name_plural": "scheduled messages",
                    "constraints": [
                        models.UniqueConstraint(
                            condition=models.Q(("key", ""), _negated=True),
                            fields=("author", "key"),
                            name="scheduled_once",
                        )
                    ],
                },
            ),
            migrations.CreateModel(
                name="Attachment",
                fields=[
                    (
                        "id",
                        models.UUIDField(
                            default=foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                        ),
                    ),
                    (
                        "sender_type",
                        models.CharField(
                            choices=[("agent", "Agent"), ("customer", "Customer")],
                            max_length=10,
                            verbose_name="sent by",
                        ),
                    ),
                    ("filename", models.CharField(max_length=200, verbose_name="name")),
                    ("content_type", models.CharField(max_length=100, verbose_name="type")),
                    ("size", models.PositiveIntegerField(verbose_name="bytes")),
                    ("width", models.PositiveIntegerField(null=True)),
                    ("height", models.PositiveIntegerField(null=True)),
                    ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="when")),
                    (
                        "business",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="attachments",
                            to="businesses.business",
                        ),
                    ),
                    (
                        "conversation",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="files",
                            to="conversations.conversation",
                        ),
                    ),
                    (
                        "message",
                        models.ForeignKey(
                            null=True,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="files",
                            to="conversations.message",
                        ),
                    ),
                    (
                        "uploader",
                        models.ForeignKey(
                            null=True,
                            on_delete=django.db.models.deletion.SET_NULL,
                            related_name="+",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                    (
                        "scheduled",
                        models.ForeignKey(
                            null=True,
                            on_delete=django.db.models.deletion.SET_NULL,
                            related_name="files",
                            to="conversations.scheduledmessage",
                        ),
                    ),
                ],
                options={
                    "verbose_name": "attachment",
                    "verbose_name_plural": "attachments",
                    "indexes": [
                        models.Index(
                            condition=models.Q(("message", None)), fields=["created_at"], name="attachment_unsent"
                        )
                    ],
                },
            ),
        ),
        migrations.RunPython(create_words, drop_words),
    ]
