"""Events reach sockets in the feed's order, whichever thread was quicker. R2."""

import asyncio
from collections.abc import Awaitable, Callable

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

    async with asyncio.timeout(10):
        while emitted != [12, 14]:
            await asyncio.sleep(0.01)
    line.take("acme", 15, 15)
    assert emitted == [12, 14, 15]


@pytest.fixture
async def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], Awaitable[None]]:
    """`await later(seconds)`: so much has passed, by the loop's clock alone."""
    loop, passed = asyncio.get_running_loop(), 0.0
    real = loop.time
    monkeypatch.setattr(loop, "time", lambda: real() + passed)

    async def pass_by(seconds: float) -> None:
        nonlocal passed
        passed += seconds
        for _ in range(3):
            await asyncio.sleep(0)

    return pass_by


async def test_R8_nothing_waits_longer_however_many_are_missing(
    line: InOrder, emitted: list[int], later: Callable[[float], Awaitable[None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process writes every second event, and the bus between the two is away: 20 of ours in a second."""
    monkeypatch.setattr(sequence, "PATIENCE_SECONDS", 250.0)  # a busy machine's own seconds are nothing beside it
    for count in range(20):
        line.take("acme", 12 + 2 * count, 12 + 2 * count)
        await later(50)

    assert emitted == [12 + 2 * count for count in range(16)]
    await later(200)
    assert emitted == [12 + 2 * count for count in range(20)]


async def test_what_was_given_up_is_missed_until_it_comes_or_is_fetched(
    line: InOrder, emitted: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sequence, "PATIENCE_SECONDS", 0)
    assert not line.misses("acme", 10)
    assert line.misses("acme", 11)
    line.take("acme", 13, 13)
    await asyncio.sleep(0.02)
    assert emitted == [13]

    line.take("acme", 11, 11)
    assert (line.misses("acme", 11), line.misses("acme", 12)) == (False, True)
    line.take("acme", 12, 12)
    assert not line.misses("acme", 13)

    line.take("acme", 10_000_000, 10_000_000)
    await asyncio.sleep(0.02)
    assert len(line._lines["acme"].holes) == sequence.MAX_HOLES
    line.go_on_from("acme", 10_000_000)
    assert not line.misses("acme", 10_000_000)


async def test_whoever_fetches_anew_hears_at_once_what_comes_next(line: InOrder, emitted: list[int]) -> None:
    line.take("acme", 15, 15)
    line.take("acme", 18, 18)

    line.go_on_from("acme", 16)
    assert emitted == [15]
    line.take("acme", 17, 17)
    assert emitted == [15, 17, 18]
    line.go_on_from("acme", 3)  # an older position moves nothing back
    line.take("acme", 19, 19)
    assert emitted == [15, 17, 18, 19]


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
