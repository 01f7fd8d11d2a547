"""On which page a visitor's socket is: noted, and told to the team as a hint, which no feed has."""

import logging
from typing import Any

from conversations.services.visits import Visit, note_visit, visit_of
from pingback.realtime import bus, origins, rooms
from pingback.realtime.packets import encode_event
from widgets.models import Visitor

log = logging.getLogger("pingback.realtime")


def visit_in(auth: object, scope: dict[str, Any]) -> Visit | None:
    """What a visitor's handshake says of it."""
    agent = next(iter(origins.headers(scope, b"user-agent")), "")
    return visit_of(auth.get("page"), agent) if isinstance(auth, dict) else None


def note(visitor: Visitor | None, visit: Visit | None) -> None:
    """In a thread. What goes wrong is the next visit's."""
    if visitor is None or visit is None:
        return
    try:
        if note_visit(customer_id=visitor.customer_id, visit=visit):
            packet = encode_event("customer_visited", {"customer_id": str(visitor.customer_id)})
            business = str(visitor.business_id)
            bus.send(
                [{"business": business, "room": rooms.business(visitor.business_id), "packet": packet, "skip": None}]
            )
    except Exception:
        log.exception("A visit was not noted")
