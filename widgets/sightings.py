"""Where a widget was seen last: the page of its domains that asked for its settings.

A browser's `Origin` is its word, and this is only shown. Written at most once a minute for each widget.
"""

import logging
from datetime import timedelta

from django.db import DatabaseError
from django.utils import timezone

from widgets.domains import host_of_origin
from widgets.models import Widget
from widgets.selectors import covers

AT_MOST_EVERY = timedelta(minutes=1)

log = logging.getLogger(__name__)


def note_sighting(widget: Widget, *, origin: str) -> None:
    """A page asked for the widget. What cannot be written now is written with the next page."""
    host = host_of_origin(origin)
    now = timezone.now()
    if host is None or not covers(widget, host):
        return
    if widget.seen_at and now - widget.seen_at < AT_MOST_EVERY:
        return
    try:
        # Only over what was read: of several at once, one writes.
        Widget.objects.filter(pk=widget.pk, seen_at=widget.seen_at).update(seen_host=host, seen_at=now)
    except DatabaseError as error:
        log.warning("A widget's page was not noted: %s", error)
