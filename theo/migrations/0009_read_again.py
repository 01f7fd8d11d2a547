"""What vectors are made of has changed: every article is read again, and found by its words until then."""

from django.db import migrations


def read_again(apps, schema_editor):
    apps.get_model("theo", "Article").objects.update(index_state="pending", index_tries=0)


class Migration(migrations.Migration):
    dependencies = [
        ("theo", "0008_helped"),
    ]

    operations = [
        migrations.RunPython(read_again, migrations.RunPython.noop),
    ]
