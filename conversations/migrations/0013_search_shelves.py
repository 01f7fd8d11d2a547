from typing import Any

from django.db import migrations


def part_shelves(_apps: Any, _editor: Any) -> None:
    from conversations.search import index

    index.part_shelves()


class Migration(migrations.Migration):
    dependencies = [("conversations", "0012_by_priority")]

    operations = [migrations.RunPython(part_shelves, migrations.RunPython.noop)]
