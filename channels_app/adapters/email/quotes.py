"""What somebody wrote now, told from what they quote and sign with. Nothing is thrown away: the rest is folded."""

import re
from dataclasses import dataclass

from mailparser_reply.constants import MAIL_LANGUAGES
from mailparser_reply.parser import EmailMessage

# The end of a longer text is not looked at: it goes with whatever the part before it ends in.
MOST = 40_000
# What the library gets to see: the time that its patterns take grows with the square of it, and nothing else runs
# meanwhile. Where a line begins tells all that it asks.
MOST_FOR_LIBRARY = 10_000
LONGEST_LINE = 1_000

_RULE = re.compile(r"\s*[_-]{32,}\s*")
_ABOVE_A_QUOTE = re.compile(r"(?:on|am|le|el|il|op|den|em|w dniu)\b.{0,300}:\s*", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """shown + rest is the whole text. rest: quotes and signature, "" when there are none."""

    shown: str
    rest: str = ""


def fold(text: str) -> Folded:
    """Answers between quoted lines stay shown with these; a text of nothing but quotes is shown as it is."""
    lines = text[:MOST].split("\n")
    kept = _first_reply(lines)
    kept = _without_last_quote(lines, kept)
    shown = "\n".join(lines[:kept]).strip("\n").rstrip()
    if not shown.strip() or kept >= len(lines):
        return Folded(shown=text.strip("\n").rstrip())
    return Folded(shown=shown, rest=("\n".join(lines[kept:]) + text[MOST:]).strip("\n").rstrip())


def _first_reply(lines: list[str]) -> int:
    """How many of the lines come before the first quote with a heading, or before the signature."""
    seen = _for_library(lines)
    parsed = EmailMessage(text="\n".join(seen), languages=list(MAIL_LANGUAGES), keep_hyphen_lists=True).read()
    reply = parsed.replies[0]
    words = reply.content
    if reply.signatures and words.endswith(reply.signatures):
        words = words[: -len(reply.signatures)]
    # The library strips lines and drops rules, so what it found is told by the number of lines that say something.
    left = sum(1 for line in words.split("\n") if _says_something(line))
    if not left or left >= sum(1 for line in seen if _says_something(line)):
        return len(lines)
    for number, line in enumerate(lines, start=1):
        left -= _says_something(line[:LONGEST_LINE])
        if not left:
            following = next((other for other in lines[number:] if other.strip()), "")
            return len(lines) if not following else number
    return len(lines)


def _for_library(lines: list[str]) -> list[str]:
    """Their beginnings, and of blank ones that follow each other the first."""
    seen: list[str] = []
    room = MOST_FOR_LIBRARY
    for line in lines:
        short = line[:LONGEST_LINE]
        if short.strip() or (seen and seen[-1]):
            seen.append(short if short.strip() else "")
            room -= len(short) + 1
        if room < 0:
            break
    return seen


def _without_last_quote(lines: list[str], kept: int) -> int:
    """Less a block of `>` lines at the end, and the line that introduces it."""
    end = kept
    while end and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith(">")):
        end -= 1
    if not any(line.strip() for line in lines[end:kept]):
        return kept
    if end and _ABOVE_A_QUOTE.fullmatch(lines[end - 1].strip()):
        end -= 1
    return end


def _says_something(line: str) -> bool:
    return bool(line.strip()) and not _RULE.fullmatch(line)
