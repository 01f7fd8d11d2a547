"""Pictures from outside, drawn anew: what comes out holds the pixels and nothing else that was in the file.

No EXIF (places, names, cameras), no comment, no second file hidden behind the first; turned as the camera said.
Source: promises 8, "Uploads".
"""

import struct
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

from django.utils.translation import gettext as _
from PIL import Image, ImageOps, JpegImagePlugin

from foundation.errors import Unavailable

# Of one picture, or of all the frames of one that moves; and how many frames at most.
MAX_PIXELS = 40_000_000
MAX_FRAMES = 1_000
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
MOVING = frozenset({"GIF", "WEBP"})
THUMBNAIL_SIDE = 640
QUALITY = 85

# A decoded picture takes hundreds of megabytes at most, and only one does so at a time. Few wait for it, and not long:
# each holds a request, and pictures must not hold all of them.
_one_at_a_time = threading.Lock()
_waiting = threading.BoundedSemaphore(4)
PATIENCE_SECONDS = 3.0
# What the library raises for files that are not what they say, format by format.
_BROKEN = (
    SyntaxError,
    ValueError,
    TypeError,
    EOFError,
    LookupError,
    OverflowError,
    struct.error,
    zlib.error,
    Image.DecompressionBombWarning,
)


class BadPicture(Exception):
    """Broken, or not of its format."""


class TooManyPixels(Exception):
    """More than is decoded here; known before it is."""


@dataclass(frozen=True, slots=True)
class Size:
    width: int
    height: int


def redraw(source: IO[bytes], format: str, *, into: IO[bytes], thumbnail: IO[bytes]) -> Size:
    """Write the picture anew in its own format, and a WebP of at most THUMBNAIL_SIDE pixels a side.

    format: Pillow's name, like "JPEG"; what is moving stays so. Returns the size as it is shown.
    Raises BadPicture, TooManyPixels, Unavailable.
    """
    with _decoding(source, format) as picture:
        if format in MOVING and getattr(picture, "is_animated", False):
            _save_moving(picture, format, into)
            picture.seek(0)
            still = _upright(picture)
        else:
            still = _upright(picture)
            still.save(into, format, **_options(picture, still, format))
        size = Size(*still.size)
        small = _in_colour(still)
        small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), reducing_gap=2.0)
        small.save(thumbnail, "WEBP", quality=80, method=4)
    return size


def square(source: IO[bytes], format: str, *, into: IO[bytes], side: int) -> None:
    """Write the middle of the picture as a WebP of `side` by `side` pixels. Raises as `redraw`."""
    with _decoding(source, format) as picture:
        picture.draft("RGB", (side, side))
        fitted = ImageOps.fit(_in_colour(_upright(picture)), (side, side))
        fitted.save(into, "WEBP", quality=QUALITY, method=4)


@contextmanager
def _turn() -> Iterator[None]:
    """Raises Unavailable when too many wait already, or the ones before take too long."""
    if not _waiting.acquire(blocking=False):
        raise Unavailable(_("Many pictures are being read. Try again."))
    try:
        if not _one_at_a_time.acquire(timeout=PATIENCE_SECONDS):
            raise Unavailable(_("Many pictures are being read. Try again."))
        try:
            yield
        finally:
            _one_at_a_time.release()
    finally:
        _waiting.release()


@contextmanager
def _decoding(source: IO[bytes], format: str) -> Iterator[Image.Image]:
    with _turn():
        try:
            source.seek(0)
            with Image.open(source, formats=[format]) as picture:
                _check_size(picture.size)
                yield picture
        except Image.DecompressionBombError as error:
            raise TooManyPixels from error
        except _BROKEN as error:
            raise BadPicture(str(error)) from error
        except OSError as error:
            if error.errno is not None:  # the disk's, not the picture's
                raise
            raise BadPicture(str(error)) from error


def _check_size(size: tuple[int, int], *, frames: int = 1) -> None:
    if frames > MAX_FRAMES or size[0] * size[1] * frames > MAX_PIXELS:
        raise TooManyPixels


def _upright(picture: Image.Image) -> Image.Image:
    """The pixels alone, turned as the camera said."""
    still = ImageOps.exif_transpose(picture)
    _forget(still)
    return still


def _forget(picture: Image.Image) -> None:
    """Everything that the file said besides its pixels: the writers would put it back."""
    picture.info = {name: value for name, value in picture.info.items() if name == "transparency"}


def _in_colour(picture: Image.Image) -> Image.Image:
    return picture.convert("RGBA" if picture.has_transparency_data else "RGB")


def _options(picture: Image.Image, still: Image.Image, format: str) -> dict[str, Any]:
    """As good as it came, so that a picture does not grow or fade by passing through."""
    if format == "JPEG":
        tables = getattr(picture, "quantization", None)
        if tables and still.mode in {"L", "RGB"}:
            return {"qtables": tables, "subsampling": JpegImagePlugin.get_sampling(picture)}
        return {"quality": 90}
    if format == "WEBP":
        return {"quality": 90, "method": 2}
    return {}


def _save_moving(picture: Image.Image, format: str, into: IO[bytes]) -> None:
    """Frame by frame, counted as they come: what a file says of itself is not believed."""
    durations: list[int] = []

    def frames() -> Iterator[Image.Image]:
        number = 0
        while True:
            try:
                picture.seek(number)
            except EOFError:
                return
            number += 1
            _check_size(picture.size, frames=number)
            frame = picture.copy()  # decodes; some formats know the duration only then
            durations.append(min(int(picture.info.get("duration", 100)), 60_000))
            _forget(frame)
            yield frame

    loop = min(max(int(picture.info.get("loop", 1 if format == "GIF" else 0)), 0), 65_535)
    following = frames()
    first = next(following)
    options: dict[str, Any] = {"save_all": True, "append_images": following, "duration": durations}
    if format == "WEBP":
        options |= {"quality": 80, "method": 0, "loop": loop}
    else:
        # A frame that lets something shine through stands alone, or the one before would.
        options |= {"disposal": 2 if first.has_transparency_data else 0}
        options |= {"loop": loop} if "loop" in picture.info else {}
    first.save(into, format, **options)
