from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("businesses", "0001_squashed_0010_business_hours"),
        ("channels_app", "0015_media_error"),
        ("conversations", "0031_proven_email"),
    ]

    operations = [
        migrations.AlterField(
            model_name="rawevent",
            name="state",
            field=models.CharField(
                choices=[
                    ("elsewhere", "To be fetched"),
                    ("waiting", "Waiting"),
                    ("done", "Done"),
                    ("emptied", "Done, no longer kept"),
                    ("failed", "Failed"),
                ],
                default="waiting",
                max_length=10,
                verbose_name="state",
            ),
        ),
    ]
