"""How attachments look on our pages: their addresses, signs and boxes."""

from functools import cache

from django import template
from django.urls import reverse

from conversations.attachments import Facts, path_of
from foundation.filetypes import EXTENSIONS, PICTURES

register = template.Library()

# A single picture in a thread is shown within this, and never as a mere line.
WIDEST, HIGHEST, LEAST = 280, 220, 40
register.filter("file_path", path_of)


@register.filter
def thumbnail_path(file: Facts) -> str:
    return reverse("file-thumbnail", args=[file["id"]])


@register.filter
def is_picture(file: Facts) -> bool:
    return file["content_type"] in PICTURES


@register.filter
def file_icon(file: Facts) -> str:
    kind = file["content_type"].partition("/")[0]
    return {"image": "image", "audio": "paperclip", "video": "paperclip"}.get(kind, "file-text")


@register.filter
def box(file: Facts) -> tuple[int, int]:
    """Width and height that a picture takes in the thread, so that nothing moves when it arrives."""
    scale = min(1, WIDEST / file["width"], HIGHEST / file["height"])
    return max(LEAST, round(file["width"] * scale)), max(LEAST, round(file["height"] * scale))


@register.simple_tag
@cache
def accepted_files() -> str:
    """For `accept`: the picker then offers what is taken."""
    return ",".join(f".{extension}" for extension in EXTENSIONS)
