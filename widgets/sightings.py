"""On which pages a widget stands: where it was seen last, and where it was put and shows nothing.

A browser's `Origin` is its word, and this is only shown. Each is written at most once a minute for a widget.
"""

import logging
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from widgets.domains import host_of_origin
from widgets.models import Widget
from widgets.selectors import covers

AT_MOST_EVERY = timedelta(minutes=1)
SAID_FOR = timedelta(days=14)
MAX_ORIGIN = 300

log = logging.getLogger(__name__)


def is_at_home(widget: Widget, *, origin: str) -> bool:
    """Whether the chat may stand on a page of this Origin; "" is a page of ours, whose browser sends none.

    The frame's `frame-ancestors` decides. This says it beforehand, so that a page elsewhere shows nothing instead of a
    frame that stays empty.
    """
    if origin in {"", settings.PUBLIC_BASE_URL}:
        return True
    host = host_of_origin(origin)
    return host is not None and covers(widget, host)


def note_sighting(widget: Widget, *, origin: str) -> None:
    """A page asked for the widget. What cannot be written now is written with the next page."""
    if is_at_home(widget, origin=origin):
        host = host_of_origin(origin)
        if host and not _is_fresh(widget.seen_at):
            _write(widget, seen_host=host, seen_at=timezone.now())
    elif _is_address(origin) and not _is_fresh(widget.refused_at):
        _write(widget, refused_origin=origin, refused_at=timezone.now())


def refused_on(widget: Widget) -> str | None:
    """The page that shows nothing, where that was lately and the widget's domains still leave it out."""
    if not widget.refused_at or timezone.now() - widget.refused_at > SAID_FOR:
        return None
    return None if is_at_home(widget, origin=widget.refused_origin) else widget.refused_origin


def _is_fresh(moment: datetime | None) -> bool:
    return moment is not None and timezone.now() - moment < AT_MOST_EVERY


def _is_address(origin: str) -> bool:
    try:
        return len(origin) <= MAX_ORIGIN and urlsplit(origin).scheme in {"http", "https"}
    except ValueError:
        return False


def _write(widget: Widget, **fields: object) -> None:
    try:
        # Only over what was read: of several at once, one writes.
        unchanged = Widget.objects.filter(pk=widget.pk, seen_at=widget.seen_at, refused_at=widget.refused_at)
        unchanged.update(**fields)
    except DatabaseError as error:
        log.warning("A widget's page was not noted: %s", error)
