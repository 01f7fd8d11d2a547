from django.db import migrations, models


def note_what_was_not_sent(apps, schema_editor):
    """What nobody has called done since."""
    conversations, messages = (apps.get_model("conversations", name) for name in ("Conversation", "Message"))
    failed = messages.objects.filter(status="failed").values("conversation_id")
    open_ones = conversations.objects.filter(status__in=["open", "pending"], pk__in=failed)
    open_ones.update(not_sent_at=models.F("updated_at"))


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0033_not_sent"),
    ]

    operations = [migrations.RunPython(note_what_was_not_sent, migrations.RunPython.noop)]
