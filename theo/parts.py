"""The questions of one message: "How do I pay, and how long is a gift card valid?" has two. Source: theo.md 5."""

import re
from functools import cache

from theo.engine.language import language_of
from theo.engine.lexical import words
from theo.phrases import goes_on

MOST_PARTS = 4
# What has fewer words is none of its own; or letters, where words are not written apart.
LEAST_WORDS, LEAST_LETTERS = 3, 6

_MARKS = "?？؟"
# What joins two questions, by language: of one letter it is another word elsewhere ("how can I pay").
_JOINS = {
    "en": "and also|and|also",
    "de": "und",
    "fr": "et",
    "es": "y",
    "it": "e",
    "pt": "e",
    "nl": "en",
    "pl": "i",
    "ru": "и",
    "he": "וגם",
}
# Asks for the answer to what was asked beside it.
_SAME = re.compile(
    r"^\W*(?:(?:so|please|hi|hello|bitte|also) )*(?:"
    r"(?:can|could|would|will) (?:you|anyone|anybody|someone|somebody) (?:please )?"
    r"(?:help|assist|advise|explain|tell me|let me know|look into)\b.{0,30}"
    r"|(?:do|does|would) (?:you|anyone|anybody) (?:know|have any idea)\b.{0,20}"
    r"|what (?:can|should|do|must|shall) (?:i|we) do\b.{0,20}|what (?:are my options|now|next)"
    r"|(?:any|some) (?:help|ideas?|advice|suggestions?)\b.{0,20}"
    r"|(?:how|where) (?:do|can|should) i (?:do|get|find) (?:that|this|it)"
    r"|(?:können|könnten) (?:sie|ihr) mir .{0,20}helfen|kann(?:st du)? mir .{0,20}helfen"
    r"|was (?:soll|kann|muss) ich .{0,10}(?:tun|machen)|wissen sie .{0,20}"
    r"|(?:pouvez-vous|peux-tu|pourriez-vous) m.aider.{0,20}|que (?:dois|puis)-je faire.{0,10}"
    r"|(?:me )?(?:puede|pueden|podrían|podría)s? ayudar(?:me)?.{0,20}|qué (?:hago|puedo hacer|debo hacer).{0,10}"
    r"|(?:potete|può|puoi|potreste) aiutarmi.{0,20}|(?:che )?cosa (?:devo|posso) fare.{0,10}"
    r"|(?:podem|pode|poderiam) (?:me )?ajudar(?:-me)?.{0,20}|o que (?:devo|posso) fazer.{0,10}"
    r"|(?:kunnen jullie|kunt u|kun je) (?:me|mij) .{0,20}helpen|wat (?:moet|kan) ik .{0,10}doen"
    r"|(?:czy )?(?:możecie|może|mógłby|mogłaby) .{0,10}pomóc.{0,20}|co (?:mam|mogę|powinienem) .{0,10}zrobić"
    r"|(?:вы )?(?:можете|поможете|могли бы) .{0,20}(?:мне|помочь)|что (?:мне )?делать.{0,10}"
    r")\W*$",
    re.IGNORECASE,
)


def parts_of(question: str) -> list[str]:
    """Those that can be understood alone, at most MOST_PARTS, what has a question mark first; none when it is one."""
    alone = sorted(filter(_is_long, _pieces(question)), key=lambda part: part[-1] not in _MARKS)
    return alone[:MOST_PARTS] if len(alone) > 1 else []


def asked_in(question: str) -> list[str]:
    """What has a question mark, and is neither about something said before nor the same as what is asked beside it."""
    return [part for part in _pieces(question) if part[-1] in _MARKS and _is_long(part) and _is_new(part)]


def _pieces(text: str) -> list[str]:
    found, start = [], 0
    for end in _end(_joins(text)).finditer(text):
        mark = next((letter for letter in end.group() if letter in _MARKS), "")
        found.append(text[start : end.start()].strip() + mark)
        start = end.end()
    return [piece for piece in [*found, text[start:].strip()] if piece.strip(_MARKS)]


@cache
def _end(joins: str) -> re.Pattern[str]:
    return re.compile(
        rf"[.?!;。？！؟；\n]+|,?\s+(?:{joins})\s+(?=\w+\s+\w+\s+\w+)|،?\s+و(?=\w+\s+\w+\s+\w+)", re.IGNORECASE
    )


def _joins(text: str) -> str:
    return _JOINS.get(language_of(text), _JOINS["en"])


def _is_new(part: str) -> bool:
    part = re.sub(rf"^(?:{_joins(part)})\s+", "", part, flags=re.IGNORECASE)
    return bool(words(part)) and not goes_on(part) and not _SAME.match(part)


def _is_long(part: str) -> bool:
    return len(part.split()) >= LEAST_WORDS or (not part.isascii() and len(part) >= LEAST_LETTERS)
