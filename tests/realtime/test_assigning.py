"""An assignment over real sockets: the assignee, the team and the visitor each hear it once."""

import uuid

from tests.realtime.conftest import PASSWORD, Connect, House, Owner
from tests.waiting import until


def join(house: House, owner: Owner, name: str) -> Owner:
    """Somebody new in the owner's workspace."""
    email = f"{name.lower()}-{uuid.uuid4().hex[:8]}@example.com"
    body = {"email": email, "full_name": name, "password": PASSWORD}
    token = house.call("POST", "/auth/register", body)["access_token"]
    user_id = house.call("GET", "/auth/me", token=token)["user"]["id"]
    house.shell(
        "from businesses.models import Membership; "
        f"Membership.objects.create(business_id='{owner.business_id}', user_id='{user_id}', role='agent')"
    )
    return Owner(token=token, user_id=user_id, business_id=owner.business_id)


def test_an_assignment_is_heard_once_by_the_assignee_and_by_nobody_else(
    talk: Connect, house: House, ada: Owner, mallory: Owner
) -> None:
    ben = join(house, ada, "Ben")
    owner, bens, other_tab = talk(ada.auth), talk(ben.auth), talk(ben.auth)
    cleo, stranger = talk(ada.visitor), talk(mallory.auth)
    conversation_id = cleo.ask("client_message", {"content": "Hello?"})["conversation_id"]
    # Whoever has joined the conversation is in one room more, and must not hear it twice for that.
    bens.ask("join_conversation", {"conversation_id": conversation_id})

    house.call("PUT", f"/conversations/{conversation_id}/assign/{ben.user_id}", None, ada.token)
    house.call("POST", f"/team/assign/{conversation_id}?agent_id={ben.user_id}", None, ada.token)
    house.call("PUT", f"/conversations/{conversation_id}/resolve", None, ada.token)

    for tab in (bens, other_tab, owner, cleo):
        tab.hears("conversation_updated", 2)  # assigned, then resolved: nothing is on its way any more
        assert len(tab.named("conversation_updated")) == 2
    told = {"conversation_id": conversation_id, "assigned_by": ada.user_id}
    assert bens.named("conversation_assigned") == other_tab.named("conversation_assigned") == [told]
    assert owner.named("conversation_assigned") == cleo.named("conversation_assigned") == []
    assert owner.named("conversation_updated")[0]["assignee_id"] == ben.user_id
    assert cleo.named("conversation_updated")[0]["assignee"]["name"] == "Ben"
    assert [name for name, _payload in stranger.heard] == []


def test_an_answer_over_the_socket_stops_the_clock_and_a_customers_message_opens_what_was_parked(
    talk: Connect, house: House, ada: Owner
) -> None:
    agent, cleo = talk(ada.auth), talk(ada.visitor)
    conversation_id = cleo.ask("client_message", {"content": "Hello?"})["conversation_id"]
    path = f"/conversations/{conversation_id}"
    assert house.call("GET", path, token=ada.token)["first_response_at"] is None
    answer = agent.ask("agent_message", {"conversation_id": conversation_id, "content": "Hi"})["message"]
    house.call("PATCH", path, {"status": "pending"}, ada.token)
    cleo.ask("client_message", {"content": "One more thing", "conversation_id": conversation_id})
    body = house.call("GET", path, token=ada.token)
    assert (body["status"], body["first_response_at"]) == ("open", answer["created_at"])


def test_a_claim_is_told_to_the_other_tabs_of_who_claimed(talk: Connect, house: House, ada: Owner) -> None:
    tab, cleo = talk(ada.auth), talk(ada.visitor)
    conversation_id = cleo.ask("client_message", {"content": "Hello?"})["conversation_id"]
    house.call("POST", f"/conversations/{conversation_id}/claim", None, ada.token)
    until(lambda: tab.named("conversation_assigned"))
    assert tab.named("conversation_assigned") == [{"conversation_id": conversation_id, "assigned_by": ada.user_id}]
