from typing import Any

from django.db import migrations


def enter_persons_anew(_apps: Any, _editor: Any) -> None:
    from conversations.search import index
    from conversations.search.models import Shelf

    index.reenter(Shelf.THINGS)


class Migration(migrations.Migration):
    # Each batch for itself: nobody waits for all of them, and it goes on where it broke off.
    atomic = False

    dependencies = [("conversations", "0026_customer_notes")]

    operations = [migrations.RunPython(enter_persons_anew, migrations.RunPython.noop)]
