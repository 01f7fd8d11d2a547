from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("channels_app", "0011_sole_accounts")]

    operations = [
        migrations.AddField(
            model_name="contact",
            name="handle",
            field=models.CharField(blank=True, db_default="", default="", max_length=200, verbose_name="shown as"),
        ),
    ]
