"""Example questions stand beside the title: every article is read again, and found by its words until then."""

from django.db import migrations, models


def read_again(apps, schema_editor):
    apps.get_model("theo", "Article").objects.update(index_state="pending", index_tries=0)


class Migration(migrations.Migration):
    dependencies = [
        ("theo", "0010_site_import"),
    ]

    operations = [
        migrations.AddField(
            model_name="articlevectors",
            name="questions",
            field=models.PositiveSmallIntegerField(default=1),
        ),
        migrations.RunPython(read_again, migrations.RunPython.noop),
    ]
