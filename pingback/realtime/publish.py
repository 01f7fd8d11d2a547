"""Tell sockets what happened, after commit. Best effort: never blocks, never raises."""

from typing import Any
from uuid import UUID


def publish(events: list[Any]) -> None:
    """Tell everybody whom these feed events concern."""


def session_ended(session_id: UUID) -> None:
    """Cut the sockets of a session that is over."""
