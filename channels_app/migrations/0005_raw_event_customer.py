import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("channels_app", "0004_mailbox"),
        ("conversations", "0021_message_automated"),
    ]

    operations = [
        migrations.AddField(
            model_name="rawevent",
            name="customer",
            field=models.ForeignKey(
                db_constraint=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="conversations.customer",
            ),
        ),
    ]
