"""Messages over sockets: acknowledged once stored, once, and in order. Design 9; R2, R4."""

import json
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jwt
import pytest

from tests.realtime.conftest import Connect, House, Owner, Payload, Talker, cookie_of, history, new_id, post
from tests.waiting import until


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
