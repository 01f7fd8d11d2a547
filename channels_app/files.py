"""Files that customers sent: fetched from the provider under a cap, drawn anew where they are shown."""

import logging
import random
from collections.abc import Mapping
from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from channels_app import credentials
from channels_app.adapters import ADAPTERS
from channels_app.adapters.base import ChannelAdapter, Download
from channels_app.adapters.errors import DeliveryError, Kind, MediaGone
from channels_app.adapters.events import MediaRef
from channels_app.models import TICK, Channel, Media
from conversations import events
from conversations.attachments import facts_of
from conversations.models import Attachment, ChannelType, Conversation, MailOriginal, Message
from conversations.services.uploads import store_upload
from foundation.errors import Refused, Unavailable
from foundation.filetypes import type_of
from foundation.prepared import prepared

log = logging.getLogger("pingback.intake")

# Some three days by itself, as long as a token may be dead; then when somebody asks for it. What goes wrong on our side
# will do so again.
MAX_TRIES, MAX_BREAKS = 78, 6
LONGEST_WAIT = timedelta(hours=1)
LEASE = timedelta(seconds=60)
# Of one channel at a time: one that hangs leaves the others their turn.
AT_ONCE = 2
_TOLD_BY_CONTENT = ("jpg", "png", "gif", "webp", "pdf", "mp4", "ogg", "mp3")


def claim(*, most: int, under_way: Mapping[UUID, int] | None = None) -> list[Media]:
    """Files that are due, now ours for LEASE. under_way: how many of each channel this process is at."""
    found: list[Media] = []
    channels = [channel_id for (channel_id,) in _channels_that_wait()()]
    random.shuffle(channels)
    for channel_id in channels:
        room = min(AT_ONCE - (under_way or {}).get(channel_id, 0), most - len(found))
        if room <= 0:
            continue
        with transaction.atomic():
            due = Media.objects.select_for_update(skip_locked=True).filter(
                channel_id=channel_id, due_at__lte=Now() + TICK
            )
            ids = list(due.order_by("due_at").values_list("pk", flat=True)[:room])
            Media.objects.filter(pk__in=ids).update(due_at=Now() + LEASE)
        found += Media.objects.filter(pk__in=ids).select_related("channel", "message__conversation")
    return found


@prepared
def _channels_that_wait() -> "QuerySet[Media, tuple[UUID]]":
    return Media.objects.filter(due_at__lte=Now() + TICK).values_list("channel_id").distinct()


def fetch(media: Media) -> None:
    """The file becomes the message's, or the team is told why it is not there. The message itself was shown before.

    Where all files of a message come out of one thing, the others are fetched with it.
    """
    channel = media.channel
    try:
        adapter = ADAPTERS[ChannelType(channel.type)](channel, credentials.reveal(channel))
    except Exception as error:
        _broke(media, error)
        return
    _fetch(adapter, media)
    while adapter.opens_once and (another := _claim_beside(media)):
        _fetch(adapter, another)


def _claim_beside(media: Media) -> Media | None:
    """The next one of the same message that is due, now ours for LEASE."""
    with transaction.atomic():
        due = Media.objects.select_for_update(skip_locked=True, of=("self",)).filter(
            message=media.message_id, due_at__lte=Now() + TICK
        )
        found = due.select_related("channel", "message__conversation").order_by("pk").first()
        if found:
            Media.objects.filter(pk=found.pk).update(due_at=Now() + LEASE)
    return found


def _fetch(adapter: ChannelAdapter, media: Media) -> None:
    ref = MediaRef(**media.ref)
    try:
        download = adapter.fetch_media(ref)
        stored = _stored(media, ref, download)
    except MediaGone as gone:
        _give_up(media, str(gone))
    except Unavailable as error:
        _later(media, error.detail)
    except Refused as refusal:
        _give_up(media, refusal.detail)
    except DeliveryError as error:
        _later(media, error.reason, for_ever=error.kind == Kind.CREDENTIALS)
    except Exception as error:
        _broke(media, error)
    else:
        _attach(media, stored)


def _broke(media: Media, error: Exception) -> None:
    log.error("Fetching a file of message %s raised %s", media.message_id, type(error).__name__)
    reason = _("Something went wrong on our side.")
    if media.attempts + 1 >= MAX_BREAKS:
        _give_up(media, reason)
    else:
        _later(media, reason)


def _stored(media: Media, ref: MediaRef, download: Download) -> Attachment:
    content = BytesIO(download.content)
    name = _named(ref.filename or download.filename or ref.kind, content)
    conversation = media.message.conversation
    return store_upload(
        conversation=conversation, name=name, file=content, size=len(download.content), whatever_it_is=True
    )


def keep_whole(message: Message, text: str) -> None:
    """All of a text that is longer than a message, beside what is shown of it. The caller's transaction stores both."""
    content = text.encode()
    whole = store_upload(
        conversation=message.conversation,
        name="message.txt",
        file=BytesIO(content),
        size=len(content),
        whatever_it_is=True,
    )
    whole.message = message
    whole.save(update_fields=["message"])
    message.attachments = [*message.attachments, facts_of(whole)]
    Message.objects.filter(pk=message.pk).update(attachments=message.attachments)


def _named(name: str, content: BytesIO) -> str:
    """With an extension that says what it is: many providers give no name, and some one that is not true."""
    if type_of(name, content):
        return name
    stem = name.rpartition(".")[0] or name
    fitting = (f"{stem}.{extension}" for extension in _TOLD_BY_CONTENT if type_of(f"{stem}.{extension}", content))
    return next(fitting, name)


@transaction.atomic
def _attach(media: Media, stored: Attachment) -> None:
    message = _locked(media.message_id)
    if Media.objects.filter(pk=media.pk).delete()[0]:
        stored.message = message
        stored.save(update_fields=["message"])
        message.attachments = [*message.attachments, facts_of(stored)]
        if (content_id := media.ref.get("content_id")) and (mail := MailOriginal.objects.filter(pk=message.pk).first()):
            mail.pictures[content_id] = str(stored.pk)
            mail.save(update_fields=["pictures"])
        _tell(message, has_more=True)


def _give_up(media: Media, reason: str) -> None:
    _failed(media, reason, due_at=None)


def _later(media: Media, reason: str, *, for_ever: bool = False) -> None:
    """for_ever: once somebody enters a new token it can be had."""
    wait = min(timedelta(seconds=5 * 4 ** min(media.attempts, 6)), LONGEST_WAIT)
    goes_on = for_ever or media.attempts + 1 < MAX_TRIES
    _failed(media, reason, due_at=Now() + wait if goes_on else None)


@transaction.atomic
def _failed(media: Media, reason: str, *, due_at: Any) -> None:
    """due_at: None = it is not tried again by itself."""
    message = _locked(media.message_id)
    text = f"{reason.rstrip('.')}."[:200]
    if Media.objects.filter(pk=media.pk).update(attempts=media.attempts + 1, due_at=due_at, error=text):
        _tell(message)


def resume(channel: Channel) -> None:
    """What could not be fetched with the credentials of before."""
    Media.objects.filter(channel=channel, due_at__isnull=False).exclude(error="").update(due_at=Now())


@transaction.atomic
def fetch_again(message: Message) -> Message | None:
    """Because somebody asks for it; None when nothing is missing."""
    message = _locked(message.pk)
    if not Media.objects.filter(message=message).exclude(error="").update(attempts=0, due_at=Now(), error=""):
        return None
    _tell(message)
    return message


def _missing(message: Message) -> str:
    """What is not there, in words for the team; the first try may be a moment too early, and is not told."""
    missed = list(Media.objects.filter(message=message).exclude(error=""))
    gone = [media for media in missed if media.due_at is None]
    awaited = [media for media in missed if media.attempts > 1]
    if gone:
        text = ngettext("A file could not be fetched.", "%(count)d files could not be fetched.", len(gone))
    else:
        text = ngettext("A file is not there yet.", "%(count)d files are not there yet.", len(awaited))
    why = next((media.error for media in gone or awaited), "")
    return f"{text % {'count': len(gone or awaited)}} {why}" if why else ""


def _locked(message_id: UUID) -> Message:
    Conversation.objects.select_for_update(no_key=True).get(messages=message_id)
    return Message.objects.select_related("conversation__customer", "sender").get(pk=message_id)


def _tell(message: Message, *, has_more: bool = False) -> None:
    """What is missing now, and those who have it open, when it is otherwise than before."""
    before, message.error = message.error, _missing(message)
    if has_more or message.error != before:
        message.save(update_fields=["error", "attachments"])
        events.record(message.conversation.business_id, [events.message_updated(message)])
