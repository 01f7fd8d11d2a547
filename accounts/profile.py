"""A person's own name and picture. The picture is public: visitors see who answers them.

It lies under MEDIA_ROOT by the person's id and a random version, so that its address can be kept for ever.
"""

import re
import secrets
from tempfile import TemporaryFile
from typing import IO, Any
from uuid import UUID

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.utils.translation import gettext as _

from accounts import events
from accounts.models import User
from foundation import throttles
from foundation.errors import TooBig, Unprocessable, UnsupportedType
from foundation.filetypes import type_of
from foundation.images import MAX_PIXELS, BadPicture, TooManyPixels, square
from foundation.text import is_clean

SIDE = 256  # pixels
MAX_NAME = 200
_VERSION = re.compile(r"[0-9a-f]{16}")


def rename(*, user: User, full_name: str) -> None:
    """Raises Unprocessable."""
    name = full_name.strip()
    if not name or len(name) > MAX_NAME or not is_clean(name):
        raise Unprocessable(_("Write your name."), field="full_name")
    if name == user.full_name:
        return
    with transaction.atomic():
        user.full_name = name
        user.save(update_fields=["full_name"])
        events.tell("profile.changed", user=user, changed="name")


def set_picture(*, user: User, name: str, file: IO[bytes], size: int) -> None:
    """Draw the middle of a picture anew, as the person's own.

    name: as the client calls the file. file: seekable. size: in bytes.
    Raises TooBig, TooFast, Unprocessable, UnsupportedType; then the old one stays.
    """
    throttles.count("UPLOAD", user.pk)
    if size > settings.UPLOAD_BYTES:
        raise TooBig(_("At most %(most)d MB a file.") % {"most": settings.UPLOAD_BYTES // 1024**2})
    kind = type_of(name.strip(), file)
    if kind is None or not kind.picture:
        raise UnsupportedType(_("Choose a PNG, JPEG, GIF or WebP picture."))
    version = secrets.token_hex(8)
    with TemporaryFile() as drawn:
        try:
            square(file, kind.picture, into=drawn, side=SIDE)
        except TooManyPixels as error:
            text = _("This picture is too large: at most %(most)d megapixels.") % {"most": MAX_PIXELS // 1_000_000}
            raise Unprocessable(text, field="file", kind="picture_too_large") from error
        except BadPicture as error:
            raise Unprocessable(_("This picture is damaged."), field="file", kind="picture_damaged") from error
        try:
            default_storage.save(place_of(user.pk, version), File(drawn))
            _change(user, version)
        except Exception:  # no row names it, so nobody would ever delete it
            _remove_file(user.pk, version)
            raise


def remove_picture(*, user: User) -> None:
    """Ours, and the one that Google gave."""
    if user.avatar_version or user.avatar_url:
        _change(user, "")


def place_of(user_id: UUID, version: str) -> str:
    text = user_id.hex
    return f"avatars/{text[-2:]}/{text}-{version}.webp"


def is_version(text: str) -> bool:
    return _VERSION.fullmatch(text) is not None


def _change(user: User, version: str) -> None:
    with transaction.atomic():
        row = User.objects.select_for_update().only("avatar_version").get(pk=user.pk)
        before = row.avatar_version
        user.avatar_version, user.avatar_url = version, ""
        user.save(update_fields=["avatar_version", "avatar_url"])
        events.tell("profile.changed", user=user, changed="picture")
        transaction.on_commit(lambda: _remove_file(user.pk, before), robust=True)


@receiver(post_delete, sender=User)
def let_go_of_picture(instance: User, **_signal: Any) -> None:
    user_id, version = instance.pk, instance.avatar_version
    transaction.on_commit(lambda: _remove_file(user_id, version), robust=True)


def _remove_file(user_id: UUID, version: str) -> None:
    if version:
        default_storage.delete(place_of(user_id, version))
