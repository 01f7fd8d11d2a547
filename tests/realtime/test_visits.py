"""The page and the browser that a visitor has the chat open with, beside the conversation of the team."""

from typing import Any

import pytest

from tests.realtime.conftest import Connect, House, Owner
from tests.waiting import until


def of_customer(house: House, ada: Owner, conversation_id: str) -> Any:
    customer_id = house.call("GET", f"/conversations/{conversation_id}", token=ada.token)["customer_id"]
    return house.call("GET", f"/customers/{customer_id}", token=ada.token)


def test_the_team_sees_where_a_visitor_writes_and_hears_of_the_next_page(
    talk: Connect, house: House, ada: Owner
) -> None:
    agent = talk(ada.auth)
    cleo = talk({**ada.visitor, "page": "https://shop.example/lamps/?token=1#top"})
    first = cleo.ask("client_message", {"content": "Hello?"})
    agent.hears("new_message")

    known = of_customer(house, ada, first["conversation_id"])
    assert (known["page"], bool(known["page_at"])) == ("https://shop.example/lamps/", True)

    agent.heard.clear()
    talk({**ada.visitor, "page": "https://shop.example/basket", "visitor_key": first["visitor_key"]})
    assert agent.hears("customer_visited") == {"customer_id": known["id"]}
    assert of_customer(house, ada, first["conversation_id"])["page"] == "https://shop.example/basket"


@pytest.mark.parametrize(
    "page", [None, 7, "", "javascript:alert(1)", "https://", "https://a:b@shop.example/", "https://[", "x" * 900]
)
def test_what_is_no_page_is_not_noted(talk: Connect, house: House, ada: Owner, page: object) -> None:
    ack = talk({**ada.visitor, "page": page}).ask("client_message", {"content": "Hello?"})
    until(lambda: of_customer(house, ada, ack["conversation_id"])["page"] is None)
