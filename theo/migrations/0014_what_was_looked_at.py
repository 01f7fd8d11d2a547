"""Replies keep what they quote and how they came about; a handoff keeps what Theo had looked at."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0026_customer_notes"),
        ("theo", "0013_whose_words"),
    ]

    operations = [
        migrations.AddField(
            model_name="reply",
            name="quotes",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="reply",
            name="mode",
            field=models.CharField(
                choices=[("assist", "Drafts for agents"), ("auto", "Answers by itself")],
                default="assist",
                max_length=10,
                verbose_name="mode",
            ),
        ),
        migrations.AddField(
            model_name="reply",
            name="by_model",
            field=models.BooleanField(default=False),
        ),
        migrations.CreateModel(
            name="Handoff",
            fields=[
                (
                    "conversation",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="conversations.conversation",
                    ),
                ),
                ("question", models.TextField(verbose_name="question")),
                ("considered", models.JSONField(default=list)),
                ("created_at", models.DateTimeField(verbose_name="when")),
                (
                    "draft",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="theo.reply",
                    ),
                ),
            ],
            options={
                "verbose_name": "handoff of Theo",
                "verbose_name_plural": "handoffs of Theo",
            },
        ),
    ]
