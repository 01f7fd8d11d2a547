"""How people are looked for beside names: by a telephone number, however it is written; strangers by their own."""

import re

from conversations.models.customers import STRANGER
from conversations.search.words import Term, Words, words_of

# What people write between the digits of a telephone number.
BETWEEN_DIGITS = " +-()./"
# Fewer are no number that somebody means.
LEAST_DIGITS = 4
# Before a stranger's number in the index: "1e4f" alone is "1e4" and "f" to PostgreSQL.
NUMBERED = "x"
_NUMBER = re.compile(r"(?=.*[a-f])[0-9a-f]{4}")


def words_of_person(words: Term) -> Words | None:
    """What the index has of somebody whom these words mean; None when it is no more than the words themselves."""
    number = stranger_number(words)
    meant = number and NUMBERED + number or telephone_digits(words)
    return Words(((meant,),), is_begun=True) if meant and (meant,) != words else None


def telephone_digits(words: Term) -> str:
    """Without the zeros that lead abroad or out of town; "" when the words are no telephone number."""
    digits = "".join(words).lstrip("0")
    return digits if digits.isdecimal() and len(digits) >= LEAST_DIGITS else ""


def stranger_number(words: Term) -> str:
    """Of "Visitor 3F0A", as far as it is typed, or of "3F0A"; "" when the words are something else."""
    called = set(words_of(STRANGER % {"number": ""}))
    rest = [word for word in words if word not in called]
    return rest[0] if len(rest) == 1 and (len(words) > 1 or _NUMBER.fullmatch(rest[0])) else ""
