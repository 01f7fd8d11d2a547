"""What of an article is turned into vectors: its title, all of it, and each sentence with the title in front."""

import re

MOST_SENTENCES = 60
MOST_LETTERS = 2_000

_END = re.compile(r"(?<=[.!?…。！？;])\s+|\n+")


def sentences_of(text: str) -> list[str]:
    return [part.strip() for part in _END.split(text) if part.strip()]


def passages_of(title: str, text: str) -> list[str]:
    """title: of the article. text: its content without Markdown. The first two are the title and the whole."""
    sentences = sentences_of(text)[:MOST_SENTENCES] or [title]
    return [
        title,
        f"{title}. {text}"[:MOST_LETTERS],
        *(f"{title}. {sentence}"[:MOST_LETTERS] for sentence in sentences),
    ]
