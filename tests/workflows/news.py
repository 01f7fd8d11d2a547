"""What members are told of."""

import threading
from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.models import User
from tests import builders
from workflows.listening import listen
from workflows.models import Notification


def told(user: User) -> list[str]:
    return list(Notification.objects.filter(user=user).order_by("created_at").values_list("kind", flat=True))


def listed(user: User) -> list[dict[str, Any]]:
    return builders.api(user).get("/api/v1/notifications").json()["results"]


def hear() -> None:
    listen(threading.Event())


def told_an_hour_ago() -> None:
    """All that there is, by every way."""
    long_ago = timezone.now() - timedelta(hours=1)
    Notification.objects.update(created_at=long_ago, push_due_at=None, mail_due_at=None)


def is_told_anew() -> bool:
    """Whether the one that there is was told just now, and goes out by every way again."""
    one = Notification.objects.get()
    is_fresh = one.created_at > timezone.now() - timedelta(minutes=30)
    return is_fresh and bool(one.push_due_at) and bool(one.mail_due_at)
