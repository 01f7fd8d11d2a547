"""One run a conversation at a time, in whichever process: a language model is asked once. Source: theo.md 4."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from foundation import throttles

# Longer than a language model may take in all. A process that dies leaves the turn to the next one after that.
SECONDS = 60


@contextmanager
def turn(conversation_id: UUID) -> Iterator[bool]:
    """Whether it is ours; somebody else is at it otherwise."""
    if not throttles.is_first("THEO_TURN", conversation_id, seconds=SECONDS):
        yield False
        return
    try:
        yield True
    finally:
        throttles.forget("THEO_TURN", conversation_id)
