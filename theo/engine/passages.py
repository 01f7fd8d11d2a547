"""What of an article is turned into vectors: the questions that it answers, its title the first of them; all of it; its
text alone; and each sentence with the title in front."""

import re
from collections.abc import Callable, Sequence

import numpy as np

from theo.engine.embedders import Embedder, Vectors, few_of

# Of a longer article neighbouring sentences stand together, so that all of it is found.
MOST_PASSAGES = 60
MOST_LETTERS = 2_000
# Of what `rows_of` makes: another one, and what was stored before is not used.
LAYOUT = "rows 3"

_END = re.compile(r"(?<=[.!?…。！？;])\s+|(?<=[。！？])|\n+")


def sentences_of(text: str) -> list[str]:
    return [text[start:end] for start, end in spans_of(text)]


def spans_of(text: str) -> list[tuple[int, int]]:
    """Of each sentence, where it begins and ends."""
    ends = [0, *(place for found in _END.finditer(text) for place in found.span()), len(text)]
    parts = [(start, end, text[start:end]) for start, end in zip(ends[::2], ends[1::2], strict=True)]
    return [
        (start + len(part) - len(part.lstrip()), end - len(part) + len(part.rstrip()))
        for start, end, part in parts
        if part.strip()
    ]


def sentences_each(count: int) -> int:
    """How many sentences a passage has, of an article with so many."""
    return max(1, -(-count // MOST_PASSAGES))


def passages_of(title: str, text: str) -> list[str]:
    """title: of the article. text: its content without Markdown."""
    sentences = sentences_of(text) or [title]
    each = sentences_each(len(sentences))
    passages = [" ".join(sentences[n : n + each]) for n in range(0, len(sentences), each)]
    return [
        f"{title}. {text}"[:MOST_LETTERS],
        text[:MOST_LETTERS] or title,
        *(f"{title}. {passage}"[:MOST_LETTERS] for passage in passages),
    ]


class NotWanted(Exception):
    """What was being read is not what there is any more."""


def rows_of(
    model: Embedder,
    *,
    title: str,
    text: str,
    tags: Sequence[str],
    examples: Sequence[str] = (),
    is_wanted: Callable[[], bool] = lambda: True,
) -> Vectors:
    """One row for the title and one for each of `examples`, questions that the article is known to answer; then those
    of `passages_of`.

    A title is what somebody asks, so it is read as a question. is_wanted: is asked again and again, since a long text
    takes a minute. Raises NotWanted.
    """
    rows = [model.questions([f"{title}. {', '.join(tags)}"[:MOST_LETTERS], *examples])]
    for some in few_of(passages_of(title, text)):
        if not is_wanted():
            raise NotWanted
        rows.append(model.passages(some))
    return np.concatenate(rows)
