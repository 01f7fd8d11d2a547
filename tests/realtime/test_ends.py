"""How sockets end: a session is over, a member has left, the server restarts. Promises 1, 3 and 5; A4, A5, A7."""

import shutil
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.realtime.conftest import Connect, House, Owner, sign_up, until


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
    talk: Connect, house: House, ada: Owner, code: str, reason: str
) -> None:
    agent, cleo = talk(ada.auth), talk(ada.visitor)

    house.shell(code.format(user=ada.user_id))

    assert agent.hears("revoked") == {"reason": f"{reason}_ended"}
    until(lambda: not agent.client.connected)
    cleo.ask("client_message", {"content": "Hello?"})
    assert agent.named("new_message") == []


def test_A7_a_member_who_lacks_the_second_factor_that_is_asked_for_is_cut_and_not_let_back_in(
    talk: Connect, house: House, ada: Owner
) -> None:
    agent, cleo = talk(ada.auth), talk(ada.visitor)
    house.shell("from businesses.models import Business as B; B.objects.update(second_factor_required=True)")
    try:
        assert agent.hears("revoked") == {"reason": "second_factor_setup_required"}
        until(lambda: not agent.client.connected)
        assert talk(ada.auth).refusal == ["second_factor_setup_required"]
        assert cleo.ask("client_message", {"content": "Hello?"})["conversation_id"]
        assert agent.named("new_message") == []
    finally:
        house.shell("from businesses.models import Business as B; B.objects.update(second_factor_required=False)")


def test_A7_a_visitor_who_was_revoked_is_cut(talk: Connect, house: House, ada: Owner) -> None:
    cleo = talk(ada.visitor)
    key = cleo.ask("client_message", {"content": "Hello?"})["visitor_key"]

    house.shell(
        "from widgets.models import Visitor; from django.db.models import F\n"
        f"Visitor.objects.filter(business_id='{ada.business_id}').update(generation=F('generation') + 1)"
    )

    assert cleo.hears("revoked") == {"reason": "visitor_ended"}
    stranger = talk({**ada.visitor, "visitor_key": key})
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

    started = time.monotonic()
    passing.process.terminate()
    assert 0 <= agent.hears("server_restart")["retry_ms"] < 10_000
    assert 0 <= polling.hears("server_restart")["retry_ms"] < 10_000
    passing.process.wait(20)

    assert time.monotonic() - started < 15


def test_A7_a_channel_that_is_switched_off_takes_nothing_more_from_an_open_socket(
    talk: Connect, house: House, ada: Owner
) -> None:
    house.call("POST", "/widget/create", {"domain": f"{uuid.uuid4().hex}.example"}, ada.token)
    [channel] = house.call("GET", "/channels/", None, ada.token)
    cleo, adas = talk(ada.visitor), talk(ada.auth)
    cleo.ask("client_message", {"content": "Hello?"})
    adas.hears("new_message")

    house.call("PATCH", f"/channels/{channel['id']}", {"is_active": False}, ada.token)

    assert cleo.ask("client_message", {"content": "Still there?"})["error"]["code"] == "forbidden"
    assert [message["content"] for message in adas.named("new_message")] == ["Hello?"]
