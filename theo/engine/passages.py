"""What of an article is turned into vectors: its title as somebody would ask it, all of it, its text alone, and each
sentence with the title in front."""

import re
from collections.abc import Sequence

import numpy as np

from theo.engine.embedders import Embedder, Vectors

MOST_SENTENCES = 60
MOST_LETTERS = 2_000
# Of what `rows_of` makes: another one, and what was stored before is not used.
LAYOUT = "rows 2"
# Rows in front of the sentences'.
FIRST = ("title", "whole", "content")

_END = re.compile(r"(?<=[.!?…。！？;])\s+|\n+")


def sentences_of(text: str) -> list[str]:
    return [part.strip() for part in _END.split(text) if part.strip()]


def passages_of(title: str, text: str) -> list[str]:
    """title: of the article. text: its content without Markdown."""
    sentences = sentences_of(text)[:MOST_SENTENCES] or [title]
    return [
        f"{title}. {text}"[:MOST_LETTERS],
        text[:MOST_LETTERS] or title,
        *(f"{title}. {sentence}"[:MOST_LETTERS] for sentence in sentences),
    ]


def rows_of(model: Embedder, *, title: str, text: str, tags: Sequence[str], examples: Sequence[str] = ()) -> Vectors:
    """FIRST, then one row a sentence, then one for each of `examples`, questions that it is known to answer.

    A title is what somebody asks, so it is read as a question.
    """
    asked = model.questions([f"{title}. {', '.join(tags)}"[:MOST_LETTERS], *examples])
    return np.concatenate([asked[:1], model.passages(passages_of(title, text)), asked[1:]])
