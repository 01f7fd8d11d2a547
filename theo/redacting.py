"""What says who somebody is stays in the house: it is replaced before a language model reads what was said."""

import re
import unicodedata

from conversations.models import Conversation

# Between the parts of a number, as people and their keyboards write it; other blanks are made one of these before.
_BETWEEN = r"[ .\-‐–—]"
_PATTERNS = (
    # What opens a door: a key as those who give them out write it.
    (re.compile(r"\b(?:sk|pk|rk|pbt|ghp|gho|xox[abp]|AKIA|eyJ)[-_A-Za-z0-9.]{16,}"), "[key]"),
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "[e-mail]"),
    (
        re.compile(rf"\b[A-Z]{{2}}\d{{2}}(?:{_BETWEEN}?[A-Z0-9]{{4}}){{2,7}}(?:{_BETWEEN}?[A-Z0-9]{{1,4}})?\b"),
        "[account]",
    ),
    # In small letters only with as many digits as tell it from words.
    (
        re.compile(
            rf"\b[A-Z]{{2}}\d{{2}}(?:{_BETWEEN}?[A-Z0-9]{{4}})?(?:{_BETWEEN}?\d{{4}}){{2,6}}(?:{_BETWEEN}?[A-Z0-9]{{1,4}})?\b",
            re.IGNORECASE,
        ),
        "[account]",
    ),
    (re.compile(rf"(?<![\d+])(?<!\d\.)\d(?:{_BETWEEN}?\d){{12,18}}(?!\d)"), "[card]"),
    # Longer than any telephone's.
    (re.compile(rf"\+\d(?:{_BETWEEN}?\d){{15,18}}(?!\d)"), "[card]"),
    # A date is none.
    (re.compile(r"(?<![\w.])(?!\d{4}-\d\d-\d\d(?!\d))\+?\(?\d(?:[ ()./\-‐–—]{0,2}\d){7,14}(?!\w)"), "[phone]"),
)
_LEAST_NAME = 3


def redacted(text: str, *, names: tuple[str, ...] = ()) -> str:
    """names: of people, whole or in parts; as they are written, since many are common words in small letters."""
    text = unicodedata.normalize("NFKC", text)  # full-width letters and blanks that do not break are common ones then
    for pattern, placeholder in _PATTERNS:
        text = pattern.sub(placeholder, text)
    for part in sorted({part for name in names for part in name.split() if len(part) >= _LEAST_NAME}):
        text = re.sub(rf"\b{re.escape(part)}\b", "[name]", text)
    return text


def redacted_question(conversation: Conversation, question: str, *, most: int) -> str:
    """What a customer asked, as it may be kept: without what says who that was."""
    name = conversation.customer.name if conversation.customer else ""
    return redacted(" ".join(question.split()), names=(name,))[:most]


def masked(text: str, *, names: tuple[str, ...] = ()) -> tuple[str, dict[str, str]]:
    """As `redacted`, so that it can be put back: the text, and what each placeholder of it stands for."""
    hidden: dict[str, str] = {}

    def hide(word: str, placeholder: str) -> str:
        mark = f"{placeholder[:-1]} {len(hidden) + 1}]"
        hidden[mark] = word
        return mark

    text = unicodedata.normalize("NFKC", text)
    for pattern, placeholder in _PATTERNS:
        text = pattern.sub(lambda found, kind=placeholder: hide(found.group(), kind), text)  # type: ignore[misc]
    for part in sorted({part for name in names for part in name.split() if len(part) >= _LEAST_NAME}):
        text = re.sub(rf"\b{re.escape(part)}\b", lambda found: hide(found.group(), "[name]"), text)
    return text, hidden


def put_back(text: str, hidden: dict[str, str]) -> str:
    for mark, word in hidden.items():
        text = text.replace(mark, word)
    return text
