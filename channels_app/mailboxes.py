"""Fetching mail from mailboxes into the journal. How far one was read is kept by UID: people read it, too, and mark
and sort what is in it."""

import imaplib
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

from django.core.cache import cache
from django.db import connections, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from channels_app import alarms, connecting, intake, journal
from channels_app.adapters.email import EmailAdapter
from channels_app.adapters.email.mailbox import Folder, opened
from channels_app.adapters.email.reading import envelope
from channels_app.adapters.errors import DeliveryError, Kind, Unreadable
from channels_app.adapters.events import Routed
from channels_app.models import Channel, ChannelState, Mailbox
from channels_app.reconnecting import needs_reconnecting
from conversations.models import ChannelType
from foundation.prepared import prepared
from foundation.sealed import CannotUnseal

log = logging.getLogger("pingback.mailboxes")

EVERY = timedelta(seconds=30)
# Longer than a look can last: nobody else looks meanwhile.
LEASE = timedelta(minutes=3)
AT_ONCE = 4
MAILS_AT_ONCE = 50
# A server whose numbers begin anew is read again so far back; the journal knows what is a repeat.
LOOK_BACK = timedelta(days=7)
# Servers also say no when there are too many connections: only the third in a row counts.
REFUSALS = 3
# A mail that does not come, though its mailbox opens, holds up those behind it for so many looks: then it is set aside
# if one of those comes.
TRIES = 5


def fetch_due(stop: threading.Event, *, ailing: bool = False) -> None:
    """A chore of the worker. Safe in several at once: each mailbox is somebody's for the time of a look.

    ailing: only those that were not read last time, which are a chore apart: who hangs keeps nobody else's mail.
    """
    channels = [pk for (pk,) in _with_a_mailbox()()]
    if not channels:
        return
    known = set(Mailbox.objects.filter(channel__in=channels).values_list("channel", flat=True))
    new = [Mailbox(channel_id=pk) for pk in channels if pk not in known]
    Mailbox.objects.bulk_create(new, ignore_conflicts=True)
    due = Mailbox.objects.filter(channel__in=channels, due_at__lte=Now()).order_by("due_at")
    due = due.exclude(last_error="") if ailing else due.filter(last_error="")
    ids = list(due.values_list("pk", flat=True)[:100])
    if not ids:
        return
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="mailbox") as pool:
        list(pool.map(lambda pk: None if stop.is_set() else _look_and_leave(pk), ids))


@prepared
def _with_a_mailbox() -> "QuerySet[Channel, tuple[UUID]]":
    read = Channel.objects.filter(type=ChannelType.EMAIL, is_active=True, state=ChannelState.CONNECTED)
    return read.filter(config__has_key="imap_host").values_list("pk")


def look(mailbox_id: int) -> None:
    """Into one mailbox that is due, once."""
    ours = Mailbox.objects.filter(pk=mailbox_id, due_at__lte=Now())
    if not ours.update(due_at=Now() + LEASE):
        return
    mailbox = Mailbox.objects.select_related("channel").get(pk=mailbox_id)
    try:
        has_more = _read_on(mailbox)
    except CannotUnseal:
        Mailbox.objects.filter(pk=mailbox_id).update(due_at=Now() + EVERY)  # the channel's page says it
    except DeliveryError as error:
        _refused(mailbox, error)
    else:
        wait = timedelta() if has_more else EVERY
        Mailbox.objects.filter(pk=mailbox_id).update(due_at=Now() + wait, looked_at=Now(), refusals=0, last_error="")
        if mailbox.last_error:
            alarms.answers_again(mailbox.channel)


def _look_and_leave(mailbox_id: int) -> None:
    try:
        look(mailbox_id)
    except Exception as error:
        log.error("Mailbox %s raised %s", mailbox_id, type(error).__name__)
    finally:
        connections.close_all()


def _read_on(mailbox: Mailbox) -> bool:
    """Whether there is more. Raises CannotUnseal, DeliveryError."""
    adapter = connecting.adapter_of(mailbox.channel)
    assert isinstance(adapter, EmailAdapter)
    server = adapter.mailbox
    assert server
    with opened(server) as folder:
        if mailbox.name != server.name:  # what was there before the channel is nobody's question
            _move_on(mailbox, uid=folder.next_uid - 1, name=server.name, validity=folder.validity)
            return False
        if mailbox.validity != folder.validity:
            uids = folder.since((timezone.now() - LOOK_BACK).date())
            before = uids[0] - 1 if uids else folder.next_uid - 1  # what is older was read, or never to be
            _move_on(mailbox, uid=before, name=server.name, validity=folder.validity)
        else:
            uids = folder.after(mailbox.last_uid)
        for number, uid in enumerate(uids[:MAILS_AT_ONCE], 1):
            _take(mailbox, folder, uid, behind=uids[number:])
    return len(uids) > MAILS_AT_ONCE


def _take(mailbox: Mailbox, folder: Folder, uid: int, *, behind: list[int]) -> None:
    """Into the journal, and the number with it: neither without the other."""
    tries = f"mailbox:{mailbox.pk}:{folder.validity}:{uid}"
    failed = cache.get(tries, 0)
    others_come = False
    try:
        others_come = failed >= TRIES and _hands_out_one(folder, behind, turn=failed - TRIES)
        raw = folder.raw(uid)
    except (OSError, imaplib.IMAP4.error):
        cache.set(tries, failed + 1, timeout=86_400)
        if others_come:
            _set_aside(mailbox, folder, uid, _("A mail could not be fetched. It is still in the mailbox."))
        raise
    try:
        found = [Routed(dedup_key=envelope(raw)[0], payload={"to": []}, body=raw)] if raw else []
    except Unreadable:
        _set_aside(mailbox, folder, uid, _("A mail cannot be read. It is still in the mailbox."))
        return
    if raw is None:
        _set_aside(mailbox, folder, uid, _("A mail is too big to be taken in. It is still in the mailbox."))
        return
    with transaction.atomic():
        intake.store(mailbox.channel, found)
        _move_on(mailbox, uid=uid, name=mailbox.name, validity=folder.validity)


def _hands_out_one(folder: Folder, uids: list[int], *, turn: int) -> bool:
    """Of these another each time, as one may be like it, and in the end none: then it is its own turn. Raises as
    `Folder.raw`: a mailbox that hands out nothing says nothing of a mail."""
    turn %= len(uids) + 1
    if turn < len(uids):
        folder.raw(uids[turn])
    return turn < len(uids)


@transaction.atomic
def _set_aside(mailbox: Mailbox, folder: Folder, uid: int, reason: str) -> None:
    aside = Routed(dedup_key=f"imap:{folder.validity}:{uid}", payload={"imap_uid": uid})
    journal.set_aside(mailbox.channel, aside, reason)
    _move_on(mailbox, uid=uid, name=mailbox.name, validity=folder.validity)


def _move_on(mailbox: Mailbox, *, uid: int, name: str, validity: int) -> None:
    mailbox.last_uid, mailbox.name, mailbox.validity = uid, name, validity
    mailbox.save(update_fields=["last_uid", "name", "validity"])


def _refused(mailbox: Mailbox, error: DeliveryError) -> None:
    """Tried again; who says no three times in a row waits for the owner."""
    said_no = error.kind == Kind.CREDENTIALS
    refusals = F("refusals") + 1 if said_no else F("refusals")
    reason = error.reason[:300]
    Mailbox.objects.filter(pk=mailbox.pk).update(due_at=Now() + 2 * EVERY, refusals=refusals, last_error=reason)
    Channel.objects.filter(pk=mailbox.channel_id).update(last_error=reason, last_error_at=Now())
    if said_no and mailbox.refusals + 1 >= REFUSALS:
        Mailbox.objects.filter(pk=mailbox.pk).update(refusals=0)
        needs_reconnecting(mailbox.channel, error.reason)
    if not said_no:
        alarms.not_answered(mailbox.channel, reason)
