"""What 0001 to 0010 come to, for a database that has none of them."""

from typing import Any

import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import businesses.models
import foundation.ids
from foundation.tables import CreateModels

# The plans of the contract (contract/api.md 12). A self-hosted install starts everybody on Pro, messages unlimited.
PLANS: list[dict[str, Any]] = [
    {
        "name": "Free",
        "max_agents": 0,
        "max_channels": 1,
        "max_kb_articles": 5,
        "all_channel_types": False,
        "theo_auto": False,
    },
    {"name": "Mini", "max_agents": 2, "max_channels": 3, "max_kb_articles": 25},
    {"name": "Pro", "max_agents": 5, "max_channels": 100, "max_kb_articles": 1000, "is_default": True},
]


def create_plans(apps: Any, schema_editor: Any) -> None:
    model = apps.get_model("businesses", "Plan")
    for plan in PLANS:
        model.objects.get_or_create(name=plan["name"], defaults=plan)


class Migration(migrations.Migration):
    replaces = [
        ("businesses", "0001_initial"),
        ("businesses", "0002_plans"),
        ("businesses", "0003_audit_entry"),
        ("businesses", "0004_audit_browser"),
        ("businesses", "0005_team"),
        ("businesses", "0006_monthly_usage"),
        ("businesses", "0007_api_tokens"),
        ("businesses", "0008_second_factor_required"),
        ("businesses", "0009_feed_index"),
        ("businesses", "0010_business_hours"),
    ]

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        CreateModels(
            migrations.CreateModel(
                name="Plan",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    ("name", models.CharField(max_length=40, unique=True, verbose_name="name")),
                    (
                        "max_agents",
                        models.PositiveIntegerField(blank=True, null=True, verbose_name="agents besides the owner"),
                    ),
                    ("max_channels", models.PositiveIntegerField(blank=True, null=True, verbose_name="channels")),
                    (
                        "max_kb_articles",
                        models.PositiveIntegerField(blank=True, null=True, verbose_name="knowledge articles"),
                    ),
                    (
                        "max_messages_per_month",
                        models.PositiveIntegerField(blank=True, null=True, verbose_name="messages a month"),
                    ),
                    (
                        "all_channel_types",
                        models.BooleanField(default=True, verbose_name="channels other than the web widget"),
                    ),
                    ("theo_auto", models.BooleanField(default=True, verbose_name="Theo may answer by itself")),
                    ("is_default", models.BooleanField(default=False, verbose_name="for new workspaces")),
                ],
                options={
                    "verbose_name": "plan",
                    "verbose_name_plural": "plans",
                    "constraints": [
                        models.UniqueConstraint(
                            condition=models.Q(("is_default", True)), fields=("is_default",), name="plan_one_default"
                        )
                    ],
                },
            ),
            migrations.CreateModel(
                name="Business",
                fields=[
                    (
                        "id",
                        models.UUIDField(
                            default=foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                        ),
                    ),
                    ("name", models.CharField(max_length=200, verbose_name="name")),
                    ("website", models.CharField(blank=True, max_length=2048, verbose_name="website")),
                    ("industry", models.CharField(blank=True, max_length=200, verbose_name="industry")),
                    ("team_size", models.CharField(blank=True, max_length=200, verbose_name="team size")),
                    ("goal", models.CharField(blank=True, max_length=200, verbose_name="goal")),
                    (
                        "assign_on_reply",
                        models.BooleanField(default=True, verbose_name="the first to answer takes the conversation"),
                    ),
                    (
                        "time_zone",
                        models.CharField(
                            default="UTC",
                            max_length=64,
                            validators=[businesses.models.known_time_zone],
                            verbose_name="time zone",
                        ),
                    ),
                    (
                        "feed_seq",
                        models.PositiveBigIntegerField(default=0, editable=False, verbose_name="feed position"),
                    ),
                    ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                    ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated")),
                    (
                        "plan",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="businesses",
                            to="businesses.plan",
                            verbose_name="plan",
                        ),
                    ),
                    (
                        "second_factor_required",
                        models.BooleanField(default=False, verbose_name="everybody needs a second factor"),
                    ),
                    ("hours", models.JSONField(blank=True, default=None, null=True, verbose_name="business hours")),
                    (
                        "reply_time",
                        models.CharField(
                            choices=[
                                ("measured", "As it was lately"),
                                ("minutes", "In a few minutes"),
                                ("hour", "Within an hour"),
                                ("hours", "Within a few hours"),
                                ("day", "Within a day"),
                                ("unsaid", "Do not say"),
                            ],
                            default="measured",
                            max_length=10,
                            verbose_name="reply time",
                        ),
                    ),
                ],
                options={
                    "verbose_name": "workspace",
                    "verbose_name_plural": "workspaces",
                },
            ),
            migrations.CreateModel(
                name="MonthlyUsage",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    ("month", models.DateField(verbose_name="first day of the month")),
                    ("agent_messages", models.PositiveIntegerField(default=0, verbose_name="messages of agents")),
                    (
                        "business",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.CASCADE, related_name="usage", to="businesses.business"
                        ),
                    ),
                ],
                options={
                    "verbose_name": "monthly usage",
                    "verbose_name_plural": "monthly usage",
                    "constraints": [models.UniqueConstraint(fields=("business", "month"), name="usage_once_a_month")],
                },
            ),
            migrations.CreateModel(
                name="Membership",
                fields=[
                    (
                        "id",
                        models.UUIDField(
                            default=foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                        ),
                    ),
                    (
                        "role",
                        models.CharField(
                            choices=[("owner", "Owner"), ("admin", "Admin"), ("agent", "Agent")],
                            default="agent",
                            max_length=10,
                            verbose_name="role",
                        ),
                    ),
                    (
                        "status",
                        models.CharField(
                            choices=[("live", "Live"), ("away", "Away"), ("offline", "Offline")],
                            default="offline",
                            max_length=10,
                            verbose_name="status",
                        ),
                    ),
                    ("is_active", models.BooleanField(default=True, verbose_name="active")),
                    ("invited_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="joined")),
                    (
                        "business",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="memberships",
                            to="businesses.business",
                        ),
                    ),
                    (
                        "user",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="memberships",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                    (
                        "chosen_status",
                        models.CharField(
                            choices=[("live", "Live"), ("away", "Away"), ("offline", "Offline")],
                            default="live",
                            editable=False,
                            max_length=10,
                            verbose_name="chosen status",
                        ),
                    ),
                    (
                        "last_seen_at",
                        models.DateTimeField(blank=True, editable=False, null=True, verbose_name="last seen"),
                    ),
                ],
                options={
                    "verbose_name": "member",
                    "verbose_name_plural": "members",
                    "constraints": [
                        models.UniqueConstraint(fields=("business", "user"), name="membership_once"),
                        models.UniqueConstraint(
                            condition=models.Q(("role", "owner")), fields=("business",), name="membership_one_owner"
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="Team",
                fields=[
                    (
                        "id",
                        models.UUIDField(
                            default=foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                        ),
                    ),
                    ("name", models.CharField(max_length=200, verbose_name="name")),
                    ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                    ("updated_at", models.DateTimeField(auto_now=True, verbose_name="changed")),
                    (
                        "business",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.CASCADE, related_name="teams", to="businesses.business"
                        ),
                    ),
                    (
                        "members",
                        models.ManyToManyField(
                            blank=True, related_name="teams", to="businesses.membership", verbose_name="members"
                        ),
                    ),
                ],
                options={
                    "verbose_name": "team",
                    "verbose_name_plural": "teams",
                    "constraints": [
                        models.UniqueConstraint(
                            models.F("business"), django.db.models.functions.text.Lower("name"), name="team_name_once"
                        )
                    ],
                },
            ),
            migrations.CreateModel(
                name="Invitation",
                fields=[
                    (
                        "id",
                        models.UUIDField(
                            default=foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                        ),
                    ),
                    ("email", models.EmailField(max_length=254, verbose_name="e-mail")),
                    (
                        "role",
                        models.CharField(
                            choices=[("owner", "Owner"), ("admin", "Admin"), ("agent", "Agent")],
                            default="agent",
                            max_length=10,
                            verbose_name="role",
                        ),
                    ),
                    ("digest", models.CharField(editable=False, max_length=64, unique=True)),
                    ("expires_at", models.DateTimeField(default=businesses.models.invitation_end, verbose_name="ends")),
                    ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                    ("updated_at", models.DateTimeField(auto_now=True, verbose_name="sent")),
                    (
                        "business",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="invitations",
                            to="businesses.business",
                        ),
                    ),
                    (
                        "invited_by",
                        models.ForeignKey(
                            null=True,
                            on_delete=django.db.models.deletion.SET_NULL,
                            related_name="+",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                ],
                options={
                    "verbose_name": "invitation",
                    "verbose_name_plural": "invitations",
                    "constraints": [models.UniqueConstraint(fields=("business", "email"), name="invitation_once")],
                },
            ),
            migrations.CreateModel(
                name="FeedEvent",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    ("seq", models.PositiveBigIntegerField(verbose_name="number")),
                    ("kind", models.CharField(max_length=40, verbose_name="kind")),
                    ("conversation_id", models.UUIDField(null=True, verbose_name="conversation")),
                    ("message_id", models.UUIDField(null=True, verbose_name="message")),
                    ("actor_id", models.UUIDField(null=True, verbose_name="who did it")),
                    ("data", models.JSONField(default=dict)),
                    ("created_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="when")),
                    (
                        "business",
                        models.ForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="feed",
                            to="businesses.business",
                        ),
                    ),
                ],
                options={
                    "verbose_name": "feed event",
                    "verbose_name_plural": "feed events",
                    "constraints": [models.UniqueConstraint(fields=("business", "seq"), name="feed_seq_once")],
                },
            ),
            migrations.CreateModel(
                name="ApiToken",
                fields=[
                    (
                        "id",
                        models.UUIDField(
                            default=foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                        ),
                    ),
                    ("name", models.CharField(max_length=100, verbose_name="name")),
                    ("scopes", models.JSONField(default=list, verbose_name="may")),
                    ("prefix", models.CharField(max_length=16, unique=True, verbose_name="begins with")),
                    ("digest", models.CharField(max_length=64)),
                    ("expires_at", models.DateTimeField(blank=True, null=True, verbose_name="ends")),
                    ("last_used_at", models.DateTimeField(blank=True, null=True, verbose_name="last used")),
                    ("created_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="created")),
                    (
                        "membership",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="api_tokens",
                            to="businesses.membership",
                        ),
                    ),
                ],
                options={
                    "verbose_name": "API token",
                    "verbose_name_plural": "API tokens",
                },
            ),
            migrations.CreateModel(
                name="AuditEntry",
                fields=[
                    (
                        "id",
                        models.UUIDField(
                            default=foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                        ),
                    ),
                    ("business_id", models.UUIDField(null=True, verbose_name="workspace")),
                    ("action", models.CharField(max_length=60, verbose_name="what")),
                    ("actor_id", models.UUIDField(null=True, verbose_name="who")),
                    ("actor_name", models.CharField(blank=True, max_length=254, verbose_name="who")),
                    ("session_id", models.UUIDField(null=True, verbose_name="session")),
                    ("address", models.GenericIPAddressField(null=True, verbose_name="address")),
                    ("target_type", models.CharField(blank=True, max_length=40, verbose_name="kind of thing")),
                    ("target_id", models.CharField(blank=True, max_length=60, verbose_name="id of the thing")),
                    ("target_name", models.CharField(blank=True, max_length=200, verbose_name="thing")),
                    ("data", models.JSONField(default=dict, verbose_name="facts")),
                    ("created_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="when")),
                    ("user_agent", models.CharField(blank=True, max_length=300, verbose_name="browser or program")),
                ],
                options={
                    "verbose_name": "audit entry",
                    "verbose_name_plural": "audit log",
                    "indexes": [
                        models.Index(fields=["business_id", "-created_at", "-id"], name="audit_newest"),
                        models.Index(fields=["created_at"], name="audit_age"),
                    ],
                },
            ),
        ),
        migrations.RunPython(create_plans, migrations.RunPython.noop),
    ]
