"""`manage.py rebuild_search`: the whole search index anew, from the rows that it is about."""

from typing import Any

from django.core.management.base import BaseCommand

from conversations.search import index


class Command(BaseCommand):
    help = "Make the search index anew."

    def handle(self, *args: Any, **options: Any) -> None:
        index.rebuild(tell=self.stdout.write)
        self.stdout.write("The search index is whole.")
