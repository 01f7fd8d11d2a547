"""What hangs on messages and posts at X, in either envelope's words. Wire: channels.md 6.5, 6.7."""

from collections.abc import Mapping
from typing import Any

from channels_app.adapters.events import MediaRef
from channels_app.adapters.json import dict_of, list_of, text_of

# A video lies there in several sizes: of the best one a minute may be too big to be fetched.
MOST_BITS = 2_500_000
MOST_FILES = 4


def files_of(found: list[Any]) -> tuple[MediaRef, ...]:
    files = (_file(dict_of(one)) for one in found[:MOST_FILES])
    return tuple(file for file in files if file)


def _file(media: Mapping[str, Any]) -> MediaRef | None:
    kind = {"photo": "image", "animated_gif": "video", "video": "video"}.get(text_of(media, "type"), "document")
    if kind == "video":
        if url := _video(media):
            return MediaRef(kind="video", provider_ref=url, mime_type="video/mp4")
        kind = "image"  # its first picture is all that is told
    # In the older words `url` is the short one of the text.
    url = text_of(media, "media_url_https") or text_of(media, "url") or text_of(media, "preview_image_url")
    mime = "image/jpeg" if kind == "image" and url.lower().endswith((".jpg", ".jpeg")) else ""
    return MediaRef(kind=kind, provider_ref=url, mime_type=mime) if url else None


def _video(media: Mapping[str, Any]) -> str:
    told = list_of(media.get("variants")) or list_of(dict_of(media.get("video_info")).get("variants"))
    found = [one for one in map(dict_of, told) if text_of(one, "content_type") == "video/mp4" and text_of(one, "url")]
    by_size = sorted(found, key=_bits)
    small = [one for one in by_size if _bits(one) <= MOST_BITS]
    return next((text_of(one, "url") for one in [*reversed(small), *by_size]), "")


def _bits(variant: Mapping[str, Any]) -> int:
    """Each second of it; a moving picture's is told as none."""
    bits = variant.get("bit_rate", variant.get("bitrate"))
    return bits if isinstance(bits, int) else 0
