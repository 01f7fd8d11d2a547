"""BERT's uncased WordPiece, as all-MiniLM-L6-v2 was trained with: text to the numbers of its pieces.

vocab.txt is that of bert-base-uncased (Apache-2.0). Source: theo.md 1.
"""

import unicodedata
from functools import cache
from pathlib import Path

START, END, UNKNOWN = 101, 102, 100
MOST = 256
MOST_LETTERS = 100


@cache
def vocabulary() -> dict[str, int]:
    lines = Path(__file__).with_name("vocab.txt").read_text("utf-8").split("\n")
    return {piece: number for number, piece in enumerate(lines) if piece}


def encode(text: str) -> list[int]:
    """At most MOST numbers, the marks of start and end among them."""
    numbers: list[int] = []
    for word in _words(text):
        numbers += _pieces(word)
        if len(numbers) >= MOST:
            break
    return [START, *numbers[: MOST - 2], END]


def _words(text: str) -> list[str]:
    letters = []
    for letter in unicodedata.normalize("NFD", text.lower()):
        kind = unicodedata.category(letter)
        if letter in "\t\n\r" or kind == "Zs":
            letters.append(" ")
        elif kind == "Mn" or kind.startswith("C") or letter == "\ufffd":
            continue
        elif _stands_alone(letter, kind):
            letters.append(f" {letter} ")
        else:
            letters.append(letter)
    return "".join(letters).split()


def _stands_alone(letter: str, kind: str) -> bool:
    code = ord(letter)
    is_symbol = 33 <= code <= 47 or 58 <= code <= 64 or 91 <= code <= 96 or 123 <= code <= 126
    is_chinese = 0x4E00 <= code <= 0x9FFF or 0x3400 <= code <= 0x4DBF or 0x20000 <= code <= 0x2CEAF
    return is_symbol or is_chinese or 0xF900 <= code <= 0xFAFF or 0x2F800 <= code <= 0x2FA1F or kind.startswith("P")


def _pieces(word: str) -> list[int]:
    """The longest pieces first, from the left; one unknown piece makes the whole word unknown."""
    if len(word) > MOST_LETTERS:
        return [UNKNOWN]
    known, found, start = vocabulary(), [], 0
    while start < len(word):
        for end in range(len(word), start, -1):
            number = known.get(("##" if start else "") + word[start:end])
            if number is not None:
                break
        else:
            return [UNKNOWN]
        found.append(number)
        start = end
    return found
