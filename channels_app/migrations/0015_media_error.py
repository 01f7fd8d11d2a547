import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("channels_app", "0014_texts_prove_nothing")]

    operations = [
        migrations.AddField(
            model_name="media",
            name="error",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=200, verbose_name="why it is not there"
            ),
        ),
        migrations.AlterField(
            model_name="media",
            name="due_at",
            field=models.DateTimeField(db_index=True, default=django.utils.timezone.now, null=True, verbose_name="due"),
        ),
    ]
