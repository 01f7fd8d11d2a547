"""What 0001 to 0005 come to, for a database that has none of them."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import foundation.ids
from foundation.tables import CreateModels


class Migration(migrations.Migration):
    replaces = [
        ("widgets", "0001_initial"),
        ("widgets", "0002_identity"),
        ("widgets", "0003_refused"),
        ("widgets", "0004_mailed_answers"),
        ("widgets", "0005_visitor_language"),
    ]

    initial = True

    dependencies = [
        ("businesses", "0010_business_hours"),
        ("conversations", "0010_saved_views"),
    ]

    operations = [
        CreateModels(
            migrations.CreateModel(
                name="Widget",
                fields=[
                    (
                        "id",
                        models.UUIDField(
                            default=foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                        ),
                    ),
                    (
                        "domain",
                        models.CharField(
                            help_text="Like acme.com; www.acme.com is included.", max_length=253, verbose_name="domain"
                        ),
                    ),
                    ("allow_subdomains", models.BooleanField(default=False, verbose_name="also on subdomains")),
                    ("name", models.CharField(default="PingBack Support", max_length=200, verbose_name="name")),
                    ("welcome_heading", models.CharField(default="Hi there!", max_length=200, verbose_name="heading")),
                    (
                        "welcome_tagline",
                        models.CharField(
                            blank=True,
                            default="Ask us anything. We usually reply in minutes.",
                            max_length=200,
                            verbose_name="tagline",
                        ),
                    ),
                    ("primary_color", models.CharField(default="#7650FF", max_length=7, verbose_name="colour")),
                    ("show_online_badge", models.BooleanField(default=True, verbose_name="show who is online")),
                    ("logo_url", models.CharField(blank=True, max_length=2048, verbose_name="logo address")),
                    ("config", models.JSONField(blank=True, default=dict, verbose_name="further settings")),
                    ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                    ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated")),
                    (
                        "business",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="widgets",
                            to="businesses.business",
                        ),
                    ),
                    ("seen_at", models.DateTimeField(editable=False, null=True, verbose_name="seen")),
                    ("seen_host", models.CharField(blank=True, editable=False, max_length=253, verbose_name="seen on")),
                    ("refused_at", models.DateTimeField(editable=False, null=True, verbose_name="put there")),
                    (
                        "refused_origin",
                        models.CharField(blank=True, editable=False, max_length=300, verbose_name="put on"),
                    ),
                ],
                options={
                    "verbose_name": "widget",
                    "verbose_name_plural": "widgets",
                    "ordering": ["created_at", "id"],
                    "indexes": [models.Index(fields=["domain"], name="widget_domain")],
                    "constraints": [
                        models.UniqueConstraint(fields=("business", "domain"), name="widget_once_per_domain")
                    ],
                },
            ),
            migrations.CreateModel(
                name="IdentitySecret",
                fields=[
                    (
                        "id",
                        models.UUIDField(
                            default=foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                        ),
                    ),
                    ("sealed", models.TextField(editable=False)),
                    ("ending", models.CharField(max_length=4, verbose_name="ends in")),
                    ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                    (
                        "widget",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="identity_secrets",
                            to="widgets.widget",
                        ),
                    ),
                ],
                options={
                    "verbose_name": "identity secret",
                    "verbose_name_plural": "identity secrets",
                    "ordering": ["created_at", "id"],
                },
            ),
            migrations.CreateModel(
                name="MailedAnswers",
                fields=[
                    (
                        "conversation",
                        models.OneToOneField(
                            on_delete=django.db.models.deletion.CASCADE,
                            primary_key=True,
                            related_name="mailed_answers",
                            serialize=False,
                            to="conversations.conversation",
                        ),
                    ),
                    ("up_to_seq", models.PositiveIntegerField(default=0)),
                    ("mailed_at", models.DateTimeField(null=True, verbose_name="mailed")),
                ],
                options={
                    "verbose_name": "mailed answers",
                    "verbose_name_plural": "mailed answers",
                },
            ),
            migrations.CreateModel(
                name="Unsubscribed",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    ("email", models.CharField(max_length=254, verbose_name="e-mail")),
                    ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="since")),
                    (
                        "business",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="unsubscribed",
                            to="businesses.business",
                        ),
                    ),
                ],
                options={
                    "verbose_name": "unsubscribed address",
                    "verbose_name_plural": "unsubscribed addresses",
                    "constraints": [models.UniqueConstraint(fields=("business", "email"), name="unsubscribed_once")],
                },
            ),
            migrations.CreateModel(
                name="Visitor",
                fields=[
                    (
                        "id",
                        models.UUIDField(
                            default=foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                        ),
                    ),
                    ("generation", models.PositiveIntegerField(default=1)),
                    ("last_seen_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="last seen")),
                    ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                    (
                        "business",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="visitors",
                            to="businesses.business",
                        ),
                    ),
                    (
                        "customer",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="visitors",
                            to="conversations.customer",
                        ),
                    ),
                    (
                        "widget",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.SET_NULL,
                            related_name="visitors",
                            to="widgets.widget",
                        ),
                    ),
                    ("language", models.CharField(blank=True, default="", max_length=8, verbose_name="language")),
                ],
                options={
                    "verbose_name": "visitor",
                    "verbose_name_plural": "visitors",
                },
            ),
        ),
    ]
