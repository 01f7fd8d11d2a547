"""The hues of static/css/tokens.css for the colours of tags."""

from conversations.models import TagColor

HUES: dict[str, int] = {
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
