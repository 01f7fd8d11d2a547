"""Search: what is found, in which order, by whom, and how the database goes about it."""

from contextlib import suppress
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from businesses.models import Business
from conversations.models import ChannelType, Customer, Message, SearchEntry, Status
from conversations.search import engines, index
from conversations.search.finding import Hit, search
from conversations.search.models import Shelf
from conversations.search.query import parse
from conversations.search.snippets import FROM, TO, snippet_of
from conversations.services import handling
from conversations.services.notes import delete_note, write_note
from conversations.services.tags import add_tag
from foundation.errors import Unprocessable
from tests import builders

pytestmark = pytest.mark.django_db


def found(user: User, text: str, **fields: Any) -> list[Hit]:
    return search(user, text, **{"limit": 20, **fields})[0]


def texts(user: User, text: str, **fields: Any) -> list[str]:
    return [hit.snippet.replace(FROM, "").replace(TO, "") for hit in found(user, text, **fields)]


def test_a_message_is_found_as_soon_as_it_is_stored_and_gone_with_it(ada: User, acme: Business) -> None:
    conversation = builders.conversation(acme, content="The lamp is broken")
    assert texts(ada, "lamp") == ["The lamp is broken"]
    message = Message.objects.get(content__contains="lamp")

    message.content = "The chair is broken"
    message.save(update_fields=["content"])
    assert texts(ada, "lamp") == []
    assert texts(ada, "chair") == ["The chair is broken"]

    conversation.messages.all().delete()
    assert texts(ada, "chair") == []
    assert not SearchEntry.objects.filter(kind="message").exists()


def test_a_deleted_customer_leaves_nothing_in_the_index(ada: User, acme: Business) -> None:
    cleo = builders.customer(acme, "Cleo Hart", email="cleo@hart.example")
    builders.conversation(acme, customer=cleo, content="my secret order")
    assert [hit.type for hit in found(ada, "hart")] == ["customer"]

    cleo.delete()

    assert found(ada, "hart") == found(ada, "secret") == []
    assert not SearchEntry.objects.exists()
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            for table in map(index.table_of, Shelf):
                cursor.execute(f"SELECT count(*) FROM {table} WHERE {table} MATCH 'secret OR hart'")
                assert cursor.fetchone() == (0,)


def test_the_words_side_by_side_come_first_then_all_of_them_then_what_was_only_begun(ada: User, acme: Business) -> None:
    conversation = builders.conversation(acme, content="late refund please")
    for content in ("a refund that was late", "late refunding", "nothing of it", "is my late refund here"):
        builders.says(conversation, content)

    assert texts(ada, "late refund") == [
        "is my late refund here",
        "late refund please",
        "a refund that was late",
        "late refunding",
    ]
    assert texts(ada, '"refund that was"') == ["a refund that was late"]
    assert texts(ada, '"refund that wa') == texts(ada, '"refund that') == ["a refund that was late"]  # as one types
    assert texts(ada, '"refund that wa"') == texts(ada, '"refund that wa ') == []
    assert texts(ada, "refundi") == ["late refunding"]
    assert texts(ada, "refund ") == [*texts(ada, "refund")[:3]]  # a word that is over has no end to guess


def test_case_accents_and_signs_are_no_hindrance(ada: User, acme: Business) -> None:
    builders.conversation(acme, content="Mein CAFÉ in Köln: bestellung@laden.example, Nr. 2026-1187")
    for text in ("cafe", "KOLN", "köln", "laden", "bestellung@laden.example", "2026-1187", "1187"):
        assert len(texts(ada, text)) == 1, text
    assert f"{FROM}CAFÉ{TO}" in found(ada, "cafe")[0].snippet


@pytest.mark.parametrize(
    "text", ["'", '"', "\\", "& | !", "a'b\\", "NOT", "(", "*", "^x", "body:x", "-", "' OR 1=1", "%"]
)
def test_no_text_is_a_command_to_the_engine(ada: User, acme: Business, text: str) -> None:
    builders.conversation(acme, content="plain")
    with suppress(Unprocessable):  # when it says nothing
        assert found(ada, text) == []


def test_a_workspace_finds_its_own_alone(ada: User, acme: Business, mallory: User) -> None:
    builders.conversation(acme, content="secret recipe", customer=builders.customer(acme, "Cleo Hart"))
    assert found(mallory, "secret") == found(mallory, "hart") == found(mallory, "from:hart") == []
    assert len(found(ada, "secret")) == 1


def test_operators_narrow_it_down(ada: User, ben: User, acme: Business) -> None:
    hart = builders.conversation(acme, content="the lamp", customer=builders.customer(acme, "Cleo Hart"))
    mail = builders.conversation(acme, content="a lamp by mail", type=ChannelType.EMAIL)
    builders.answers(ben, hart, "Which lamp?")
    handling.resolve_conversation(conversation=mail, actor=ada)

    assert texts(ada, "lamp from:hart") == ["the lamp"]
    assert texts(ada, "lamp from:ben") == texts(ben, "lamp from:me") == texts(ada, "lamp from:agent") == ["Which lamp?"]
    assert texts(ada, "lamp channel:email") == texts(ada, "lamp status:resolved") == ["a lamp by mail"]
    assert texts(ada, "lamp after:2026-01-01 from:customer") == ["a lamp by mail", "the lamp"]
    assert texts(ada, "lamp before:2026-01-01") == []
    assert texts(ada, 'from:"cleo hart"') == ["the lamp"]
    for wrong in ("status:lost", "channel:pigeon", "before:soon", "after:0001-01-01", "before:2026-02-31"):
        with pytest.raises(Unprocessable):
            found(ada, wrong)


def test_what_the_team_noted_is_found_by_the_team_and_so_are_tags(
    ada: User, ben: User, acme: Business, mallory: User
) -> None:
    conversation = builders.conversation(acme, content="the lamp")
    note = write_note(conversation=conversation, author=ben, content="He wants a lamp discount").note
    add_tag(conversation=conversation, name="Refund", actor=ada)

    assert [hit.type for hit in found(ada, "discount")] == ["note"]
    assert texts(ada, "lamp from:ben") == ["He wants a lamp discount"]
    assert len(texts(ada, "lamp tag:refund")) == 2
    assert texts(ada, "lamp tag:other") == found(mallory, "discount") == []
    delete_note(note=note, author=ben)
    assert found(ada, "discount") == []


def test_pages_meet_without_a_gap_or_a_double(ada: User, acme: Business) -> None:
    conversation = builders.conversation(acme, content="lamp 0", customer=builders.customer(acme, "Lampard Lamp"))
    for number in range(1, 12):
        builders.says(conversation, f"lamp {number}" if number % 3 else f"lamps {number}")
    every = [hit.id for hit in found(ada, "lamp")]
    seen, cursor = [], None
    while True:
        hits, cursor = search(ada, "lamp", cursor=cursor, limit=3)
        seen += [hit.id for hit in hits]
        if cursor is None:
            break
    assert seen == every
    assert len(set(every)) == 13
    assert Customer.objects.get(name="Lampard Lamp").pk == every[0]
    for wrong in ("t0", "t9_1", "x0_1", "t0_" + "9" * 30):
        with pytest.raises(Unprocessable):
            search(ada, "lamp", cursor=wrong, limit=3)


def test_a_narrow_search_says_go_on_instead_of_looking_forever(
    ada: User, acme: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conversations.search.engines.ROUND", 2)
    monkeypatch.setattr("conversations.search.engines.ROUNDS", 2)
    old = builders.conversation(acme, content="lamp", type=ChannelType.EMAIL)
    for _ in range(9):
        builders.conversation(acme, content="lamp")
    seen, cursor, pages = [], None, 0
    while pages == 0 or cursor:
        hits, cursor = search(ada, "lamp channel:email", cursor=cursor, limit=5)
        seen += [hit.found.conversation_id for hit in hits]
        pages += 1
    assert seen == [old.pk]
    assert pages == (3 if connection.vendor == "sqlite" else 1)


def test_what_nothing_but_operators_asks_for_says_go_on_too(
    ada: User, acme: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "ROUND", 2)
    monkeypatch.setattr(engines, "ROUNDS", 2)
    old = builders.conversation(acme, content="lamp", type=ChannelType.EMAIL)
    for _ in range(9):
        builders.conversation(acme, content="lamp")
    first, cursor = search(ada, "channel:email", limit=5)
    second, cursor = search(ada, "channel:email", cursor=cursor, limit=5)
    third, end = search(ada, "channel:email", cursor=cursor, limit=5)
    assert (first, second, [hit.found.conversation_id for hit in third], end) == ([], [], [old.pk], None)


def test_what_another_workspace_writes_takes_no_place_of_ones_own(
    ada: User, acme: Business, mallory: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also who writes down whose entries the index holds, as anybody can who knows a workspace's id."""
    for name in ("NEAR", "RARE"):
        monkeypatch.setattr(engines, name, 1)
    builders.conversation(acme, content="lamp")
    builders.conversation(acme, content="hay")
    theirs = mallory.memberships.get().business
    for _ in range(3):
        builders.conversation(theirs, content=f"{acme.pk.hex}{Shelf.TALK} lamp")
    hits, _cursor = search(ada, "lamp", limit=2)
    assert [hit.found.text for hit in hits] == ["lamp"]


def test_what_was_there_before_the_index_comes_into_it(
    ada: User, acme: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "BATCH", 2)
    conversation = builders.conversation(acme, content="lamp 0")
    for number in range(1, 5):
        builders.says(conversation, f"lamp {number}")
    before = texts(ada, "lamp")
    told: list[str] = []

    index.rebuild(tell=told.append)

    assert sorted(texts(ada, "lamp")) == sorted(before) == [f"lamp {number}" for number in range(5)]
    assert SearchEntry.objects.count() == 6
    builders.says(conversation, "lamp 5")  # and it is kept from there on
    assert texts(ada, "lamp")[0] == "lamp 5"
    index.keep(tell=told.append)
    assert SearchEntry.objects.count() == 7


def test_a_search_asks_as_many_questions_for_a_thousand_messages_as_for_ten(ada: User, acme: Business) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert found(ada, "lamp status:open", limit=50)
            assert found(ada, "cleo", limit=50)
        return len(queries)

    conversation = builders.conversation(acme, content="lamp cleo")
    for _ in range(9):
        builders.says(conversation, "lamp cleo")
    few = asked()
    Message.objects.bulk_create(
        Message(
            conversation=conversation,
            seq=seq,
            sender_type="customer",
            content="lamp cleo",
            created_at=conversation.created_at,
        )
        for seq in range(11, 1001)
    )
    assert asked() <= few <= 14
    assert len(texts(ada, "lamp", limit=100)) == 100


def test_common_words_and_rare_ones_are_found_alike(
    ada: User, acme: Business, mallory: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, number in (("NEAR", 2), ("FAR", 3), ("RARE", 2), ("ROUND", 4), ("READ", 3)):
        monkeypatch.setattr(engines, name, number)
    conversation = builders.conversation(acme, content="needle one")
    for number in range(12):
        builders.says(conversation, f"lamp {number}")
        builders.says(conversation, f"needle {number}" if number < 5 else "hay")
    assert texts(ada, "lamp") == [f"lamp {number}" for number in reversed(range(12))]
    assert texts(ada, "needle") == [*(f"needle {number}" for number in reversed(range(5))), "needle one"]
    assert texts(ada, "needle status:open")[:1] == ["needle 4"]
    assert texts(ada, "need") == texts(ada, "needle")
    assert texts(ada, "lam") == texts(ada, "lamp")
    assert texts(ada, "3 lam") == ["lamp 3"]
    assert found(mallory, "lam") == []
    assert found(mallory, "lamp") == []
    seen, cursor = [], None
    while not seen or cursor:
        hits, cursor = search(ada, "needle", cursor=cursor, limit=2)
        seen += [hit.id for hit in hits]
    assert len(set(seen)) == len(seen) == 6


@pytest.mark.parametrize(
    "text", ["мой ёж", "ελληνικά", "한국어", "がんばる", "Ñandú", "İstanbul", "Łódź", "Fähre", "cafe\u0301", "việt"]
)
def test_words_of_every_script_are_found_whole_and_just_begun(
    ada: User, acme: Business, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    builders.conversation(acme, content=text)
    word = text.split()[0]
    assert texts(ada, word) == texts(ada, word.upper()) == [text]
    assert texts(ada, word[:2]) == [text]
    (hit,), _next = search(ada, word, limit=1)
    assert hit.snippet.startswith(FROM)
    monkeypatch.setattr(engines, "READ", 1)
    builders.conversation(acme, content="nothing")
    assert texts(ada, word[:2]) == [text]


def test_the_index_is_asked_and_not_the_table(ada: User, acme: Business) -> None:
    """For a handful of rows any way will do: shown is what is done for many."""
    builders.conversation(acme, content="lamp")
    if connection.vendor == "postgresql":
        engine, given = engines.Postgres(), {"business_id": acme.pk, "shelf": Shelf.TALK}
        asked = f"'{engines._scope(**given)}' & ('lamp')"
        with CaptureQueriesContext(connection) as queries:
            engine._newest(asked, **given, below=None, many=10)
            engine._rare(asked, acme.pk, Shelf.TALK, 2**62)
        newest = _plan("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off", queries[0]["sql"])
        assert "search_newest" in newest  # nobody else's are passed on the way
        assert acme.pk.hex in newest.replace("-", "").split("Index Cond")[1]
        table = SearchEntry._meta.db_table
        without_the_others = (
            f"SET LOCAL enable_sort = on; DROP INDEX search_newest; ALTER TABLE {table} DROP CONSTRAINT {table}_pkey"
        )
        rare = _plan(without_the_others, queries[1]["sql"])
        assert "search_words" in rare
        assert acme.pk.hex in rare.split("Index Cond")[1]  # whose it is, in the index itself
        return
    with CaptureQueriesContext(connection) as queries:
        found(ada, "lamp", type="message")
    asked = next(each["sql"] for each in queries if "MATCH" in each["sql"])
    plan = _plan("", asked)
    assert "VIRTUAL TABLE INDEX" in plan
    assert "TEMP B-TREE" not in plan


def _plan(before: str, sql: str) -> str:
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            cursor.execute("EXPLAIN QUERY PLAN " + sql)
            return "\n".join(row[3] for row in cursor.fetchall())
        cursor.execute(before)
        cursor.execute("EXPLAIN (COSTS OFF) " + sql)
        return "\n".join(row[0] for row in cursor.fetchall())


def test_the_api_answers_as_documented(ada: User, acme: Business) -> None:
    conversation = builders.conversation(acme, content="Is the <b>lamp</b> there?")
    client = builders.api(ada)
    answer = client.get("/api/v1/search", {"q": "lamp"}).json()
    (message,) = conversation.messages.all()
    assert answer == {
        "results": [
            {
                "type": "message",
                "id": str(message.pk),
                "conversation_id": str(conversation.pk),
                "title": "Cleo",
                "snippet": "Is the <b>\ue000lamp\ue001</b> there?",
                "created_at": answer["results"][0]["created_at"],
                "seq": 1,
            }
        ],
        "next": None,
    }
    assert client.get("/api/v1/search/", {"q": "cleo", "type": "customer"}).json()["results"][0][
        "conversation_id"
    ] == str(conversation.pk)
    for query in (
        {},
        {"q": ""},
        {"q": "x" * 201},
        {"q": "x", "type": "secret"},
        {"q": "x", "limit": 101},
        {"q": "...?"},
    ):
        assert client.get("/api/v1/search", query).status_code == 422, query
    assert builders.api().get("/api/v1/search", {"q": "lamp"}).status_code == 401


def test_a_snippet_is_cut_around_the_hit_and_holds_no_other_marks() -> None:
    text = "start " * 60 + f"the {FROM}lamp\nis{TO} here " + "end " * 60
    snippet = snippet_of(text, parse("lamp"))
    assert f"the {FROM}lamp{TO} is here" in snippet
    assert snippet.startswith("…")
    assert snippet.endswith("…")
    assert len(snippet) < 180
    assert snippet.count(FROM) == 1
    assert snippet_of("clamps lamp", parse("lamp")) == f"clamps {FROM}lamp{TO}"


def test_a_pending_conversation_is_found_by_its_status(ada: User, acme: Business) -> None:
    conversation = builders.conversation(acme, content="lamp")
    handling.park_conversation(conversation=conversation, actor=ada)
    assert conversation.pk == found(ada, f"status:{Status.PENDING}")[0].found.conversation_id


def test_what_theo_said_is_found_by_its_name(ada: User, acme: Business) -> None:
    conversation = builders.conversation(acme, content="Where is my parcel?")
    builders.answers(ada, conversation, "My parcel, says a person")
    theos = builders.answers(ada, conversation, "The parcel is in the tracking")
    Message.objects.filter(pk=theos.pk).update(ai_sources=[], sender_id=None)

    assert texts(ada, "parcel from:theo") == ["The parcel is in the tracking"]
    assert texts(ada, "from:theo tracking from:") == ["The parcel is in the tracking"]
