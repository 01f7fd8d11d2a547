"""What 0001 to 0002 come to, for a database that has none of them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [("foundation", "0001_counts"), ("foundation", "0002_big_counts")]

    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Count",
            fields=[
                ("key", models.CharField(max_length=100, primary_key=True, serialize=False)),
                ("amount", models.PositiveBigIntegerField()),
                ("until", models.DateTimeField(db_index=True)),
            ],
        ),
    ]
