"""The hues of static/css/tokens.css for the colours of tags."""

from conversations.models import TagColor

_HUES: dict[str, int] = {
    TagColor.GRAY: 8,
    TagColor.RED: 7,
    TagColor.ORANGE: 6,
    TagColor.YELLOW: 5,
    TagColor.GREEN: 4,
    TagColor.TEAL: 3,
    TagColor.BLUE: 2,
    TagColor.PURPLE: 1,
    TagColor.PINK: 7,
}


def hue_of(color: str) -> int:
    """Gray for a colour that is none."""
    return _HUES.get(color, _HUES[TagColor.GRAY])
