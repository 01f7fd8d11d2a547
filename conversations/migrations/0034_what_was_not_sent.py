from django.db import migrations, models


def note_what_was_not_sent(apps, schema_editor):
    """Where the team's last word did not arrive, and nobody has called that done since."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("SET LOCAL statement_timeout = 0", params=None)
    conversations, messages = (apps.get_model("conversations", name) for name in ("Conversation", "Message"))
    last = messages.objects.filter(pk=models.OuterRef("last_message")).order_by().values("created_at")
    conversations.objects.filter(
        status__in=["open", "pending"], last_message__status="failed", last_message__sender_type="agent"
    ).update(not_sent_at=models.Subquery(last))


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0033_not_sent"),
    ]

    operations = [migrations.RunPython(note_what_was_not_sent, migrations.RunPython.noop)]
