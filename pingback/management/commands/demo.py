"""`manage.py demo`: a workspace worth looking at; safe to run twice."""

from typing import Any

from django.core.management.base import BaseCommand

from pingback import demo


class Command(BaseCommand):
    help = "Fill a workspace worth looking at: Tidewater Coffee, its team, and sixty conversations."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(demo.fill())
