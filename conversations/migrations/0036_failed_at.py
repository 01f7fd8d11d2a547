from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0035_not_sent_index"),
    ]

    operations = [
        migrations.AddField(
            model_name="message",
            name="failed_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="failed"),
        ),
    ]
