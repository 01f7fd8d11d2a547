"""Articles keep how long they are."""

from django.db import migrations, models
from django.db.models.functions import Length


class Migration(migrations.Migration):
    dependencies = [
        ("theo", "0014_what_was_looked_at"),
    ]

    operations = [
        migrations.AddField(
            model_name="article",
            name="letters",
            field=models.GeneratedField(
                db_persist=True, expression=Length("content"), output_field=models.PositiveIntegerField()
            ),
        ),
    ]
