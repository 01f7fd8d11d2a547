from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0020_merged_customers"),
    ]

    operations = [
        # With the database's own default: no row is rewritten, and a process of the version before can go on writing.
        migrations.AddField(
            model_name="message",
            name="automated",
            field=models.BooleanField(
                db_default=False, default=False, editable=False, verbose_name="written by a machine"
            ),
        ),
    ]
