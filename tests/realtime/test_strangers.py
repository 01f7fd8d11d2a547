"""What strangers, visitors and members of other workspaces reach over sockets: S1, C1, C10, C11, C12."""

from tests.realtime.conftest import Connect, House, Owner, new_id


def test_C1_a_stranger_hears_nothing_and_joins_nothing(talk: Connect, ada: Owner) -> None:
    cleo = talk(ada.visitor)
    conversation_id = cleo.ask("client_message", {"content": "Hello?"})["conversation_id"]
    stranger = talk(ada.visitor)

    refused = stranger.ask("join_conversation", {"conversation_id": conversation_id})
    cleo.ask("client_message", {"content": "Anybody?"})
    cleo.hears("new_message", 2)

    assert refused["error"]["code"] == "not_found"
    assert stranger.heard == []


def test_C10_a_visitor_reaches_no_room_but_its_own(talk: Connect, house: House, ada: Owner) -> None:
    cleo, mallet = talk(ada.visitor), talk(ada.visitor)
    hers = cleo.ask("client_message", {"content": "Hello?"})["conversation_id"]
    mallet.ask("client_message", {"content": "Hi"})
    agent = talk(ada.auth)
    agent.ask("join_conversation", {"conversation_id": hers})

    for event, payload, code in [
        ("agent_message", {"conversation_id": hers, "content": "I am Ada"}, "forbidden"),
        ("join_conversation", {"conversation_id": hers}, "not_found"),
        ("join_conversation", {"conversation_id": f"business_{ada.business_id}"}, "invalid"),
        ("join_conversation", {"conversation_id": ada.business_id}, "not_found"),
        ("join_conversation", {"conversation_id": [hers]}, "invalid"),
        ("join_conversation", {"conversation_id": "' OR 1=1 --"}, "invalid"),
        ("join_conversation", [hers], "invalid"),
        ("join_conversation", None, "invalid"),
        ("typing", {"conversation_id": hers, "is_typing": True}, "not_found"),
        ("client_message", {"conversation_id": hers, "content": "Hi"}, "not_found"),
        ("resume", {"conversation_id": hers, "seq": 0}, "not_found"),
    ]:
        assert mallet.ask(event, payload)["error"]["code"] == code, (event, payload)

    assert [message["content"] for message in cleo.named("new_message")] == ["Hello?"]
    assert cleo.named("typing") == agent.named("typing") == []


def test_S1_a_member_reaches_no_other_workspace(talk: Connect, ada: Owner, mallory: Owner) -> None:
    foreign = talk(ada.visitor).ask("client_message", {"content": "Hello?"})["conversation_id"]
    attacker = talk(mallory.auth)

    for event, payload in [
        ("agent_message", {"conversation_id": foreign, "content": "Hi"}),
        ("join_conversation", {"conversation_id": foreign}),
        ("typing", {"conversation_id": foreign, "is_typing": True}),
    ]:
        answer = attacker.ask(event, payload)
        assert answer == attacker.ask(event, {**payload, "conversation_id": new_id()})
        assert answer["error"]["code"] == "not_found"
    assert attacker.ask("client_message", {"content": "x"})["error"]["code"] == "forbidden"
    assert attacker.heard == []


def test_C11_a_key_that_is_not_good_counts_as_none(talk: Connect, ada: Owner, mallory: Owner) -> None:
    first = talk(ada.visitor).ask("client_message", {"content": "Hello?"})
    key, mine = first["visitor_key"], {"conversation_id": first["conversation_id"], "seq": 0}
    good = {**ada.visitor, "visitor_key": key}

    assert len(talk(good).ask("resume", mine)["messages"]) == 1
    for bad in (key[:-2] + "xx", key.replace("v1.", "v2."), "", 7, "x" * 5_000, key + "."):
        assert talk({**good, "visitor_key": bad}).ask("resume", mine)["error"]["code"] == "not_found"
    assert talk({**mallory.visitor, "visitor_key": key}).ask("resume", mine)["error"]["code"] == "not_found"


def test_C11_a_key_of_one_widget_is_none_at_another_of_the_same_workspace(
    talk: Connect, house: House, ada: Owner
) -> None:
    """Two sites are two houses to their visitors. A program that names no widget asks for neither."""
    shop, blog = (
        house.call("POST", "/widget/create", {"domain": f"{new_id()}.example"}, ada.token)["id"] for _ in range(2)
    )
    first = talk({**ada.visitor, "widget_id": shop}).ask("client_message", {"content": "Hello?"})
    key, mine = first["visitor_key"], {"conversation_id": first["conversation_id"], "seq": 0}

    assert len(talk({**ada.visitor, "widget_id": shop, "visitor_key": key}).ask("resume", mine)["messages"]) == 1
    assert len(talk({**ada.visitor, "visitor_key": key}).ask("resume", mine)["messages"]) == 1
    elsewhere = talk({**ada.visitor, "widget_id": blog, "visitor_key": key})
    assert elsewhere.ask("resume", mine)["error"]["code"] == "not_found"
    written = elsewhere.ask("client_message", {"content": "Hi", "visitor_key": key})
    assert written["conversation_id"] != first["conversation_id"]
    assert written["visitor_key"] != key
    for widget_id, seen in ((shop, [first["conversation_id"]]), (blog, [])):
        listed = house.call("GET", f"/widget/{widget_id}/conversations", headers={"X-Visitor-Key": key})
        assert [each["id"] for each in listed["results"]] == seen


def test_C11_a_key_that_came_with_no_widget_belongs_to_the_workspace(talk: Connect, house: House, ada: Owner) -> None:
    first = talk(ada.visitor).ask("client_message", {"content": "Hello?"})
    shop = house.call("POST", "/widget/create", {"domain": f"{new_id()}.example"}, ada.token)["id"]

    there = talk({**ada.visitor, "widget_id": shop, "visitor_key": first["visitor_key"]})

    assert len(there.ask("resume", {"conversation_id": first["conversation_id"], "seq": 0})["messages"]) == 1


def test_C12_claims_find_nobody(talk: Connect, ada: Owner) -> None:
    known = talk(ada.visitor).ask("client_message", {"content": "Hi", "customer": {"email": "cleo@example.com"}})
    claimed = talk(ada.visitor).ask("client_message", {"content": "Hi", "customer": {"email": "cleo@example.com"}})
    agent = talk(ada.auth)

    assert known["conversation_id"] != claimed["conversation_id"]
    objects = [event["object"] for event in agent.ask("resume", {"cursor": 0})["events"]]
    customers = [each["customer"] for each in objects if each and "customer" in each]
    assert len({customer["id"] for customer in customers}) == 2
    assert not any(customer["verified"] for customer in customers)


def test_C12_a_planted_key_moves_nobody_who_has_one_of_their_own(talk: Connect, house: House, ada: Owner) -> None:
    """Mallet's key in Cleo's browser: in the payload, in the address, in a cookie."""
    mallet, cleo = talk(ada.visitor), talk(ada.visitor)
    planted = mallet.ask("client_message", {"content": "I was here first"})
    own = cleo.ask("client_message", {"content": "Hello?", "customer": {"email": "cleo@example.com"}})

    again = cleo.ask("client_message", {"content": "My secret", "visitor_key": planted["visitor_key"]})
    into = {"content": "My secret", "conversation_id": planted["conversation_id"]}
    assert again["conversation_id"] == own["conversation_id"]
    assert cleo.ask("client_message", into)["error"]["code"] == "not_found"
    for options in (
        {"headers": {"Cookie": f"visitor_key={planted['visitor_key']}"}},
        {"headers": {"X-Visitor-Key": planted["visitor_key"]}},
    ):
        stranger = talk(ada.visitor, **options)
        assert stranger.ask("client_message", {"content": "Hi"})["conversation_id"] != planted["conversation_id"]
    assert [message["content"] for message in mallet.named("new_message")] == ["I was here first"]
