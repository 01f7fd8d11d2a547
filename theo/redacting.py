"""What says who somebody is stays in the house: it is replaced before a language model reads what was said."""

import re

_PATTERNS = (
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "[e-mail]"),
    (re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b"), "[account]"),
    (re.compile(r"(?<![\w.])\d(?:[ -]?\d){12,18}(?!\w)"), "[card]"),
    # A date is none.
    (re.compile(r"(?<![\w.])(?!\d{4}-\d\d-\d\d(?!\d))\+?\(?\d(?:[ ()./-]{0,2}\d){7,14}(?!\w)"), "[phone]"),
)
_LEAST_NAME = 3


def redacted(text: str, *, names: tuple[str, ...] = ()) -> str:
    """names: of people, whole or in parts; as they are written, since many are common words in small letters."""
    for pattern, placeholder in _PATTERNS:
        text = pattern.sub(placeholder, text)
    for part in sorted({part for name in names for part in name.split() if len(part) >= _LEAST_NAME}):
        text = re.sub(rf"\b{re.escape(part)}\b", "[name]", text)
    return text
