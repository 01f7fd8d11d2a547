"""X is asked for what its webhooks forgot, however much that is after an outage."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from channels_app.adapters.errors import DeliveryError, Kind
from channels_app.adapters.events import MessageReceived, Routed
from channels_app.adapters.x.polling import MOST_PAGES, direct_since, mentions_since
from channels_app.adapters.x.reading import events_of

ME, CLEO = "25", "22"
PAGE = 2


class X:
    """Newest first, PAGE at a time."""

    def __init__(self, *, ids: int) -> None:
        self.ids = list(range(1, ids + 1))
        self.has_forgotten = False

    def __call__(self, path: str) -> dict[str, Any]:
        query = dict(parse_qsl(urlsplit(path).query))
        before = int(query.get("pagination_token", 10**6))
        if self.has_forgotten and "pagination_token" in query:
            raise DeliveryError("X refused it.", kind=Kind.PERMANENT)
        known = [each for each in reversed(self.ids) if int(query.get("since_id", 0)) < each < before]
        shown = known[:PAGE]
        more = {"next_token": str(shown[-1])} if known[PAGE:] else {}
        kind = _direct if "dm_events" in path else _post
        return {"data": [kind(each) for each in shown], "meta": more}


def _direct(number: int) -> dict[str, Any]:
    told = {"id": str(number), "text": str(number), "sender_id": CLEO, "dm_conversation_id": f"{CLEO}-{ME}"}
    return {**told, "created_at": "2026-01-01T00:00:00.000Z"}


def _post(number: int) -> dict[str, Any]:
    entities = {"mentions": [{"username": "acme", "id": ME}]}
    return {"id": str(number), "text": str(number), "author_id": CLEO, "entities": entities}


def numbers(items: list[Routed]) -> list[int]:
    return [int(item.dedup_key.rpartition(":")[2]) for item in items]


@pytest.mark.parametrize("since", [direct_since, mentions_since])
def test_what_is_more_than_one_look_reads_is_left_to_the_next_ones(since: Any) -> None:
    x = X(ids=5)
    begun, cursor = since(x, "", me=ME)
    assert (begun, cursor) == ([], "5")

    x.ids += range(6, 6 + 3 * MOST_PAGES * PAGE)
    taken: list[int] = []
    for look in range(7):
        items, cursor = since(x, cursor, me=ME)
        taken += numbers(items)
        if look == 1:
            x.ids.append(99)  # meanwhile somebody writes

    assert taken == x.ids[5:]  # the oldest first, and each once
    assert cursor == "99"


@pytest.mark.parametrize("since", [direct_since, mentions_since])
@pytest.mark.parametrize("missed", range(1, 2 * MOST_PAGES * PAGE))
def test_however_much_was_missed_the_oldest_comes_first_while_people_go_on_writing(since: Any, missed: int) -> None:
    x = X(ids=5 + missed)
    cursor, taken = "5", []
    while cursor != str(x.ids[-1]):
        items, cursor = since(x, cursor, me=ME)
        taken += numbers(items)
        if x.ids[-1] < 40:
            x.ids.append(x.ids[-1] + 1)

    assert taken == x.ids[5:]


def test_a_way_back_that_an_earlier_release_was_on_is_gone_to_its_end() -> None:
    x = X(ids=11)
    taken: set[int] = set()
    cursor = "5 11 8"  # the newest were taken, older ones than 8 go on
    while " " in cursor or int(cursor) < 11:
        items, cursor = direct_since(x, cursor, me=ME)
        taken |= set(numbers(items))

    assert taken >= {6, 7}
    assert cursor == "11"


def test_a_page_that_x_does_not_know_any_more_is_begun_anew() -> None:
    x = X(ids=5)
    x.ids += range(6, 6 + 2 * MOST_PAGES * PAGE)
    items, cursor = direct_since(x, "5", me=ME)
    taken = set(numbers(items))

    x.has_forgotten = True
    items, cursor = direct_since(x, cursor, me=ME)
    assert (items, cursor) == ([], "5")
    x.has_forgotten = False
    while cursor != "17":
        items, cursor = direct_since(x, cursor, me=ME)
        taken |= set(numbers(items))

    assert sorted(taken) == x.ids[5:]


def test_what_was_asked_for_reads_like_what_was_posted() -> None:
    (item,), _cursor = direct_since(X(ids=1), "0", me=ME)
    (event,) = events_of(item.payload, me=ME)
    assert isinstance(event, MessageReceived)
    assert (event.text, event.contact.keys[0].endswith(CLEO)) == ("1", True)
