"""What 0001 to 0010 come to, for a database that has none of them."""

import django.db.models.deletion
from django.db import migrations, models

import foundation.ids
from foundation.tables import CreateModels


class Migration(migrations.Migration):
    replaces = [
        ("theo", "0001_initial"),
        ("theo", "0002_assistant"),
        ("theo", "0003_engine"),
        ("theo", "0004_language_model"),
        ("theo", "0005_help_centre"),
        ("theo", "0006_replies"),
        ("theo", "0007_examples"),
        ("theo", "0008_helped"),
        ("theo", "0009_read_again"),
        ("theo", "0010_site_import"),
    ]

    initial = True

    dependencies = [
        ("businesses", "0010_business_hours"),
        ("conversations", "0018_quotes_and_reactions"),
    ]

    operations = [
        CreateModels(
            migrations.CreateModel(
                name="Assistant",
                fields=[
                    (
                        "business",
                        models.OneToOneField(
                            on_delete=django.db.models.deletion.CASCADE,
                            primary_key=True,
                            related_name="assistant",
                            serialize=False,
                            to="businesses.business",
                        ),
                    ),
                    (
                        "mode",
                        models.CharField(
                            choices=[("assist", "Drafts for agents"), ("auto", "Answers by itself")],
                            default="assist",
                            max_length=10,
                            verbose_name="mode",
                        ),
                    ),
                    ("auto_run", models.BooleanField(default=False, verbose_name="answers each message")),
                    ("threshold", models.FloatField(default=0.8, verbose_name="how sure it must be")),
                    (
                        "handoff_text",
                        models.CharField(
                            blank=True, max_length=500, verbose_name="what Theo says when a person is needed"
                        ),
                    ),
                ],
                options={
                    "verbose_name": "assistant",
                    "verbose_name_plural": "assistants",
                },
            ),
            migrations.CreateModel(
                name="LanguageModel",
                fields=[
                    (
                        "business",
                        models.OneToOneField(
                            on_delete=django.db.models.deletion.CASCADE,
                            primary_key=True,
                            related_name="language_model",
                            serialize=False,
                            to="businesses.business",
                        ),
                    ),
                    (
                        "provider",
                        models.CharField(
                            choices=[
                                ("installation", "The installation's"),
                                ("openai", "OpenAI, or a server that speaks as it does"),
                                ("anthropic", "Anthropic"),
                                ("none", "None: articles are quoted word for word"),
                            ],
                            default="installation",
                            max_length=12,
                            verbose_name="language model",
                        ),
                    ),
                    ("base_url", models.CharField(blank=True, max_length=300, verbose_name="address")),
                    ("model", models.CharField(blank=True, max_length=100, verbose_name="model")),
                    ("sealed_key", models.TextField(blank=True, editable=False)),
                    (
                        "monthly_tokens",
                        models.PositiveBigIntegerField(blank=True, null=True, verbose_name="tokens a month"),
                    ),
                    ("month", models.CharField(blank=True, editable=False, max_length=7)),
                    ("used_tokens", models.PositiveBigIntegerField(default=0, editable=False)),
                    ("told_month", models.CharField(blank=True, editable=False, max_length=7)),
                    ("failures", models.PositiveIntegerField(default=0, editable=False)),
                    ("off_until", models.DateTimeField(editable=False, null=True)),
                ],
                options={
                    "verbose_name": "language model",
                    "verbose_name_plural": "language models",
                },
            ),
            migrations.CreateModel(
                name="HelpCentre",
                fields=[
                    (
                        "business",
                        models.OneToOneField(
                            on_delete=django.db.models.deletion.CASCADE,
                            primary_key=True,
                            related_name="help_centre",
                            serialize=False,
                            to="businesses.business",
                        ),
                    ),
                    ("opened_at", models.DateTimeField(verbose_name="opened")),
                ],
                options={
                    "verbose_name": "help centre",
                    "verbose_name_plural": "help centres",
                },
            ),
            migrations.CreateModel(
                name="Article",
                fields=[
                    (
                        "id",
                        models.UUIDField(
                            default=foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                        ),
                    ),
                    ("title", models.CharField(max_length=200, verbose_name="title")),
                    ("content", models.TextField(verbose_name="content")),
                    ("tags", models.JSONField(blank=True, default=list, verbose_name="tags")),
                    (
                        "status",
                        models.CharField(
                            choices=[("draft", "Draft"), ("published", "Published")],
                            default="published",
                            max_length=10,
                            verbose_name="status",
                        ),
                    ),
                    (
                        "index_state",
                        models.CharField(
                            choices=[("pending", "Indexing"), ("ready", "Ready"), ("failed", "Not indexed")],
                            default="pending",
                            editable=False,
                            max_length=10,
                            verbose_name="index",
                        ),
                    ),
                    (
                        "source",
                        models.CharField(blank=True, editable=False, max_length=500, verbose_name="imported from"),
                    ),
                    ("created_at", models.DateTimeField(verbose_name="created")),
                    ("updated_at", models.DateTimeField(verbose_name="updated")),
                    (
                        "business",
                        models.ForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="articles",
                            to="businesses.business",
                        ),
                    ),
                    ("index_tries", models.PositiveSmallIntegerField(default=0, editable=False)),
                ],
                options={
                    "verbose_name": "article",
                    "verbose_name_plural": "articles",
                    "indexes": [
                        models.Index(fields=["business", "-created_at", "-id"], name="article_newest"),
                        models.Index(
                            condition=models.Q(("index_state", "pending")),
                            fields=["updated_at"],
                            name="article_to_index",
                        ),
                    ],
                    "constraints": [
                        models.UniqueConstraint(
                            condition=models.Q(("source", ""), _negated=True),
                            fields=("business", "source"),
                            name="article_source_once",
                        )
                    ],
                },
            ),
            migrations.CreateModel(
                name="ArticleVectors",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    ("model", models.CharField(max_length=40)),
                    ("rows", models.BinaryField()),
                    (
                        "article",
                        models.ForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="vectors",
                            to="theo.article",
                        ),
                    ),
                ],
                options={
                    "constraints": [models.UniqueConstraint(fields=("article", "model"), name="article_vectors_once")],
                },
            ),
            migrations.CreateModel(
                name="Example",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    ("question", models.CharField(max_length=300, verbose_name="question")),
                    ("created_at", models.DateTimeField(verbose_name="when")),
                    (
                        "article",
                        models.ForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="examples",
                            to="theo.article",
                        ),
                    ),
                ],
                options={
                    "verbose_name": "example question",
                    "verbose_name_plural": "example questions",
                    "constraints": [models.UniqueConstraint(fields=("article", "question"), name="example_once")],
                },
            ),
            migrations.CreateModel(
                name="SiteImport",
                fields=[
                    (
                        "id",
                        models.UUIDField(
                            default=foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                        ),
                    ),
                    ("url", models.CharField(max_length=500, verbose_name="sitemap")),
                    (
                        "status",
                        models.CharField(
                            choices=[("draft", "Draft"), ("published", "Published")],
                            max_length=10,
                            verbose_name="new articles are",
                        ),
                    ),
                    (
                        "state",
                        models.CharField(
                            choices=[
                                ("running", "Under way"),
                                ("done", "Done"),
                                ("failed", "Failed"),
                                ("stopped", "Stopped"),
                            ],
                            default="running",
                            max_length=10,
                            verbose_name="state",
                        ),
                    ),
                    ("is_listed", models.BooleanField(default=False)),
                    ("pages", models.JSONField(default=list)),
                    ("total", models.PositiveIntegerField(default=0)),
                    ("done", models.PositiveIntegerField(default=0)),
                    ("taken", models.PositiveIntegerField(default=0)),
                    ("left", models.JSONField(default=list)),
                    ("flaw", models.CharField(blank=True, max_length=200)),
                    ("due_at", models.DateTimeField()),
                    ("created_at", models.DateTimeField(verbose_name="when")),
                    (
                        "business",
                        models.ForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="site_imports",
                            to="businesses.business",
                        ),
                    ),
                ],
                options={
                    "verbose_name": "import of a site",
                    "verbose_name_plural": "imports of sites",
                    "indexes": [
                        models.Index(fields=["business", "-created_at"], name="site_import_newest"),
                        models.Index(
                            condition=models.Q(("state", "running")), fields=["due_at"], name="site_import_due"
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="Reply",
                fields=[
                    (
                        "id",
                        models.UUIDField(
                            default=foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                        ),
                    ),
                    ("is_sent", models.BooleanField(verbose_name="sent by itself")),
                    ("asked_seq", models.PositiveIntegerField()),
                    ("looked_seq", models.PositiveIntegerField()),
                    ("question", models.TextField(verbose_name="question")),
                    ("text", models.TextField(verbose_name="reply")),
                    ("confidence", models.FloatField(verbose_name="confidence")),
                    ("engine", models.CharField(max_length=10)),
                    ("features", models.JSONField(default=dict)),
                    ("took_ms", models.PositiveIntegerField()),
                    (
                        "outcome",
                        models.CharField(
                            blank=True,
                            choices=[
                                ("accepted", "Sent as drafted"),
                                ("edited", "Sent after a change"),
                                ("discarded", "Not used"),
                                ("solved", "Solved without a person"),
                                ("handed_over", "A person came after it"),
                                ("wrong", "Marked as wrong"),
                            ],
                            max_length=12,
                            verbose_name="outcome",
                        ),
                    ),
                    ("likeness", models.FloatField(default=0.0)),
                    ("created_at", models.DateTimeField(verbose_name="when")),
                    ("outcome_at", models.DateTimeField(null=True)),
                    (
                        "article",
                        models.ForeignKey(
                            null=True,
                            on_delete=django.db.models.deletion.SET_NULL,
                            related_name="replies",
                            to="theo.article",
                        ),
                    ),
                    (
                        "business",
                        models.ForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="theo_replies",
                            to="businesses.business",
                        ),
                    ),
                    (
                        "conversation",
                        models.ForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="theo_replies",
                            to="conversations.conversation",
                        ),
                    ),
                    (
                        "message",
                        models.OneToOneField(
                            null=True,
                            on_delete=django.db.models.deletion.SET_NULL,
                            related_name="+",
                            to="conversations.message",
                        ),
                    ),
                    ("helped", models.BooleanField(null=True, verbose_name="helped the visitor")),
                ],
                options={
                    "verbose_name": "reply of Theo",
                    "verbose_name_plural": "replies of Theo",
                    "indexes": [
                        models.Index(fields=["business", "outcome", "-created_at"], name="reply_by_outcome"),
                        models.Index(
                            condition=models.Q(("outcome", "")), fields=["created_at"], name="reply_to_settle"
                        ),
                        models.Index(fields=["created_at"], name="reply_oldest"),
                    ],
                    "constraints": [
                        models.UniqueConstraint(fields=("conversation", "asked_seq", "is_sent"), name="reply_once")
                    ],
                },
            ),
            migrations.CreateModel(
                name="Unanswered",
                fields=[
                    (
                        "id",
                        models.UUIDField(
                            default=foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                        ),
                    ),
                    ("question", models.CharField(max_length=300, verbose_name="question")),
                    ("wordings", models.JSONField(default=list)),
                    ("model", models.CharField(blank=True, max_length=40)),
                    ("vector", models.BinaryField()),
                    ("last_seq", models.PositiveIntegerField()),
                    ("count", models.PositiveIntegerField(default=1, verbose_name="how often")),
                    ("is_dismissed", models.BooleanField(default=False, verbose_name="out of sight")),
                    ("first_at", models.DateTimeField(verbose_name="first")),
                    ("last_at", models.DateTimeField(verbose_name="last")),
                    (
                        "business",
                        models.ForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="unanswered",
                            to="businesses.business",
                        ),
                    ),
                    (
                        "conversation",
                        models.ForeignKey(
                            null=True,
                            on_delete=django.db.models.deletion.SET_NULL,
                            related_name="+",
                            to="conversations.conversation",
                        ),
                    ),
                ],
                options={
                    "verbose_name": "question without an answer",
                    "verbose_name_plural": "questions without an answer",
                    "indexes": [
                        models.Index(fields=["business", "-last_at"], name="unanswered_newest"),
                        models.Index(fields=["last_at"], name="unanswered_oldest"),
                    ],
                },
            ),
        ),
    ]
