"""G1, G2: nothing that we are given leads to somebody's inside. A real server on loopback, a resolver of ours."""

import datetime
import http.server
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import httpcore2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from foundation import http as outgoing
from foundation.http import Answer, OutboundFailed, OutboundRefused

Serve = Callable[[Callable[[Any], None]], int]


class Canary:
    """Counts who connects."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.requests: list[tuple[str, str, bytes]] = []


@pytest.fixture
def canary() -> Iterator[Canary]:
    """A server inside: it answers everything, so that what reaches it shows."""
    seen: list[tuple[str, str, bytes]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            seen.append((f"{self.command} {self.path}", self.headers["Host"], body))
            behave = getattr(self.server, "behave", None)
            if behave:
                behave(self)
                return
            answer = b'{"inside": true}'
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_POST = do_GET

        def log_message(self, *arguments: Any) -> None:
            """Tests print what they need."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.handle_error = lambda *_: None  # type: ignore[method-assign]  a client that leaves is what is tested
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        canary = Canary(server.server_port)
        canary.requests = seen
        canary.behave = lambda behave: setattr(server, "behave", behave)  # type: ignore[attr-defined]
        yield canary
        server.shutdown()


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Names of the test; all others go to the system's resolver, which makes 127.1 and 0x7f.1 addresses."""
    names: dict[str, list[str]] = {}
    system = outgoing.resolve
    monkeypatch.setattr(outgoing, "resolve", lambda host: names.get(host) or system(host))
    return names


INSIDE = [
    "127.0.0.1",
    "127.0.0.2",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "017700000001",
    "localhost",
    "localhost.",
    "LOCALHOST",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "[2001::1]",
    "[fe80::1]",
    "[fec0::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[ff02::1]",
    "[2001:db8::1]",
    "0.0.0.0",
    "0",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "192.0.0.8",
    "198.18.0.1",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "①②⑦.0.0.1",
    "127。0。0。1",
]


@pytest.mark.parametrize("host", INSIDE)
def test_G1_an_address_inside_is_never_connected_to(host: str, canary: Canary, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "PORTS", (80, 443, canary.port))
    connected: list[str] = []
    monkeypatch.setattr(
        httpcore2.SyncBackend, "connect_tcp", lambda _self, host, *_args, **_kwargs: connected.append(host)
    )
    with pytest.raises((OutboundRefused, OutboundFailed)):
        outgoing.get(f"https://{host}:{canary.port}/")
    assert connected == []
    assert canary.requests == []


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "javascript:alert(1)",
        "//example.com/",
        "example.com",
        "",
        "https://",
        "https:///path",
        "https://example.com:22/",
        "https://example.com:6379/",
        "https://example.com:5432/",
        "https://user:word@example.com/",
        "https://example.com@127.0.0.1/",
        "https://127.0.0.1#@example.com/",
        "https://exa mple.com/",
        "https://example.com:99999/",
        "https://[::1%25eth0]/",
        "\nhttps://127.0.0.1",
    ],
)
def test_G1_what_is_no_public_https_address_is_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    connected: list[str] = []
    monkeypatch.setattr(
        httpcore2.SyncBackend, "connect_tcp", lambda _self, host, *_args, **_kwargs: connected.append(host)
    )
    with pytest.raises((OutboundRefused, OutboundFailed)):
        outgoing.get(url)
    assert connected == []


@pytest.mark.parametrize("found", [["127.0.0.1"], ["1.1.1.1", "10.0.0.1"], ["fe80::1%eth0"], ["nonsense"]])
def test_G1_a_name_that_leads_inside_is_refused_even_if_it_also_leads_outside(
    found: list[str], resolver: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    connected: list[str] = []
    monkeypatch.setattr(
        httpcore2.SyncBackend, "connect_tcp", lambda _self, host, *_args, **_kwargs: connected.append(host)
    )
    resolver["tricky.example"] = found
    with pytest.raises(OutboundRefused):
        outgoing.get("https://tricky.example/")
    assert connected == []


def test_G2_a_name_is_resolved_once_and_that_address_is_connected_to(
    monkeypatch: pytest.MonkeyPatch, canary: Canary
) -> None:
    answers = [["1.1.1.1"], ["127.0.0.1"]]
    connected: list[str] = []

    def connect(_self: Any, host: str, *_args: Any, **_kwargs: Any) -> None:
        connected.append(host)
        raise httpcore2.ConnectError("blocked")

    monkeypatch.setattr(outgoing, "resolve", lambda host: answers.pop(0))
    monkeypatch.setattr(httpcore2.SyncBackend, "connect_tcp", connect)
    with pytest.raises(OutboundFailed):
        outgoing.get("https://rebinding.example/")
    assert connected == ["1.1.1.1"]
    assert len(answers) == 1
    assert canary.requests == []


def test_G2_a_redirect_is_an_answer_and_is_not_followed(canary: Canary, settings: Any) -> None:
    settings.OUTBOUND_ALLOW = ["127.0.0.1"]

    def redirect(handler: Any) -> None:
        handler.send_response(302)
        handler.send_header("Location", f"http://127.0.0.1:{canary.port}/second")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    canary.behave(redirect)  # type: ignore[attr-defined]
    assert outgoing.get(f"http://127.0.0.1:{canary.port}/first").status == 302
    assert [request for request, *_ in canary.requests] == ["GET /first"]


def test_an_allowed_host_may_be_inside_on_any_port_by_http_and_keeps_its_name(
    canary: Canary, resolver: dict[str, list[str]], settings: Any
) -> None:
    settings.OUTBOUND_ALLOW = ["intranet.example"]
    resolver["intranet.example"] = ["127.0.0.1"]

    answer = outgoing.get(f"http://intranet.example:{canary.port}/keys?a=1")
    outgoing.post(f"http://intranet.example:{canary.port}/hook", json={"a": 1})

    assert isinstance(answer, Answer)
    assert (answer.status, answer.json()) == (200, {"inside": True})
    assert canary.requests == [
        ("GET /keys?a=1", f"intranet.example:{canary.port}", b""),
        ("POST /hook", f"intranet.example:{canary.port}", b'{"a":1}'),
    ]
    with pytest.raises(OutboundRefused):
        outgoing.get(f"http://other.example:{canary.port}/")


def test_an_address_that_does_not_answer_gives_way_to_the_next(
    canary: Canary, resolver: dict[str, list[str]], settings: Any
) -> None:
    settings.OUTBOUND_ALLOW = ["intranet.example"]
    resolver["intranet.example"] = ["::1", "127.0.0.1"]
    assert outgoing.get(f"http://intranet.example:{canary.port}/").status == 200


def test_lookups_that_hang_are_so_many_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    go_on, before = threading.Event(), threading.active_count()
    monkeypatch.setattr(outgoing, "resolve", lambda host: go_on.wait(30) and [])
    monkeypatch.setattr(outgoing, "CONNECT_SECONDS", 0.05)
    for _ in range(outgoing.MAX_LOOKUPS + 4):
        with pytest.raises(OutboundFailed):
            outgoing.get("https://slow.example/")
    assert threading.active_count() - before <= outgoing.MAX_LOOKUPS
    go_on.set()
    for thread in threading.enumerate():
        if thread.name == "resolve":
            thread.join(10)


def test_a_name_that_nobody_has_and_a_port_that_nobody_listens_at_can_be_tried_again(settings: Any) -> None:
    settings.OUTBOUND_ALLOW = ["127.0.0.1"]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for url in ("https://nobody.invalid/", f"http://127.0.0.1:{port}/"):
        with pytest.raises(OutboundFailed):
            outgoing.get(url)


def _drip_headers(handler: Any) -> None:
    for sign in chain(b"HTTP/1.1 200 OK\r\nX: ", repeat(ord("x"))):  # until the caller goes
        handler.wfile.write(bytes([sign]))
        time.sleep(0.1)


def _drip_body(handler: Any) -> None:
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b"x")
        time.sleep(0.1)


def _endless(handler: Any) -> None:
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b"x" * 10_000)


def _bomb(handler: Any) -> None:
    handler.send_response(200)
    handler.send_header("Content-Encoding", "gzip")
    handler.end_headers()
    handler.wfile.write(b"x" * 100)


def _silent(handler: Any) -> None:
    handler.rfile.read(1)  # until the caller goes


def _rubbish(handler: Any) -> None:
    handler.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n")


@pytest.mark.parametrize("behave", [_drip_headers, _drip_body, _endless, _bomb, _silent, _rubbish])
def test_G1_a_server_that_never_ends_is_left_in_time(
    behave: Callable[[Any], None], canary: Canary, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.OUTBOUND_ALLOW = ["127.0.0.1"]
    monkeypatch.setattr(outgoing, "TOTAL_SECONDS", 0.6)
    monkeypatch.setattr(outgoing, "MAX_BYTES", 1_000_000)
    canary.behave(behave)  # type: ignore[attr-defined]
    with pytest.raises(OutboundFailed):
        outgoing.get(f"http://127.0.0.1:{canary.port}/")


def test_what_is_no_json_is_said_so(canary: Canary) -> None:
    with pytest.raises(OutboundFailed):
        Answer(status=200, headers={}, body=b"<html>").json()


def certificate(folder: Path, name: str) -> Path:
    """A key and a certificate that it signs itself, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "both.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return file


def test_G2_the_certificate_is_asked_for_and_checked_by_name_and_not_by_address(
    tmp_path: Path, resolver: dict[str, list[str]], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.OUTBOUND_ALLOW = ["api.example", "other.example"]
    resolver.update({"api.example": ["127.0.0.1"], "other.example": ["127.0.0.1"]})
    file = certificate(tmp_path, "api.example")
    asked: list[str | None] = []
    ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ours.load_cert_chain(file)
    ours.sni_callback = lambda _socket, name, _context: asked.append(name)
    trusting = ssl.create_default_context(cafile=file)
    monkeypatch.setattr(outgoing, "_tls", lambda: trusting)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(204)
            self.end_headers()

        def log_message(self, *arguments: Any) -> None:
            """Tests print what they need."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.handle_error = lambda *_: None  # type: ignore[method-assign]
        server.socket = ours.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        assert outgoing.get(f"https://api.example:{server.server_port}/").status == 204
        with pytest.raises(OutboundFailed):
            outgoing.get(f"https://other.example:{server.server_port}/")
        server.shutdown()
    assert asked == ["api.example", "other.example"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1.1.1.1", True), ("2606:4700:4700::1111", True), ("::1", False), ("100.127.255.255", False)],
)
def test_what_counts_as_the_open_internet(text: str, expected: bool) -> None:
    assert outgoing.is_public(ipaddress.ip_address(text)) is expected
