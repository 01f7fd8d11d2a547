"""Catching up after a break: `resume` over sockets. Promises 1, "Caught up"; design 9; R3."""

from tests.realtime.conftest import Connect, House, Owner, new_id
from tests.waiting import until


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
