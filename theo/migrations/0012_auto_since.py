from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("theo", "0011_questions_first"),
    ]

    operations = [
        migrations.AddField(
            model_name="assistant",
            name="auto_since",
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
