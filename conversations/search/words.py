"""Words as they are looked for, and whether a text holds them."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

Term = tuple[str, ...]

_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Words:
    """All of the terms; a term of several words is those words in that order, side by side.

    Each word as it was typed but in small letters: what marks an engine takes off is its own affair.
    is_begun: the last word may go on. without: what these match is not meant.
    """

    terms: tuple[Term, ...]
    is_begun: bool = False
    without: tuple["Words", ...] = ()


class _BySign(dict[int, str]):
    """For `str.translate`: one sign for one sign, each worked out once."""

    def __init__(self, change: Callable[[str], str]) -> None:
        super().__init__()
        self.change = change

    def __missing__(self, code: int) -> str:
        changed = self[code] = self.change(chr(code))
        return changed


def _small(sign: str) -> str:
    return (sign.lower() or sign)[0]


def _plain(sign: str) -> str:
    """Without its marks. The parts of a Korean syllable are none."""
    base, *marks = list(unicodedata.normalize("NFD", sign))
    return _small(base if all(map(unicodedata.combining, marks)) else sign)


_SMALL = _BySign(_small)
_PLAIN = _BySign(_plain)
# SQLite takes marks off Latin letters alone.
_LATIN = _BySign(lambda sign: plain if (plain := _plain(sign)).isascii() else _small(sign))


def folded(text: str) -> str:
    """Without case and marks, for finding a place again: of the same length as the text."""
    return text.lower() if text.isascii() else text.translate(_PLAIN)


def words_of(text: str) -> Term:
    text = text.lower() if text.isascii() else unicodedata.normalize("NFC", text).translate(_SMALL)
    return tuple(_WORD.findall(text))


def holds(text: str, words: Words) -> bool:
    """As SQLite's index would say."""
    return _holds(tuple(word.translate(_LATIN) for word in words_of(text)), words)


def _holds(said: Term, words: Words) -> bool:
    *whole, last = [tuple(word.translate(_LATIN) for word in term) for term in words.terms]
    return (
        all(_has(said, term, is_begun=False) for term in whole)
        and _has(said, last, is_begun=words.is_begun)
        and not any(_holds(said, other) for other in words.without)
    )


def _has(said: Term, term: Term, *, is_begun: bool) -> bool:
    *before, last = term
    return any(
        (word.startswith(last) if is_begun else word == last) and said[at - len(before) : at] == tuple(before)
        for at, word in enumerate(said)
        if at >= len(before)
    )
