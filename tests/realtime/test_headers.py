"""A17: headers that mean harm, against the real server. House: one trusted proxy in front."""

import http.client
import json
import socket
import uuid
from pathlib import Path

import pytest

from tests.realtime.conftest import PASSWORD, House, Owner, sign_up


def first_line(house: House, headers: bytes) -> str:
    """How a request with these lines is answered."""
    request = b"GET /api/v1/auth/me HTTP/1.1\r\nHost: 127.0.0.1\r\n" + headers + b"\r\n"
    with socket.create_connection(("127.0.0.1", house.port), 10) as connection:
        connection.sendall(request)
        return connection.recv(200).split(b"\r\n")[0].decode()


def test_A17_one_header_fifty_thousand_times_is_refused_at_once(house: House) -> None:
    before = house.work()
    assert first_line(house, b"A: b\r\n" * 50_000).split()[1] == "431"
    assert house.work() - before < 1  # 0.05 of its own, beside whatever else it does


@pytest.mark.parametrize("value", [b"a\x00b", b"a\x01b", b"a\x0bb", b"a\x7fb"])
def test_A17_control_bytes_in_a_header_are_refused(house: House, value: bytes) -> None:
    assert first_line(house, b"A: " + value + b"\r\n").split()[1] == "400"


@pytest.mark.parametrize(("name", "address"), [("X-Forwarded-For", "203.0.113.5"), ("X_Forwarded_For", None)])
def test_A17_a_header_with_underscores_is_not_the_proxys(house: House, name: str, address: str | None) -> None:
    """A proxy overwrites its own header, and lets the look-alike through."""
    body = {"email": f"{uuid.uuid4().hex}@example.com", "full_name": "Ada", "password": PASSWORD}
    sent = {"Content-Type": "application/json", name: "203.0.113.5"}
    connection = http.client.HTTPConnection("127.0.0.1", house.port, timeout=20)
    connection.request("POST", "/api/v1/auth/register", json.dumps(body), sent)
    token = json.loads(connection.getresponse().read())["access_token"]
    connection.close()

    [session] = house.call("GET", "/auth/sessions", None, token)

    assert session["ip"] == address


def test_A17_two_authorizations_are_none(house: House, ada: Owner) -> None:
    once = b"Authorization: Bearer " + ada.token.encode() + b"\r\n"
    assert first_line(house, once).split()[1] == "200"
    assert first_line(house, once * 2).split()[1] == "401"


def test_A17_without_a_trusted_proxy_nothing_that_is_forwarded_counts(tmp_path: Path) -> None:
    house = House(tmp_path, TRUSTED_PROXIES="0")
    try:
        ada = sign_up(house, "Ada", "Acme")
        forged = (
            b"X-Forwarded-For: 203.0.113.5\r\nX-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: https\r\n"
            b"Forwarded: for=203.0.113.5;host=evil.example\r\nAuthorization: Bearer " + ada.token.encode() + b"\r\n"
        )
        assert first_line(house, forged).split()[1] == "200"
        assert [each["ip"] for each in house.call("GET", "/auth/sessions", None, ada.token)] == ["127.0.0.1"]
    finally:
        house.stop()
