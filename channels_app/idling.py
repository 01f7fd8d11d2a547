"""Mailboxes whose server tells of new mail (IMAP IDLE) are read at once. Polling goes on beside it, for all."""

import logging
import random
import threading
from contextlib import suppress

from django.core.cache import cache
from django.db import connections
from django.db.models.functions import Now

from channels_app import connecting
from channels_app.adapters.email import EmailAdapter
from channels_app.adapters.email.mailbox import Server, opened
from channels_app.adapters.errors import DeliveryError
from channels_app.mailboxes import EVERY, look
from channels_app.models import ChannelState, Mailbox
from foundation.sealed import CannotUnseal

log = logging.getLogger("pingback.mailboxes")

# Each is a thread that sleeps; who comes later is polled.
MOST = 20
ASKED_AT_ONCE = 5 * MOST
# An IDLE is ended and begun again after so long: well before the 29 minutes, and soon after the channel is changed.
SECONDS = 60.0
LEASE_SECONDS = 2 * SECONDS
# A server that has no IDLE is asked again after that.
WITHOUT_SECONDS = 3600.0

_listeners: dict[int, threading.Thread] = {}


def listen(stop: threading.Event) -> None:
    """A chore of the worker: begin with those that nobody listens to. Two that do are no harm."""
    for pk in [pk for pk, thread in _listeners.items() if not thread.is_alive()]:
        del _listeners[pk]
    polled = Mailbox.objects.filter(channel__state=ChannelState.CONNECTED, channel__is_active=True, last_error="")
    alone = [pk for pk in polled.exclude(looked_at=None).values_list("pk", flat=True) if pk not in _listeners]
    random.shuffle(alone)  # those whose servers have no IDLE keep nobody else from a turn
    for pk in alone[:ASKED_AT_ONCE]:
        if len(_listeners) < MOST and cache.add(_lease(pk), 1, LEASE_SECONDS):
            _listeners[pk] = threading.Thread(target=hear, args=(pk, stop), name="idle", daemon=True)
            _listeners[pk].start()


def hear(mailbox_id: int, stop: threading.Event) -> None:
    """Read the mailbox whenever its server says that something came, until it does not answer or is another."""
    try:
        server = _server(mailbox_id)
        if server is None:
            return
        with opened(server, whole_seconds=None) as folder:
            if not folder.tells:
                cache.set(_lease(mailbox_id), 1, WITHOUT_SECONDS)
                return
            while not stop.is_set() and _server(mailbox_id) == server:
                connections.close_all()
                cache.set(_lease(mailbox_id), 1, LEASE_SECONDS)
                if folder.wait(SECONDS):
                    # Unless somebody looks just now, who has it for longer than a pause.
                    Mailbox.objects.filter(pk=mailbox_id, due_at__lte=Now() + 2 * EVERY).update(due_at=Now())
                    look(mailbox_id)
    except DeliveryError:
        log.info("The line to mailbox %s ended", mailbox_id)
    except Exception as error:
        log.error("Listening to mailbox %s raised %s", mailbox_id, type(error).__name__)
    finally:
        connections.close_all()


def _server(mailbox_id: int) -> Server | None:
    """Where it lies now; None when it is not to be read."""
    readable = Mailbox.objects.filter(pk=mailbox_id, channel__state=ChannelState.CONNECTED, channel__is_active=True)
    mailbox = readable.select_related("channel").first()
    with suppress(CannotUnseal):
        adapter = connecting.adapter_of(mailbox.channel) if mailbox else None
        return adapter.mailbox if isinstance(adapter, EmailAdapter) else None
    return None


def _lease(mailbox_id: int) -> str:
    return f"idle:{mailbox_id}"
