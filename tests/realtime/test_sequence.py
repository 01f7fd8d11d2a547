"""Events reach sockets in the feed's order, whichever thread was quicker. R2."""

import asyncio

import pytest

from pingback.realtime import sequence
from pingback.realtime.sequence import InOrder


@pytest.fixture
def emitted() -> list[int]:
    return []


@pytest.fixture
def line(emitted: list[int]) -> InOrder:
    line = InOrder(emitted.append)
    line.listen("acme", after=10)
    return line


async def test_R2_an_early_event_waits_for_the_ones_before_it(line: InOrder, emitted: list[int]) -> None:
    for seq in (13, 11, 14, 12):
        line.take("acme", seq, seq)

    assert emitted == [11, 12, 13, 14]


async def test_what_never_comes_is_given_up_soon(
    line: InOrder, emitted: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sequence, "PATIENCE_SECONDS", 0.02)
    line.take("acme", 12, 12)
    line.take("acme", 14, 14)

    await asyncio.sleep(0.1)

    assert emitted == [12, 14]
    line.take("acme", 15, 15)
    assert emitted == [12, 14, 15]


async def test_what_comes_too_late_is_still_told(line: InOrder, emitted: list[int]) -> None:
    line.take("acme", 11, 11)
    line.take("acme", 9, 9)

    assert emitted == [11, 9]


async def test_nothing_is_kept_for_a_workspace_without_listeners(line: InOrder, emitted: list[int]) -> None:
    line.listen("acme", after=10)
    line.leave("acme")
    line.take("acme", 11, 11)
    line.leave("acme")
    line.take("acme", 12, 12)
    line.take("umbrella", 1, 1)

    assert emitted == [11]
    assert not line._lines
