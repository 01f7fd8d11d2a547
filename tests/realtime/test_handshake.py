"""Who may connect, and as what. Design 5 and 9; C3, C4 and the handshake lines of the socket attacks."""

import json
from types import SimpleNamespace
from typing import Any
from urllib.error import HTTPError

import pytest
from django.db import InterfaceError, OperationalError
from socketio.exceptions import ConnectionRefusedError
from websockets.exceptions import InvalidStatus

from pingback.realtime import engine, server
from tests.realtime.conftest import Connect, House, Owner, Payload, cookie_of, is_closed, new_id, polled


def test_a_member_is_let_in_by_token(talk: Connect, ada: Owner) -> None:
    assert talk(ada.auth).ask("resume", {})["events"] == []


@pytest.mark.parametrize("transports", [["websocket"], ["polling"], ["polling", "websocket"]])
def test_every_transport_works(talk: Connect, ada: Owner, transports: list[str]) -> None:
    cleo = talk(ada.visitor, transports=transports)

    assert cleo.ask("client_message", {"content": "Hello?"})["message"]["content"] == "Hello?"


@pytest.mark.parametrize("auth", [None, {}, [], "acme", 7, {"business_id": None}, {"token": "x"}])
def test_without_a_business_nobody_connects(talk: Connect, auth: object) -> None:
    assert talk(auth).refusal == ["business_id_required"]


@pytest.mark.parametrize(
    "business_id", ["01a2139e-ba4a-7d65-b6b2-7affc88c5f9e", "acme", 7, ["x"], {"a": 1}, "' OR 1=1 --"]
)
def test_an_unknown_business_is_refused(talk: Connect, business_id: object) -> None:
    assert talk({"business_id": business_id}).refusal == ["unknown_business"]


@pytest.mark.parametrize("token", ["", "nope", 7, [], {}, "a.b.c", "x" * 30_000])
def test_a_bad_token_never_makes_a_visitor(talk: Connect, ada: Owner, token: object) -> None:
    auth: Payload = {"business_id": ada.business_id, "token": token}

    assert talk(auth).refusal == ["unauthorized"]
    assert talk({**auth, "visitor_key": "v1.x.y"}).refusal == ["unauthorized"]


def test_B_a_good_token_opens_no_foreign_business(talk: Connect, ada: Owner, mallory: Owner) -> None:
    assert talk({"business_id": ada.business_id, "token": mallory.token}).refusal == ["unauthorized"]


def test_A4_a_token_of_a_session_that_is_over_is_refused(talk: Connect, house: House, ada: Owner) -> None:
    house.call("POST", "/auth/logout", {}, ada.token)

    assert talk(ada.auth).refusal == ["unauthorized"]


def test_a_ticket_opens_one_handshake_and_no_other_door(talk: Connect, house: House, ada: Owner) -> None:
    ticket = house.call("POST", "/auth/socket-ticket", None, ada.token)["ticket"]
    auth = {"business_id": ada.business_id, "token": ticket}

    assert talk(auth).ask("resume", {})["events"] == []
    assert talk(auth).refusal == ["unauthorized"]
    with pytest.raises(HTTPError, match="401"):
        house.call("GET", "/auth/me", None, ticket)


def test_a_ticket_is_no_better_than_its_session_and_its_workspace(
    talk: Connect, house: House, ada: Owner, mallory: Owner
) -> None:
    foreign = house.call("POST", "/auth/socket-ticket", None, mallory.token)["ticket"]
    assert talk({"business_id": ada.business_id, "token": foreign}).refusal == ["unauthorized"]

    ticket = house.call("POST", "/auth/socket-ticket", None, ada.token)["ticket"]
    house.call("POST", "/auth/logout", None, ada.token)
    assert talk({"business_id": ada.business_id, "token": ticket}).refusal == ["unauthorized"]


def test_a_socket_let_in_by_ticket_is_cut_with_its_session(talk: Connect, house: House, ada: Owner) -> None:
    ticket = house.call("POST", "/auth/socket-ticket", None, ada.token)["ticket"]
    socket = talk({"business_id": ada.business_id, "token": ticket})
    assert socket.ask("resume", {})["events"] == []
    [session] = house.call("GET", "/auth/sessions", None, ada.token)

    house.call("DELETE", f"/auth/sessions/{session['id']}", None, ada.token)

    assert socket.hears("revoked") == {"reason": "session_ended"}


def test_a_refused_client_is_sent_away(talk: Connect, raw: object, ada: Owner) -> None:
    socket = raw()  # type: ignore[operator]
    socket.recv()
    socket.send("40" + json.dumps({"business_id": new_id()}))

    assert socket.recv() == '44{"message":"unknown_business"}'
    assert is_closed(socket)


def test_C4_a_client_that_never_says_hello_is_closed(raw: object) -> None:
    silent = raw()  # type: ignore[operator]

    assert is_closed(silent)


def test_C4_a_polling_client_that_never_says_hello_is_closed(house: House) -> None:
    status, body = polled(house)
    sid = json.loads(body[1:])["sid"]
    assert status == 200

    polled(house, f"&sid={sid}")  # waits until it is closed

    assert polled(house, f"&sid={sid}")[0] == 400


def test_C4_at_most_50_connections_come_from_one_address(raw: object, ada: Owner) -> None:
    somewhere = {"additional_headers": {"X-Forwarded-For": "203.0.113.5"}}
    for _ in range(50):
        # Who says hello stays, however long the fifty take.
        raw(**somewhere).send("40" + json.dumps(ada.visitor))  # type: ignore[operator]

    with pytest.raises(InvalidStatus):
        raw(**somewhere)  # type: ignore[operator]
    raw(additional_headers={"X-Forwarded-For": "203.0.113.6"})  # type: ignore[operator]
    raw(additional_headers={"X_Forwarded_For": "203.0.113.5"})  # type: ignore[operator]


def test_a_user_has_at_most_20_sockets(talk: Connect, ada: Owner) -> None:
    for _ in range(20):
        assert not talk(ada.auth).refusal

    assert talk(ada.auth).refusal == ["too_many_connections"]


def test_a_visitor_has_at_most_10_sockets(talk: Connect, ada: Owner) -> None:
    key = talk(ada.visitor).ask("client_message", {"content": "Hello?"})["visitor_key"]
    for _ in range(9):
        assert not talk({**ada.visitor, "visitor_key": key}).refusal

    assert talk({**ada.visitor, "visitor_key": key}).refusal == ["too_many_connections"]


# Origins ----------------------------------------------------------------------------------------------------


@pytest.fixture
def shop(house: House, ada: Owner) -> str:
    """The origin of a site with a widget of Ada's."""
    domain = f"{new_id()[:8]}.example"
    house.call("POST", "/widget/create", {"domain": domain}, ada.token)
    return f"https://{domain}"


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "https://evil.example",
        "{shop}.evil.com",
        "https://evil{host}",
        "https://{host}@evil.com",
        "https://user@{host}",
        "https://{host}:0",
        "http://{host}",
        "{shop}/",
        "{own}.evil.com",
        "{own}@evil.com",
        "https://xn--{host}",
        "file://",
        "",
    ],
)
def test_C3_a_foreign_origin_is_turned_away_at_the_handshake(house: House, raw: object, shop: str, origin: str) -> None:
    forged = origin.format(shop=shop, host=shop.removeprefix("https://"), own=house.url)

    with pytest.raises(InvalidStatus) as refused:
        raw(origin=forged)  # type: ignore[operator]
    assert refused.value.response.status_code == 403
    assert polled(house, Origin=forged)[0] == 403


def test_C3_a_domain_that_only_looks_like_a_widgets_is_another_one(
    talk: Connect, house: House, raw: object, ada: Owner
) -> None:
    """A Cyrillic a, as a browser sends it; and a name with an umlaut is itself in that spelling."""
    domain, name = f"acme-{new_id()[:8]}.example", f"müller-{new_id()[:8]}.example"
    for each in (domain, name):
        house.call("POST", "/widget/create", {"domain": each}, ada.token)
    twin, own = (f"https://{each.encode('idna').decode()}" for each in (domain.replace("a", "а", 1), name))
    assert twin.startswith("https://xn--")

    with pytest.raises(InvalidStatus) as refused:
        raw(origin=twin)  # type: ignore[operator]
    assert refused.value.response.status_code == 403
    assert polled(house, Origin=twin)[0] == 403
    assert not talk(ada.visitor, headers={"Origin": own}).refusal


def test_C3_another_customers_widget_domain_is_a_connect_error(
    talk: Connect, shop: str, ada: Owner, mallory: Owner
) -> None:
    assert talk(mallory.visitor, headers={"Origin": shop}).refusal == ["origin_not_allowed"]
    assert not talk(ada.visitor, headers={"Origin": shop}).refusal


def test_our_own_origin_and_none_are_let_in(talk: Connect, house: House, ada: Owner) -> None:
    assert not talk(ada.auth, headers={"Origin": house.url}).refusal
    localhost = {"Origin": f"http://localhost:{house.port}", "Host": f"localhost:{house.port}"}
    assert not talk(ada.auth, headers=localhost, transports=["polling"]).refusal


def test_a_host_that_is_not_ours_makes_no_origin_ours(raw: object) -> None:
    with pytest.raises(InvalidStatus):
        raw(origin="http://rebound.example", additional_headers={"Host": "rebound.example"})  # type: ignore[operator]


def test_polling_from_a_shop_may_read_its_answers_but_sends_no_credentials(house: House, shop: str) -> None:
    import urllib.request

    request = urllib.request.Request(f"{house.url}/socket.io/?EIO=4&transport=polling", headers={"Origin": shop})
    with urllib.request.urlopen(request) as answer:
        assert answer.headers["Access-Control-Allow-Origin"] == shop
        assert answer.headers["Access-Control-Allow-Credentials"] is None
        assert answer.headers["Vary"] == "Origin"
        assert answer.headers["Cache-Control"] == "no-store"


# Cookies ----------------------------------------------------------------------------------------------------


@pytest.fixture
def cookie(house: House, ada: Owner) -> str:
    return cookie_of(house, f"User.objects.get(pk='{ada.user_id}')")


def is_member(talker: object) -> bool:
    return "events" in talker.ask("resume", {})  # type: ignore[attr-defined]


def test_the_dashboards_cookie_makes_a_member_on_our_own_pages(
    talk: Connect, house: House, ada: Owner, mallory: Owner, cookie: str, shop: str
) -> None:
    ours = {"Cookie": cookie, "Origin": house.url}

    assert is_member(talk(ada.visitor, headers=ours))
    assert is_member(talk(ada.visitor, headers={"Cookie": cookie}, transports=["polling"]))
    widget = house.call("POST", "/widget/create", {"domain": f"{new_id()}.example"}, ada.token)
    assert not is_member(talk({**ada.visitor, "widget_id": widget["id"]}, headers=ours))
    assert not is_member(talk({**ada.visitor, "visitor_key": "v1.x.y"}, headers=ours))
    assert not is_member(talk(ada.visitor, headers={"Cookie": cookie, "Origin": shop}))
    assert not is_member(talk(ada.visitor, headers={"Cookie": cookie, "Sec-Fetch-Site": "cross-site"}))
    assert talk(mallory.visitor, headers=ours).refusal == ["unauthorized"]


def test_a_cookie_that_is_not_good_is_refused(talk: Connect, house: House, ada: Owner, cookie: str) -> None:
    name = cookie.partition("=")[0]

    assert talk(ada.visitor, headers={"Cookie": f"{name}=nope", "Origin": house.url}).refusal == ["unauthorized"]


def test_a_widget_that_is_none_of_the_workspace_lets_nobody_in(
    talk: Connect, house: House, ada: Owner, mallory: Owner
) -> None:
    foreign = house.call("POST", "/widget/create", {"domain": f"{new_id()}.example"}, mallory.token)["id"]
    for widget_id in (new_id(), foreign, "", "x", 7, ["x"]):
        assert talk({**ada.visitor, "widget_id": widget_id}).refusal == ["unauthorized"], widget_id


# The database is away: Django's InterfaceError is no DatabaseError ------------------------------------------


@pytest.mark.parametrize("fault", [OperationalError, InterfaceError])
async def test_R11_who_cannot_be_looked_up_is_told_to_try_again(
    monkeypatch: pytest.MonkeyPatch, fault: type[Exception]
) -> None:
    async def away(*_arguments: Any, **_named: Any) -> None:
        raise fault("the connection is closed")

    monkeypatch.setattr(server.handshake, "identify", away)
    monkeypatch.setattr(server.sio.manager, "eio_sid_from_sid", lambda sid, namespace: sid)
    monkeypatch.setitem(server.sio.eio.sockets, "cleo", SimpleNamespace(origin=None, address=None))
    with pytest.raises(ConnectionRefusedError, match="busy"):
        await server.connect("cleo", {"asgi.scope": {}}, {})

    said: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        said.append(message)

    monkeypatch.setattr(engine.origins, "origin_of", away)
    await server.sio.eio.handle_request({"type": "http", "method": "GET"}, away, send)
    assert said[0]["status"] == 503
