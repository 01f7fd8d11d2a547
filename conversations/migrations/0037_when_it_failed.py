from django.db import migrations, models


def note_when_it_failed(apps, schema_editor):
    """Of what 0034 has put before the team."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("SET LOCAL statement_timeout = 0", params=None)
    conversations, messages = (apps.get_model("conversations", name) for name in ("Conversation", "Message"))
    last = conversations.objects.filter(not_sent_at__isnull=False).order_by().values("last_message")
    messages.objects.filter(pk__in=last, status="failed", failed_at=None).update(failed_at=models.F("created_at"))


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0036_failed_at"),
    ]

    operations = [migrations.RunPython(note_when_it_failed, migrations.RunPython.noop)]
