"""Taking in files, and letting go of those that nobody sent or keeps."""

import logging
import time
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any
from uuid import UUID

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from conversations.attachments import place_of, thumbnail_place_of
from conversations.models import Attachment, Conversation, SenderType
from foundation import throttles
from foundation.errors import TooBig, Unprocessable, UnsupportedType
from foundation.filenames import shown_name
from foundation.filetypes import FileType, type_of
from foundation.ids import new_id
from foundation.images import MAX_PIXELS, BadPicture, Size, TooManyPixels, redraw

log = logging.getLogger("pingback.files")

# What is none of our types, and is only ever downloaded.
OTHER = FileType(content_type="application/octet-stream", extensions=(), is_one=lambda _file: True)
# What is uploaded and not sent.
KEPT_UNSENT = timedelta(hours=24)
BATCH = 100


def keep_upload(*, agent: User, conversation: Conversation, file: "UploadedFile[bytes]") -> Attachment:
    """`store_upload` of what an agent sent, counted. Raises TooFast, too."""
    assert file.file is not None
    throttles.count("UPLOAD", agent.pk)
    return store_upload(
        conversation=conversation, name=file.name or "", file=file.file, size=file.size or 0, uploader=agent
    )


def store_upload(
    *,
    conversation: Conversation | None,
    name: str,
    file: IO[bytes],
    size: int,
    uploader: User | None = None,
    business_id: UUID | None = None,
    whatever_it_is: bool = False,
) -> Attachment:
    """Keep a file for a message of this conversation, an agent's when `uploader` is given.

    conversation: None for a customer's who opens one with it, in the workspace `business_id`.
    name: as the client calls it. file: seekable, from its start. size: in bytes. whatever_it_is: a provider brought it,
    who cannot be told otherwise (design.md 1); then only an empty file is refused.
    Raises TooBig, UnsupportedType (name or content is none of foundation.filetypes), Unprocessable (empty, broken,
    more pixels than are decoded). Then nothing is kept. Throttles are the caller's.
    Source: promises 8, "Uploads"; contract/api.md 5.
    """
    filename = shown_name(name)
    if size > settings.UPLOAD_BYTES and not whatever_it_is:
        raise TooBig(_("At most %(most)d MB a file.") % {"most": settings.UPLOAD_BYTES // 1024**2})
    if not size:
        raise Unprocessable(_("This file is empty."), field="file", kind="file_empty")
    kind = type_of(filename, file) or (OTHER if whatever_it_is else None)
    if kind is None:
        raise UnsupportedType(_("Send a picture, PDF, text, CSV, Word, Excel, MP3, MP4 or OGG file."))
    attachment = Attachment(
        pk=new_id(),
        business_id=conversation.business_id if conversation else business_id,  # type: ignore[misc]
        conversation=conversation,
        uploader=uploader,
        sender_type=SenderType.AGENT if uploader else SenderType.CUSTOMER,
        filename=filename,
        content_type=kind.content_type,
        size=size,
    )
    try:
        try:
            _keep(attachment, kind, file)
        except Unprocessable:
            if not whatever_it_is:
                raise
            attachment.content_type = OTHER.content_type
            _keep(attachment, OTHER, file)
        attachment.save(force_insert=True)
    except BaseException:
        remove_files([attachment.pk])
        raise
    return attachment


def _keep(attachment: Attachment, kind: FileType, file: IO[bytes]) -> None:
    """First the bytes, then the row: what is cut off in between is a file that `purge_strays` finds."""
    file.seek(0)
    if not kind.picture:
        default_storage.save(place_of(attachment.pk), File(file))
        return
    with TemporaryFile() as drawn, TemporaryFile() as thumbnail:
        shown = _drawn(file, kind, drawn, thumbnail)
        attachment.width, attachment.height = shown.width, shown.height
        attachment.size = drawn.seek(0, 2)
        default_storage.save(place_of(attachment.pk), File(drawn))
        default_storage.save(thumbnail_place_of(attachment.pk), File(thumbnail))


def _drawn(file: IO[bytes], kind: FileType, drawn: IO[bytes], thumbnail: IO[bytes]) -> Size:
    try:
        return redraw(file, kind.picture, into=drawn, thumbnail=thumbnail)
    except TooManyPixels as error:
        text = _("This picture is too large: at most %(most)d megapixels.") % {"most": MAX_PIXELS // 1_000_000}
        raise Unprocessable(text, field="file", kind="picture_too_large") from error
    except BadPicture as error:
        raise Unprocessable(_("This picture is damaged."), field="file", kind="picture_damaged") from error


@receiver(post_delete, sender=Attachment)
def let_go_of_files(instance: Attachment, **_signal: Any) -> None:
    """The row goes first; a crash before the file went leaves one that `purge_strays` finds."""
    attachment_id = instance.pk
    transaction.on_commit(lambda: remove_files([attachment_id]), robust=True)


def remove_files(ids: Iterable[UUID]) -> None:
    for attachment_id in ids:
        for place in (place_of(attachment_id), thumbnail_place_of(attachment_id)):
            default_storage.delete(place)


@transaction.atomic
def remove_unsent(*, attachment: Attachment) -> bool:
    """Take back what was uploaded and not sent; false when it was sent meanwhile.

    Locked first: a plain delete looks for rows and then deletes them by id, also one that was sent in between.
    """
    unsent = Attachment.objects.select_for_update().unsent().filter(pk=attachment.pk).first()
    if unsent is None:
        return False
    unsent.delete()
    return True


def purge_unsent(*, most: int = BATCH) -> int:
    """Delete what was uploaded a day ago and never sent; returns how many there were."""
    with transaction.atomic():
        old = Attachment.objects.select_for_update(of=("self",)).unsent()
        old = old.filter(created_at__lt=timezone.now() - KEPT_UNSENT)
        return sum(attachment.delete()[0] for attachment in old.order_by("created_at")[:most])


def purge_strays(*, most: int = BATCH) -> int:
    """Delete files without a row, but none that may still get its row; returns how many there were.

    Each hour looks into eight of the 256 folders, so that all were looked into after 32 hours.
    """
    hour = int(time.time()) // 3600
    strays: list[UUID] = []
    for folder in range(hour % 32 * 8, hour % 32 * 8 + 8):
        found = _old_files(Path(settings.MEDIA_ROOT, "files", f"{folder:02x}"))
        strays += found - set(Attachment.objects.filter(pk__in=found).values_list("pk", flat=True))
    remove_files(strays[:most])
    return len(strays[:most])


def _old_files(folder: Path) -> set[UUID]:
    old = time.time() - KEPT_UNSENT.total_seconds()
    return {
        file_id for path in folder.glob("*/*") if (file_id := _id_of(path)) is not None and path.stat().st_mtime < old
    }


def _id_of(path: Path) -> UUID | None:
    try:
        return UUID(hex=path.stem)
    except ValueError:
        return None
