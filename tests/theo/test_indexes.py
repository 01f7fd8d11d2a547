"""The indexes of workspaces in memory: made once after a change, of what changed, and bounded."""

import threading
from typing import Any

import pytest
from django.db import connection

from accounts.models import User
from businesses.models import Business
from theo import indexing
from theo.articles import change_article, create_article
from theo.engine.embedders import embedders
from theo.markdown import plain
from theo.models import Article, IndexState

pytestmark = pytest.mark.django_db


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every article's content that was read as Markdown for an index."""
    contents: list[str] = []

    def reading(content: str) -> str:
        contents.append(content)
        return plain(content)

    monkeypatch.setattr(indexing, "plain", reading)
    return contents


def shelf(business: Business, count: int = 4) -> list[Article]:
    return [create_article(business=business, title=f"Topic {n}", content=f"Words **{n}**.") for n in range(count)]


def test_after_a_change_only_what_changed_is_read(acme: Business, read: list[str]) -> None:
    first, *_others = shelf(acme)
    assert indexing.find(acme.pk, "topic 2")
    assert len(read) == 4

    read.clear()
    change_article(article=first, content="Other words, about parking.")
    [hit] = indexing.find(acme.pk, "parking")
    assert (hit.key, read) == (str(first.pk), ["Other words, about parking."])


@pytest.mark.django_db(transaction=True)
def test_of_many_who_ask_at_once_one_makes_the_index(
    acme: Business, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf(acme)
    gate, found = threading.Barrier(4), list[Any]()
    current = indexing._current

    def all_look_first(*args: Any) -> Any:
        kept = current(*args)
        if not gate.broken and threading.current_thread().name not in seen:
            seen.add(threading.current_thread().name)
            gate.wait(timeout=60)
        return kept

    def ask() -> None:
        try:
            found.append(indexing.find(acme.pk, "topic 2"))
        finally:
            connection.close()

    seen: set[str] = set()
    monkeypatch.setattr(indexing, "_current", all_look_first)
    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(read) == 4
    assert [hits[0].confidence for hits in found] == [found[0][0].confidence] * 4


def test_together_they_take_no_more_memory_than_they_may(
    settings: Any, acme: Business, mallory: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.THEO_ENGINE = "full"
    other = mallory.memberships.get().business
    monkeypatch.setattr(indexing, "_kept", type(indexing._kept)())
    for business in (acme, other):
        shelf(business)
    for article in Article.objects.filter(index_state=IndexState.PENDING):
        assert indexing.index_article(article)
    indexing.find(acme.pk, "topic 2")
    takes = indexing._kept[acme.pk].nbytes
    index = indexing._kept[acme.pk].indexes[0]
    assert index is not None
    assert takes > sum(views._all.nbytes for views in index._views.values())

    monkeypatch.setattr(indexing, "MOST_BYTES", round(takes * 1.5))
    assert indexing.find(other.pk, "topic 2")
    assert list(indexing._kept) == [other.pk]
    monkeypatch.setattr(indexing, "MOST_BYTES", 1)
    assert indexing.find(acme.pk, "topic 2")
    assert list(indexing._kept) == [acme.pk]


def states() -> dict[str, str]:
    return dict(Article.objects.values_list("title", "index_state"))


LONG_TEXT = "The quick brown fox jumps over the lazy dog. " * 400


def test_nobody_waits_behind_a_long_article(settings: Any, acme: Business) -> None:
    settings.THEO_ENGINE = "minilm"
    create_article(business=acme, title="Terms", content=LONG_TEXT)
    create_article(business=acme, title="Parking", content="Behind the house.")

    indexing.index_pending(threading.Event())
    assert states() == {"Terms": IndexState.PENDING, "Parking": IndexState.READY}

    indexing.index_long(threading.Event())
    assert states() == {"Terms": IndexState.READY, "Parking": IndexState.READY}


def test_workspaces_take_turns(settings: Any, acme: Business, mallory: User, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.THEO_ENGINE = "minilm"
    shelf(acme)
    create_article(business=mallory.memberships.get().business, title="Hers", content="One.")
    monkeypatch.setattr(indexing, "AT_ONCE", 2)

    indexing.index_pending(threading.Event())
    assert {title for title, state in states().items() if state == IndexState.READY} == {"Topic 0", "Hers"}


def test_what_is_deleted_while_it_is_read_is_not_read_to_its_end(
    settings: Any, acme: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.THEO_ENGINE = "minilm"
    article = create_article(business=acme, title="Terms", content=LONG_TEXT)
    model, read = embedders()["minilm"], list[str]()
    passages = model.passages

    def reading(texts: list[str]) -> Any:
        read.extend(texts)
        Article.objects.filter(pk=article.pk).delete()
        return passages(texts)

    monkeypatch.setattr(model, "passages", reading)
    assert not indexing.index_article(article)
    assert len(read) == 1


def test_a_worker_that_is_stopped_leaves_what_it_reads_for_the_next(settings: Any, acme: Business) -> None:
    settings.THEO_ENGINE = "minilm"
    article = create_article(business=acme, title="Parking", content="Behind the house.")
    stop = threading.Event()
    stop.set()

    assert not indexing.index_article(article, stop)
    assert states() == {"Parking": IndexState.PENDING}
    assert indexing.index_article(article)
