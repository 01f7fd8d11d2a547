"""Who is there, over real sockets: told once to everybody, offline after a while, whoever dies or leaves."""

import shutil
import signal
import tempfile
import time
import urllib.error
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from channels_app.worker import SETTLE_SECONDS
from tests.realtime.conftest import Connect, House, Owner, Talker, hired, sign_up
from tests.waiting import until


def says(house: House, who: Owner, status: str) -> dict[str, Any]:
    house.call("PATCH", "/team/status", {"status": status}, who.token)
    return {"agent_id": who.user_id, "status": status}


def told(talker: Talker) -> list[Any]:
    """Each change of a status that it heard of, without its number in the feed."""
    return [{key: each[key] for key in ("agent_id", "status")} for each in talker.named("agent_status_changed")]


def shown(house: House, ada: Owner, who: Owner) -> str:
    members = house.call("GET", "/team/members", None, ada.token)
    return str(next(each["status"] for each in members if each["user_id"] == who.user_id))


def test_a_status_is_told_to_the_whole_workspace_exactly_once(
    talk: Connect, house: House, ada: Owner, ben: Owner, mallory: Owner
) -> None:
    adas, bens, stranger, cleo = talk(ada.auth), talk(ben.auth), talk(mallory.auth), talk(ada.visitor)
    away = says(house, ben, "away")
    for talker in (adas, bens):
        assert talker.hears("agent_status_changed") == {**away, "feed_seq": 1}
    live = says(house, ben, "live")
    for talker in (adas, bens):
        assert talker.hears("agent_status_changed", 2) == {**live, "feed_seq": 2}
    assert told(adas) == told(bens) == [away, live]
    assert stranger.named("agent_status_changed") == cleo.named("agent_status_changed") == []
    # Visitors are told to look anew, and nothing of anybody.
    cleo.hears("availability_changed", 2)
    assert (stranger.named("availability_changed"), cleo.named("availability_changed")) == ([], [{}, {}])
    missed = adas.ask("resume", {"cursor": 0})["events"]
    assert [(each["kind"], each["data"], each["object"]) for each in missed] == [
        ("agent.status_changed", data, None) for data in (away, live)
    ]


def test_A7_a_removed_member_is_cut_at_once_and_hears_nothing_after(
    talk: Connect, house: House, ada: Owner, ben: Owner
) -> None:
    cleo = talk(ada.visitor)
    cleo.ask("client_message", {"content": "Hello?"})
    bens = talk(ben.auth)
    membership = house.call("GET", "/team/members", None, ada.token)[1]["id"]

    house.call("DELETE", f"/team/members/{membership}", None, ada.token)

    assert bens.hears("revoked") == {"reason": "membership_ended"}
    until(lambda: not bens.client.connected)  # this server never looks for what nobody told it
    cleo.ask("client_message", {"content": "Still there?"})
    assert bens.named("new_message") == []
    assert talk(ben.auth).refusal == ["unauthorized"]


def test_A7_a_lowered_role_counts_at_the_next_thing_done_and_the_socket_stays(
    talk: Connect, house: House, ada: Owner, ben: Owner
) -> None:
    membership = house.call("GET", "/team/members", None, ada.token)[1]["id"]
    house.call("PATCH", f"/team/members/{membership}", {"role": "admin"}, ada.token)
    bens = talk(ben.auth)
    conversation = talk(ada.visitor).ask("client_message", {"content": "Hello?"})["conversation_id"]
    assign = f"/team/assign/{conversation}?agent_id={ben.user_id}"
    house.call("POST", assign, None, ben.token)

    house.call("PATCH", f"/team/members/{membership}", {"role": "agent"}, ada.token)

    with pytest.raises(urllib.error.HTTPError, match="403"):
        house.call("POST", assign, None, ben.token)
    assert bens.ask("agent_message", {"conversation_id": conversation, "content": "Hi"})["message"]["seq"] == 2


def test_a_session_that_works_elsewhere_now_tells_its_pages_and_its_sockets_stay(
    talk: Connect, house: House, ada: Owner, ben: Owner, mallory: Owner
) -> None:
    email = house.call("GET", "/auth/me", None, ben.token)["user"]["email"]
    house.call("POST", f"/team/invite?email={email}", None, mallory.token)
    bens = talk(ben.auth)

    house.call("POST", "/auth/business/switch", {"business_id": mallory.business_id}, ben.token)

    assert bens.hears("workspace_switched") == {"business_id": mallory.business_id}
    talk(ada.visitor).ask("client_message", {"content": "Hello?"})
    bens.hears("new_message")
    assert talk({"business_id": mallory.business_id, "token": ben.token}).client.connected


@pytest.fixture
def hasty() -> Iterator[House]:
    """A server that waits two seconds for who is gone, and may be killed."""
    folder = Path(tempfile.mkdtemp(prefix="pingback-hasty-"))
    running = House(folder, AGENT_OFFLINE_AFTER="2")
    yield running
    running.stop()
    shutil.rmtree(folder, ignore_errors=True)


def test_who_closes_the_last_socket_is_offline_after_a_while_and_comes_back_as_chosen(
    talk: Connect, hasty: House
) -> None:
    ada = sign_up(hasty, "Ada", "Acme")
    ben = hired(hasty, ada)
    adas = talk(ada.auth, to=hasty)
    first, second = talk(ben.auth, to=hasty), talk(ben.auth, to=hasty)
    away = says(hasty, ben, "away")

    first.client.disconnect()
    time.sleep(2 + SETTLE_SECONDS)  # long enough for whoever would count him out
    assert shown(hasty, ada, ben) == "away"
    second.client.disconnect()
    until(lambda: len(adas.named("agent_status_changed")) == 2)
    assert told(adas)[-1] == {**away, "status": "offline"}
    assert shown(hasty, ada, ben) == "offline"

    talk(ben.auth, to=hasty)
    adas.hears("agent_status_changed", 3)
    assert told(adas)[-1] == away


def test_a_killed_server_leaves_nobody_live_for_ever(talk: Connect, hasty: House) -> None:
    ada = sign_up(hasty, "Ada", "Acme")
    ben = hired(hasty, ada)
    talk(ben.auth, to=hasty)
    says(hasty, ben, "live")
    noted = f"Membership.objects.filter(user_id='{ben.user_id}', last_seen_at__isnull=False).exists()"
    until(lambda: hasty.shell(f"from businesses.models import Membership; print({noted})") == "True")

    hasty.process.send_signal(signal.SIGKILL)
    hasty.process.wait(5)
    again = House(hasty.folder, AGENT_OFFLINE_AFTER="2")
    try:
        until(lambda: shown(again, ada, ben) == "offline")
    finally:
        again.stop()
