"""Messages over sockets: acknowledged once stored, once, in order, and caught up with. Design 9; R2, R3, R4."""

import json
import shutil
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jwt
import pytest

from tests.realtime.conftest import ROOT, Connect, House, Owner, Payload, Talker, cookie_of, new_id, post, until


def history(house: House, owner: Owner, conversation_id: str) -> list[Payload]:
    """What the API has."""
    return list(house.call("GET", f"/conversations/{conversation_id}", token=owner.token)["messages"])


def test_a_first_message_is_acknowledged_and_heard_by_everybody_once(talk: Connect, house: House, ada: Owner) -> None:
    agent, cleo = talk(ada.auth), talk(ada.visitor)

    ack = cleo.ask("client_message", {"content": "Hello?", "client_message_id": new_id()})

    assert set(ack) == {"message", "conversation_id", "visitor_key"}
    assert ack["message"]["seq"] == 1
    assert history(house, ada, ack["conversation_id"])[0]["id"] == ack["message"]["id"]
    assert agent.hears("new_message")["feed_seq"] > 0
    assert agent.named("new_conversation")[0]["messages"] == []
    assert [name for name, _ in agent.heard if name.startswith("new")] == ["new_conversation", "new_message"]
    assert cleo.hears("new_message") == ack["message"]
    assert "client_message_id" not in agent.named("new_message")[0]
    assert {"status", "error", "feed_seq"} & set(ack["message"]) == set()
    assert len(cleo.named("new_message")) == len(agent.named("new_message")) == 1


def test_an_answer_reaches_the_visitor_and_all_agents(talk: Connect, ada: Owner) -> None:
    agent, cleo = talk(ada.auth), talk(ada.visitor)
    first = cleo.ask("client_message", {"content": "Hello?"})
    other_tab = talk({**ada.visitor, "visitor_key": first["visitor_key"]})

    sent = {"conversation_id": first["conversation_id"], "content": "Hi!", "client_message_id": "a-1"}
    ack = agent.ask("agent_message", sent)

    assert ack["message"]["client_message_id"] == "a-1"
    assert cleo.hears("new_message", 2)["content"] == "Hi!"
    assert other_tab.hears("new_message")["content"] == "Hi!"
    assert "client_message_id" not in other_tab.named("new_message")[0]
    assert agent.hears("new_message", 2)["content"] == "Hi!"
    assert agent.ask("agent_message", sent)["message"]["id"] == ack["message"]["id"]
    assert agent.ask("agent_message", {**sent, "content": "Other"})["error"]["code"] == "invalid"


def test_a_reply_past_unread_news_of_a_merged_conversation_is_refused_as_over_the_api(
    talk: Connect, house: House, ada: Owner
) -> None:
    agent, cleo = talk(ada.auth), talk(ada.visitor)
    there = cleo.ask("client_message", {"content": "One thing"})["conversation_id"]
    here = cleo.ask("client_message", {"content": "Another", "client_message_id": new_id(), "new": True})
    here = here["conversation_id"]
    house.call("POST", f"/conversations/{here}/merge", {"other_id": there}, token=ada.token)
    house.call("POST", f"/conversations/{there}/read", {"seq": 1}, token=ada.token)
    cleo.ask("client_message", {"content": "Never mind", "conversation_id": there})
    reply = {"conversation_id": here, "content": "Done", "seen_seq": 1}

    refused = agent.ask("agent_message", reply)["error"]

    assert (refused["code"], [each["content"] for each in refused["news"]]) == ("stale", ["Never mind"])
    assert "error" not in agent.ask("agent_message", {**reply, "force": True})
    house.call("POST", f"/conversations/{there}/read", {"seq": 2}, token=ada.token)
    assert "error" not in agent.ask("agent_message", {**reply, "seen_seq": 2})


def test_a_month_that_is_used_up_is_said_in_the_ack_and_nobody_hears_anything(
    talk: Connect, house: House, ada: Owner
) -> None:
    agent, cleo = talk(ada.auth), talk(ada.visitor)
    conversation_id = cleo.ask("client_message", {"content": "Hello?"})["conversation_id"]
    house.shell(
        "from businesses.models import Business, Plan;"
        "plan = Plan.objects.create(name='Tiny', max_messages_per_month=1);"
        f"Business.objects.filter(pk='{ada.business_id}').update(plan=plan)"
    )

    sent = {"conversation_id": conversation_id, "content": "Hi!", "client_message_id": "a-1"}
    first = agent.ask("agent_message", sent)
    refused = agent.ask("agent_message", {**sent, "content": "More", "client_message_id": "a-2"})

    assert refused["error"]["code"] == "plan_limit"
    assert "The Tiny plan allows 1 message a month" in refused["error"]["detail"]
    assert agent.ask("agent_message", sent)["message"]["id"] == first["message"]["id"]
    assert cleo.ask("client_message", {"content": "Still there?"})["message"]["seq"] == 3
    assert [message["seq"] for message in history(house, ada, conversation_id)] == [1, 2, 3]


def test_what_happens_over_rest_is_live(talk: Connect, house: House, ada: Owner) -> None:
    agent, cleo = talk(ada.auth), talk(ada.visitor)
    conversation_id = cleo.ask("client_message", {"content": "Hello?"})["conversation_id"]

    house.call("POST", f"/conversations/{conversation_id}/messages", {"content": "By REST"}, ada.token)
    assert cleo.hears("new_message", 2)["content"] == "By REST"
    house.call("PUT", f"/conversations/{conversation_id}/resolve", None, ada.token)

    until(lambda: cleo.named("conversation_updated")[-1:] and agent.named("conversation_updated")[-1:])
    assert cleo.hears("conversation_updated", 2)["status"] == "resolved"
    assert set(cleo.named("conversation_updated")[-1]) == {"id", "status", "assignee"}
    assert agent.hears("conversation_updated", 2)["status"] == "resolved"


def test_a_socket_is_the_visitor_of_its_first_message_before_its_next_packet(
    talk: Connect, house: House, ada: Owner
) -> None:
    cleo = talk(ada.visitor)
    acks: list[Payload] = []
    for number in range(5):
        cleo.client.emit("client_message", {"content": f"{number}"}, callback=acks.append)

    until(lambda: len(acks) == 5)

    assert len({ack["conversation_id"] for ack in acks}) == 1
    assert [ack["message"]["seq"] for ack in acks] == [1, 2, 3, 4, 5]
    assert [ack["message"]["content"] for ack in acks] == list("01234")
    cleo.hears("new_message", 5)
    assert [message["seq"] for message in cleo.named("new_message")] == [1, 2, 3, 4, 5]


def test_a_visitor_opens_another_conversation_and_reopens_the_first(talk: Connect, house: House, ada: Owner) -> None:
    cleo = talk(ada.visitor)
    first = cleo.ask("client_message", {"content": "One"})["conversation_id"]
    second = cleo.ask("client_message", {"content": "Two", "new": True})["conversation_id"]
    house.call("PUT", f"/conversations/{first}/close", None, ada.token)

    back = cleo.ask("client_message", {"content": "Again", "conversation_id": first})

    assert second != first == back["conversation_id"]
    assert cleo.ask("join_conversation", {"conversation_id": first})["status"] == "open"


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"content": ""},
        {"content": "  "},
        {"content": 7},
        {"content": "x" * 10_001},
        {"content": "x", "client_message_id": 7},
        {"content": "x", "client_message_id": "not-a-uuid"},
        {"content": "x", "client_message_id": "y" * 200},
        {"content": "x", "conversation_id": "nope"},
        {"content": "x", "new": "yes"},
        {"content": "x", "customer": "Cleo"},
        {"content": "x", "customer": {"email": "nope"}},
        {"content": "x", "customer": {"name": ["x"]}},
        {"content": "x", "attachments": [{"url": "https://evil.example"}]},
        "x",
        ["x"],
        None,
    ],
)
def test_a_message_that_is_none_is_refused_and_stores_nothing(talk: Connect, ada: Owner, payload: Any) -> None:
    cleo = talk(ada.visitor)

    assert cleo.ask("client_message", payload)["error"]["code"] == "invalid"
    assert talk(ada.auth).ask("resume", {})["cursor"] == 0


# Once -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("keyed", [True, False])
def test_R4_the_same_message_five_times_at_once_is_one(talk: Connect, house: House, ada: Owner, keyed: bool) -> None:
    auth = ada.visitor
    if keyed:
        auth = {**auth, "visitor_key": talk(auth).ask("client_message", {"content": "First"})["visitor_key"]}
    agent = talk(ada.auth)
    talkers = [talk(auth) for _ in range(5)]
    message = {"content": "Hello?", "client_message_id": new_id()}

    with ThreadPoolExecutor(5) as together:
        acks = list(together.map(lambda talker: talker.ask("client_message", message), talkers))

    assert len({ack["message"]["id"] for ack in acks}) == 1
    assert len({ack["conversation_id"] for ack in acks}) == 1
    stored = history(house, ada, acks[0]["conversation_id"])
    assert [each["content"] for each in stored].count("Hello?") == 1
    for ack in acks:
        again = talk({**ada.visitor, "visitor_key": ack["visitor_key"]})
        answer = again.ask("resume", {"conversation_id": ack["conversation_id"], "seq": 0})
        again.client.disconnect()
        assert answer["messages"][-1]["content"] == "Hello?"
    agent.hears("new_message")
    assert [each["content"] for each in agent.named("new_message")].count("Hello?") == 1


def test_a_lost_ack_of_a_first_message_doubles_nothing(talk: Connect, ada: Owner) -> None:
    message = {"content": "Hello?", "client_message_id": new_id()}
    first = talk(ada.visitor).ask("client_message", message)

    again = talk(ada.visitor).ask("client_message", message)

    assert again["message"] == first["message"]
    assert (
        talk({**ada.visitor, "visitor_key": again["visitor_key"]}).ask("client_message", {"content": "More"})[
            "conversation_id"
        ]
        == first["conversation_id"]
    )


# Order ------------------------------------------------------------------------------------------------------


def test_R2_everybody_sees_one_order_without_gaps(talk: Connect, house: House, ada: Owner) -> None:
    cleo = talk(ada.visitor)
    first = cleo.ask("client_message", {"content": "start"})
    conversation_id, each = first["conversation_id"], 15
    agent, watcher = talk(ada.auth), talk(ada.auth)
    second_tab = talk({**ada.visitor, "visitor_key": first["visitor_key"]})

    def by_rest(number: int) -> None:
        house.call("POST", f"/conversations/{conversation_id}/messages", {"content": f"rest {number}"}, ada.token)

    def by_agent(number: int) -> None:
        ack = agent.ask("agent_message", {"conversation_id": conversation_id, "content": f"agent {number}"})
        assert "error" not in ack, ack

    def by_visitor(number: int) -> None:
        ack = cleo.ask("client_message", {"content": f"visitor {number}"})
        assert "error" not in ack, ack

    def writer(write: Any) -> threading.Thread:
        return threading.Thread(target=lambda: [write(number) for number in range(each)])

    writers = [writer(by_rest), writer(by_rest), writer(by_agent), writer(by_visitor)]
    for thread in writers:
        thread.start()
    for thread in writers:
        thread.join()

    stored = history(house, ada, conversation_id)
    truth = [(message["seq"], message["content"]) for message in stored]
    assert [seq for seq, _ in truth] == list(range(1, 4 * each + 2))
    for talker, missed in ((agent, 1), (watcher, 1), (second_tab, 1), (cleo, 0)):
        talker.hears("new_message", 4 * each + 1 - missed)
        seen = [(message["seq"], message["content"]) for message in talker.named("new_message")]
        assert seen == truth[missed:]
    feed = [message["feed_seq"] for message in watcher.named("new_message")]
    assert feed == sorted(feed)


# Catching up ------------------------------------------------------------------------------------------------


def test_R3_a_member_resumes_where_it_was(talk: Connect, house: House, ada: Owner) -> None:
    agent, cleo = talk(ada.auth), talk(ada.visitor)
    conversation_id = cleo.ask("client_message", {"content": "One"})["conversation_id"]
    cursor = agent.ask("resume", {})["cursor"]
    agent.client.disconnect()
    cleo.ask("client_message", {"content": "Two"})
    house.call("PUT", f"/conversations/{conversation_id}/resolve", None, ada.token)

    back = talk(ada.auth)
    missed = back.ask("resume", {"cursor": cursor})

    assert [(event["seq"], event["kind"]) for event in missed["events"]] == [
        (cursor + 1, "message.created"),
        (cursor + 2, "conversation.updated"),
    ]
    assert missed["events"][0]["object"]["content"] == "Two"
    assert missed["events"][0]["object"]["feed_seq"] == cursor + 1
    assert missed["events"][1]["object"]["status"] == "resolved"
    assert set(missed["events"][0]) == {
        "seq", "kind", "conversation_id", "message_id", "actor_id", "created_at", "data", "object",
    }  # fmt: skip
    assert (missed["cursor"], missed["more"]) == (cursor + 2, False)
    assert back.ask("resume", {"cursor": cursor + 2}) == {"events": [], "cursor": cursor + 2, "more": False}


def test_R3_a_cursor_that_the_feed_cannot_serve_means_fetch_anew(talk: Connect, ada: Owner) -> None:
    agent = talk(ada.auth)

    assert agent.ask("resume", {"cursor": 5}) == {"resync": True, "cursor": 0}
    for cursor in (-1, "1", 1.5, 2**70, [], {}):
        assert agent.ask("resume", {"cursor": cursor})["error"]["code"] == "invalid"


def test_R3_what_was_purged_from_the_feed_means_fetch_anew_and_no_more_than_that(
    talk: Connect, house: House, ada: Owner
) -> None:
    agent, cleo = talk(ada.auth), talk(ada.visitor)
    for number in range(3):
        cleo.ask("client_message", {"content": f"{number}"})
    newest = agent.ask("resume", {})["cursor"]
    house.shell(
        "from businesses.models import FeedEvent;"
        f"FeedEvent.objects.filter(business_id='{ada.business_id}', seq__lte={newest - 1}).delete()"
    )

    assert agent.ask("resume", {"cursor": newest - 2}) == {"resync": True, "cursor": newest}
    assert [event["seq"] for event in agent.ask("resume", {"cursor": newest - 1})["events"]] == [newest]
    assert agent.ask("resume", {"cursor": newest + 1}) == {"resync": True, "cursor": newest}


def test_R3_every_number_of_the_feed_is_heard_live_and_resume_has_the_same(
    talk: Connect, house: House, ada: Owner, ben: Owner
) -> None:
    agent, cleo = talk(ada.auth), talk(ada.visitor)
    start = agent.ask("resume", {})["cursor"]
    conversation_id = cleo.ask("client_message", {"content": "One"})["conversation_id"]
    house.call("POST", f"/conversations/{conversation_id}/messages", {"content": "Two"}, ben.token)
    house.call("PATCH", f"/conversations/{conversation_id}", {"assignee_id": ada.user_id}, ada.token)
    house.call("PUT", f"/conversations/{conversation_id}/close", None, ada.token)
    house.call("PATCH", "/team/status", {"status": "away"}, ben.token)
    until(lambda: agent.named("agent_status_changed"))

    missed = agent.ask("resume", {"cursor": start})

    live = {payload["feed_seq"]: name for name, payload in agent.heard if "feed_seq" in payload}
    assert list(live) == [event["seq"] for event in missed["events"]] == list(range(start + 1, missed["cursor"] + 1))
    kinds = [event["kind"] for event in missed["events"]]
    assert {"customer.created", "conversation.assigned", "conversation.updated", "message.created"} < set(kinds)
    customer = missed["events"][kinds.index("customer.created")]["object"]
    assert customer["id"] == agent.named("customer_created")[0]["id"]
    states = {event["object"]["status"] for event in missed["events"] if event["kind"].startswith("conversation.")}
    assert states == {"closed"}  # as it is now, reassigned and closed, whatever it was then


def test_R3_two_tabs_of_a_visitor_resume_each_for_itself_and_only_their_own(
    talk: Connect, ada: Owner, mallory: Owner
) -> None:
    cleo = talk(ada.visitor)
    first = cleo.ask("client_message", {"content": "One"})
    tab = talk({**ada.visitor, "visitor_key": first["visitor_key"]})
    cleo.ask("client_message", {"content": "Two"})
    where = {"conversation_id": first["conversation_id"]}

    assert [each["seq"] for each in tab.ask("resume", {**where, "seq": 0})["messages"]] == [1, 2]
    assert cleo.ask("resume", {**where, "seq": 1})["messages"] == tab.ask("resume", {**where, "seq": 1})["messages"]
    assert tab.ask("resume", {**where, "seq": 7}) == {"messages": [], "seq": 7, "more": False}
    for other in (talk(ada.visitor), talk(mallory.visitor)):
        assert other.ask("resume", {**where, "seq": 0})["error"]["code"] == "not_found"


def test_R3_a_visitor_resumes_where_it_was(talk: Connect, house: House, ada: Owner) -> None:
    cleo = talk(ada.visitor)
    first = cleo.ask("client_message", {"content": "One", "client_message_id": new_id()})
    conversation_id = first["conversation_id"]
    cleo.client.disconnect()
    for number in range(3):
        house.call("POST", f"/conversations/{conversation_id}/messages", {"content": f"{number}"}, ada.token)

    back = talk({**ada.visitor, "visitor_key": first["visitor_key"]})
    missed = back.ask("resume", {"conversation_id": conversation_id, "seq": 1})

    assert [message["seq"] for message in missed["messages"]] == [2, 3, 4]
    assert (missed["seq"], missed["more"]) == (4, False)
    everything = back.ask("resume", {"conversation_id": conversation_id, "seq": 0})["messages"]
    assert everything[0] == first["message"]


def test_R3_long_answers_come_in_parts(talk: Connect, house: House, ada: Owner) -> None:
    cleo = talk(ada.visitor)
    first = cleo.ask("client_message", {"content": "One"})
    long_text = "€" * 10_000
    for _ in range(12):
        body = {"content": long_text}
        house.call("POST", f"/conversations/{first['conversation_id']}/messages", body, ada.token)

    agent, read, cursor, more = talk(ada.auth), 0, 0, True
    while more:
        answer = agent.ask("resume", {"cursor": cursor})
        read, cursor, more = read + len(answer["events"]), answer["cursor"], answer["more"]
    seen, seq, more, parts = 0, 0, True, 0
    while more:
        answer = cleo.ask("resume", {"conversation_id": first["conversation_id"], "seq": seq})
        seen, seq, more, parts = seen + len(answer["messages"]), answer["seq"], answer["more"], parts + 1

    assert read == cursor
    assert seen == 13
    assert parts > 1


# Typing and rooms -------------------------------------------------------------------------------------------


def test_typing_is_heard_by_the_others_of_the_conversation_only(talk: Connect, ada: Owner) -> None:
    cleo, agent, bystander = talk(ada.visitor), talk(ada.auth), talk(ada.auth)
    conversation_id = cleo.ask("client_message", {"content": "Hello?"})["conversation_id"]
    agent.ask("join_conversation", {"conversation_id": conversation_id})

    assert cleo.ask("typing", {"conversation_id": conversation_id, "is_typing": True}) == {}
    assert agent.hears("typing") == {"conversation_id": conversation_id, "user_id": None, "is_typing": True}
    assert agent.ask("typing", {"conversation_id": conversation_id, "is_typing": False}) == {}
    assert cleo.hears("typing") == {
        "conversation_id": conversation_id,
        "user_id": ada.user_id,
        "is_typing": False,
    }

    left = agent.ask("leave_conversation", {"conversation_id": conversation_id})
    cleo.ask("typing", {"conversation_id": conversation_id, "is_typing": False})
    assert left == {"conversation_id": conversation_id}
    assert len(agent.named("typing")) == len(cleo.named("typing")) == 1
    assert bystander.named("typing") == []


def test_joining_says_where_the_conversation_is(talk: Connect, ada: Owner) -> None:
    cleo, agent = talk(ada.visitor), talk(ada.auth)
    conversation_id = cleo.ask("client_message", {"content": "Hello?"})["conversation_id"]

    expected = {"conversation_id": conversation_id, "seq": 1, "status": "open"}
    assert agent.ask("join_conversation", {"conversation_id": conversation_id}) == expected
    assert cleo.ask("join_conversation", {"conversation_id": conversation_id}) == expected
    cleo.ask("client_message", {"content": "Still there?"})
    agent.hears("new_message", 2)
    assert len(agent.named("new_message")) == len(cleo.named("new_message")) == 2


# The official client ----------------------------------------------------------------------------------------


class Official:
    """socket.io-client for JavaScript, driven over its standard input and output."""

    def __init__(self, url: str, auth: Payload, transports: list[str]) -> None:
        script = Path(__file__).with_name("official.mjs")
        start = json.dumps({"url": url, "auth": auth, "transports": transports})
        self.process = subprocess.Popen(
            ["node", str(script), start], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
        )

    def ask(self, event: str, payload: Payload) -> Any:
        assert self.process.stdin
        self.process.stdin.write(json.dumps([event, payload]) + "\n")
        self.process.stdin.flush()
        return self.hears("ack")

    def hears(self, name: str) -> Any:
        assert self.process.stdout
        while line := self.process.stdout.readline():
            heard, payload = json.loads(line)
            if heard == name:
                return payload
        raise AssertionError(f"no {name}")

    def stop(self) -> None:
        self.process.communicate()


@pytest.fixture
def official(house: House) -> Iterator[Any]:
    if not shutil.which("node") or not (ROOT / "node_modules/socket.io-client").exists():
        pytest.skip("needs Node and `npm ci`")
    made: list[Official] = []

    def start(auth: Payload, transports: list[str]) -> Official:
        made.append(Official(house.url, auth, transports))
        return made[-1]

    yield start
    for client in made:
        client.stop()


@pytest.mark.parametrize("transports", [["websocket"], ["polling"], ["polling", "websocket"]])
def test_the_official_client_speaks_with_us(official: Any, talk: Connect, ada: Owner, transports: list[str]) -> None:
    agent = talk(ada.auth)
    cleo = official(ada.visitor, transports)
    assert cleo.hears("connect")

    ack = cleo.ask("client_message", {"content": "Grüße aus JavaScript", "client_message_id": new_id()})
    assert agent.hears("new_message")["content"] == "Grüße aus JavaScript"
    agent.ask("agent_message", {"conversation_id": ack["conversation_id"], "content": "Hi!"})

    assert cleo.hears("new_message")["content"] == "Hi!"
    refused = cleo.ask("client_message", {"content": ""})
    assert refused["error"]["code"] == "invalid"


@pytest.mark.parametrize("transports", [["websocket"], ["polling"]])
def test_the_official_client_is_told_why_it_may_not_come_in(official: Any, ada: Owner, transports: list[str]) -> None:
    refused = official({"business_id": ada.business_id, "token": "nope"}, transports)

    assert refused.hears("connect_error") == "unauthorized"


def test_cold_answers_are_never_cached(house: House) -> None:
    with urllib.request.urlopen(f"{house.url}/socket.io/?EIO=4&transport=polling") as answer:
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_names_are_exact(talk: Connect, ada: Owner) -> None:
    cleo: Talker = talk(ada.visitor)
    cleo.client.emit("Client_Message", {"content": "x"})
    cleo.client.emit("client_message ", {"content": "x"})

    assert "message" in cleo.ask("client_message", {"content": "The third packet is a good one"})


def test_files_go_out_over_sockets_and_only_those_of_the_conversation(talk: Connect, house: House, ada: Owner) -> None:
    agent, cleo = talk(ada.auth), talk(ada.visitor)
    first = cleo.ask("client_message", {"content": "Hello?"})
    body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nHello\r\n--b--\r\n'
    headers = {"Authorization": f"Bearer {ada.token}", "Content-Type": "multipart/form-data; boundary=b"}
    address = f"{house.url}/api/v1/conversations/{first['conversation_id']}/upload"
    with urllib.request.urlopen(urllib.request.Request(address, body, headers), timeout=10) as answer:
        file = json.loads(answer.read())

    sent = {"conversation_id": first["conversation_id"], "content": ""}
    for bad in (["javascript:alert(1)"], ["https://evil.example/a.png"], [7], "no list", [file] * 2):
        assert agent.ask("agent_message", {**sent, "attachments": bad})["error"]["code"] == "invalid"
    assert cleo.ask("client_message", {"content": "Mine", "attachments": [file]})["error"]["code"] == "invalid"
    ack = agent.ask("agent_message", {**sent, "attachments": [file]})

    assert [each["filename"] for each in ack["message"]["attachments"]] == ["a.txt"]
    heard = cleo.hears("new_message", 2)
    with urllib.request.urlopen(heard["attachments"][0]["url"], timeout=10) as answer:
        assert answer.read() == b"Hello"


def test_a_member_who_takes_another_name_signs_with_it_from_open_sockets_too(
    talk: Connect, house: House, ada: Owner
) -> None:
    cleo, adas = talk(ada.visitor), [talk(ada.auth), talk(ada.auth)]
    conversation = cleo.ask("client_message", {"content": "Hello?"})["conversation_id"]
    cookie = cookie_of(house, f"User.objects.get(pk='{ada.user_id}')")

    post(house, "/settings/profile/", "full_name=Ada%20Lovelace", cookie=cookie)

    for count, socket in enumerate(adas, start=2):
        ack = socket.ask("agent_message", {"conversation_id": conversation, "content": "Hi"})
        assert ack["message"]["sender_name"] == "Ada Lovelace"
        assert cleo.hears("new_message", count)["sender_name"] == "Ada Lovelace"


def test_a_visitor_is_a_claim_until_it_is_proven_and_then_hears_what_that_customer_hears(
    talk: Connect, house: House, ada: Owner
) -> None:
    """`identify`, for any client of ours: design 9, C12."""
    widget_id = house.call("POST", "/widget/create", {"domain": "acme.com"}, token=ada.token)["id"]
    nobody = {**ada.visitor, "widget_id": widget_id}
    secret = house.call("POST", f"/widget/{widget_id}/identity-secrets", {}, token=ada.token)["secret"]
    claims = {"aud": widget_id, "sub": "42", "exp": int(time.time()) + 60}
    proof = {"customer": {"identity_token": jwt.encode(claims, secret, algorithm="HS256")}}
    phone, desk = talk(nobody), talk(nobody)

    assert phone.ask("identify", {"customer": {"external_id": "42"}}) == {
        "verified": False,
        "visitor_key": None,
        "is_other": False,
    }
    assert phone.ask("identify", {"customer": {"identity_token": "x"}})["error"]["code"] == "forbidden"
    assert phone.ask("identify", {"customer": {"email": "no"}})["error"]["code"] == "invalid"
    desk.ask("client_message", {"content": "As nobody"})
    for each in (phone, desk):
        proven = each.ask("identify", proof)
        assert proven["verified"]
        assert proven["visitor_key"].startswith("v1.")

    phone.ask("client_message", {"content": "As Cleo"})
    assert desk.hears("new_message", 2)["content"] == "As Cleo"
    assert talk(ada.auth).ask("identify", proof)["error"]["code"] == "forbidden"
