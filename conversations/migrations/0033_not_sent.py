from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0032_files_before"),
    ]

    operations = [
        migrations.AddField(
            model_name="conversation",
            name="not_sent_at",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="not sent"),
        ),
    ]
