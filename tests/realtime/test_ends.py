"""How sockets end: a session is over, a member has left, the server restarts. Promises 1, 3 and 5; A4, A5, A7."""

import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.realtime.conftest import PASSWORD, Connect, House, Owner, cookie_of, needs_redis, post, sign_up
from tests.waiting import until


def test_A4_logging_out_cuts_the_sockets_of_that_session_only(talk: Connect, house: House, ada: Owner) -> None:
    agent, polling = talk(ada.auth), talk(ada.auth, transports=["polling"])
    cleo = talk(ada.visitor)
    conversation_id = cleo.ask("client_message", {"content": "Hello?"})["conversation_id"]
    agent.hears("new_message")

    house.call("POST", "/auth/logout", {}, ada.token)

    for talker in (agent, polling):
        assert talker.hears("revoked") == {"reason": "session_ended"}
        until(lambda client=talker.client: not client.connected)
    cleo.ask("client_message", {"content": "Still there?"})
    assert len(agent.named("new_message")) == 1
    assert cleo.ask("join_conversation", {"conversation_id": conversation_id})["seq"] == 2


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("from accounts.models import AuthSession; AuthSession.objects.filter(user_id='{user}').delete()", "session"),
        ("from accounts.models import User; User.objects.filter(pk='{user}').update(is_active=False)", "session"),
        (
            "from businesses.models import Membership as M; M.objects.filter(user_id='{user}').update(is_active=False)",
            "membership",
        ),
        ("from businesses.models import Membership as M; M.objects.filter(user_id='{user}').delete()", "membership"),
    ],
    ids=["session deleted", "user disabled", "member switched off", "member removed"],
)
def test_A5_A7_a_socket_whose_right_is_gone_is_cut_though_nobody_told_us(
    talk: Connect, watchful: House, code: str, reason: str
) -> None:
    ada = sign_up(watchful, "Ada", "Acme")
    agent, cleo = talk(ada.auth, to=watchful), talk(ada.visitor, to=watchful)

    watchful.shell(code.format(user=ada.user_id))

    assert agent.hears("revoked") == {"reason": f"{reason}_ended"}
    until(lambda: not agent.client.connected)
    cleo.ask("client_message", {"content": "Hello?"})
    assert agent.named("new_message") == []


def test_a_widget_for_verified_visitors_alone_takes_nothing_more_over_open_sockets(
    talk: Connect, house: House, ada: Owner
) -> None:
    widget = house.call("POST", "/widget/create", {"domain": f"{uuid.uuid4().hex}.example"}, ada.token)
    cleo, stranger = (talk({**ada.visitor, "widget_id": widget["id"]}) for _ in "ab")
    conversation_id = cleo.ask("client_message", {"content": "Hello?"})["conversation_id"]

    house.call("PUT", f"/widget/update/{widget['id']}", {"config": {"verified_only": True}}, ada.token)

    for talker, sent in (
        (cleo, {"content": "Still there?", "conversation_id": conversation_id}),
        (cleo, {"content": "Another one.", "new": True}),
        (stranger, {"content": "Hello, too?"}),
    ):
        until(lambda talker=talker, sent=sent: _code(talker.ask("client_message", sent)) == "forbidden", every=0.4)
    house.call("PUT", f"/widget/update/{widget['id']}", {"config": {"verified_only": False}}, ada.token)
    until(lambda: "message" in stranger.ask("client_message", {"content": "And now?"}), every=0.4)


def test_a_widget_for_verified_visitors_alone_is_found_out_though_nobody_told_us(
    talk: Connect, watchful: House
) -> None:
    ada = sign_up(watchful, "Ada", "Acme")
    widget = watchful.call("POST", "/widget/create", {"domain": f"{uuid.uuid4().hex}.example"}, ada.token)
    cleo = talk({**ada.visitor, "widget_id": widget["id"]}, to=watchful)
    conversation_id = cleo.ask("client_message", {"content": "Hello?"})["conversation_id"]

    watchful.shell(
        "from widgets.models import Widget;"
        f"Widget.objects.filter(pk='{widget['id']}').update(config={{'verified_only': True}})"
    )

    sent = {"content": "Still there?", "conversation_id": conversation_id}
    until(lambda: _code(cleo.ask("client_message", sent)) == "forbidden", every=0.4)


def _code(ack: dict[str, Any]) -> str:
    return str(ack.get("error", {}).get("code", ""))


def test_A4_a_socket_whose_session_is_over_reads_nothing_though_it_is_not_cut_yet(
    talk: Connect, house: House, ada: Owner
) -> None:
    """Nobody told us, and the next look at all sockets is far away."""
    agent, cleo = talk(ada.auth), talk(ada.visitor)
    first = cleo.ask("client_message", {"content": "Hello?"})
    agent.hears("new_message")

    house.shell(
        f"from accounts.models import AuthSession; AuthSession.objects.filter(user_id='{ada.user_id}').delete()"
    )

    for event, payload in (
        ("resume", {}),
        ("join_conversation", {"conversation_id": first["conversation_id"]}),
        ("mark_read", {"message_id": first["message"]["id"]}),
    ):
        assert agent.ask(event, payload)["error"]["code"] == "forbidden", event
    assert agent.client.connected


def test_A7_a_member_who_lacks_the_second_factor_that_is_asked_for_is_cut_and_not_let_back_in(
    talk: Connect, watchful: House
) -> None:
    ada = sign_up(watchful, "Ada", "Acme")
    agent, cleo = talk(ada.auth, to=watchful), talk(ada.visitor, to=watchful)
    watchful.shell("from businesses.models import Business as B; B.objects.update(second_factor_required=True)")
    try:
        assert agent.hears("revoked") == {"reason": "second_factor_setup_required"}
        until(lambda: not agent.client.connected)
        assert talk(ada.auth, to=watchful).refusal == ["second_factor_setup_required"]
        assert cleo.ask("client_message", {"content": "Hello?"})["conversation_id"]
        assert agent.named("new_message") == []
    finally:
        watchful.shell("from businesses.models import Business as B; B.objects.update(second_factor_required=False)")


def test_A7_a_visitor_who_was_revoked_is_cut(talk: Connect, watchful: House) -> None:
    ada = sign_up(watchful, "Ada", "Acme")
    cleo = talk(ada.visitor, to=watchful)
    key = cleo.ask("client_message", {"content": "Hello?"})["visitor_key"]

    watchful.shell(
        "from widgets.models import Visitor; from django.db.models import F\n"
        f"Visitor.objects.filter(business_id='{ada.business_id}').update(generation=F('generation') + 1)"
    )

    assert cleo.hears("revoked") == {"reason": "visitor_ended"}
    stranger = talk({**ada.visitor, "visitor_key": key}, to=watchful)
    assert stranger.ask("client_message", {"content": "Hi"})["visitor_key"] != key


@pytest.fixture
def passing() -> Iterator[House]:
    """A server of its own, to be stopped."""
    folder = Path(tempfile.mkdtemp(prefix="pingback-passing-"))
    running = House(folder)
    yield running
    running.stop()
    shutil.rmtree(folder, ignore_errors=True)


def test_R7_a_restart_is_announced_and_quick(talk: Connect, passing: House) -> None:
    ada = sign_up(passing, "Ada", "Acme")
    agent = talk(ada.auth, to=passing)
    polling = talk(ada.auth, to=passing, transports=["polling"])

    passing.process.terminate()
    assert 0 <= agent.hears("server_restart")["retry_ms"] < 10_000
    assert 0 <= polling.hears("server_restart")["retry_ms"] < 10_000
    passing.process.wait(60)  # a few seconds, on a machine that does nothing else


# What ends for many at once: told to their sockets, not found at the next look ------------------------------


def operator_deletes(house: House, address: str) -> None:
    """In Django admin, with a click on "Yes, I'm sure"."""
    email = f"olga-{uuid.uuid4().hex}@example.com"
    olga = cookie_of(house, f"User.objects.create_superuser('{email}', '{PASSWORD}', full_name='Olga')")
    assert post(house, f"/admin/{address}/delete/", "post=yes", cookie=olga) == f"/admin/{address.rpartition('/')[0]}/"


def test_A7_a_deleted_widget_cuts_its_visitors_at_once_and_lets_nobody_back_in(
    talk: Connect, house: House, ada: Owner
) -> None:
    shop, blog = (
        house.call("POST", "/widget/create", {"domain": f"{uuid.uuid4().hex}.example"}, ada.token) for _ in range(2)
    )
    at_shop, at_blog = ({**ada.visitor, "widget_id": each["id"]} for each in (shop, blog))
    cleo, stranger = talk(at_shop), talk(at_shop)
    other, agent = talk(at_blog), talk(ada.auth)
    written = cleo.ask("client_message", {"content": "Hello?"})

    operator_deletes(house, f"widgets/widget/{shop['id']}")

    for talker in (cleo, stranger):
        assert talker.hears("revoked") == {"reason": "visitor_ended"}
        until(lambda client=talker.client: not client.connected)
    answer = {"conversation_id": written["conversation_id"], "content": "Still there?"}
    assert agent.ask("agent_message", answer)["message"]["seq"] == 2
    assert [message["content"] for message in cleo.named("new_message")] == ["Hello?"]
    assert talk({**at_shop, "visitor_key": written["visitor_key"]}).refusal == ["unauthorized"]
    assert other.ask("client_message", {"content": "Hi"})["message"]["seq"] == 1


@needs_redis
@pytest.mark.parametrize(
    "code",
    ["cleo.generation += 1; cleo.save(update_fields=['generation'])", "cleo.delete()"],
    ids=["voided", "deleted"],
)
def test_A7_a_visitor_whose_key_is_void_is_cut_at_once(talk: Connect, house: House, ada: Owner, code: str) -> None:
    cleo, dora = talk(ada.visitor), talk(ada.visitor)
    written = cleo.ask("client_message", {"content": "Hello?"})

    house.shell(
        "from widgets.models import Visitor\n"
        f"cleo = Visitor.objects.get(customer__conversations='{written['conversation_id']}'); {code}"
    )

    assert cleo.hears("revoked") == {"reason": "visitor_ended"}
    until(lambda: not cleo.client.connected)
    assert dora.ask("client_message", {"content": "Hi"})["message"]["seq"] == 1


@needs_redis
def test_A7_a_deleted_workspace_cuts_everybody_in_it_at_once(
    talk: Connect, house: House, ada: Owner, mallory: Owner
) -> None:
    cleo, stranger, agent = talk(ada.visitor), talk(ada.visitor), talk(ada.auth)
    cleo.ask("client_message", {"content": "Hello?"})
    elsewhere = talk(mallory.auth)

    house.shell(f"from businesses.models import Business; Business.objects.get(pk='{ada.business_id}').delete()")

    assert agent.hears("revoked") == {"reason": "membership_ended"}
    for talker in (cleo, stranger):
        assert talker.hears("revoked") == {"reason": "visitor_ended"}
    until(lambda: not any(each.client.connected for each in (agent, cleo, stranger)))
    assert talk(ada.visitor).refusal == ["unknown_business"]
    assert elsewhere.ask("resume", {})["events"] == []


def test_A7_a_chat_that_is_switched_off_cuts_its_visitors_at_once_until_it_is_on_again(
    talk: Connect, house: House, ada: Owner
) -> None:
    house.call("POST", "/widget/create", {"domain": f"{uuid.uuid4().hex}.example"}, ada.token)
    [channel] = house.call("GET", "/channels/", None, ada.token)
    cleo, stranger, agent = talk(ada.visitor), talk(ada.visitor), talk(ada.auth)
    written = cleo.ask("client_message", {"content": "Hello?"})
    known = {**ada.visitor, "visitor_key": written["visitor_key"]}

    house.call("PATCH", f"/channels/{channel['id']}", {"is_active": False}, ada.token)

    for talker in (cleo, stranger):
        assert talker.hears("revoked") == {"reason": "chat_switched_off"}
        until(lambda client=talker.client: not client.connected)
    answer = {"conversation_id": written["conversation_id"], "content": "Still there?"}
    assert agent.ask("agent_message", answer)["message"]["seq"] == 2
    assert [message["content"] for message in cleo.named("new_message")] == ["Hello?"]
    assert talk(known).refusal == talk(ada.visitor).refusal == ["unauthorized"]

    house.call("PATCH", f"/channels/{channel['id']}", {"is_active": True}, ada.token)
    missed = talk(known).ask("resume", {"conversation_id": written["conversation_id"], "seq": 1})
    assert [message["content"] for message in missed["messages"]] == ["Still there?"]


def test_a_chat_that_is_switched_off_is_found_though_nobody_told_us(talk: Connect, watchful: House) -> None:
    ada = sign_up(watchful, "Ada", "Acme")
    watchful.call("POST", "/widget/create", {"domain": f"{uuid.uuid4().hex}.example"}, ada.token)
    cleo, agent = talk(ada.visitor, to=watchful), talk(ada.auth, to=watchful)

    watchful.shell(
        "from channels_app.models import Channel\n"
        f"Channel.objects.filter(business_id='{ada.business_id}').update(is_active=False)"
    )

    assert cleo.hears("revoked") == {"reason": "chat_switched_off"}
    assert agent.ask("resume", {})["events"] == []
