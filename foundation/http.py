"""All outgoing HTTP. Whatever address we are given, it reaches nobody's inside (promises 8, attacks G1 and G2).

https on ports 80 and 443; plain http, other ports and private addresses only for hosts that OUTBOUND_ALLOW names. A
name is resolved once, every address that it has must be public, and the connection goes to one of these: what the
name says a moment later does not matter. No redirects, no proxies from the environment, no cookies, no compression.
"""

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpcore2
import httpx2
import orjson
from django.conf import settings

CONNECT_SECONDS = 3.0
TOTAL_SECONDS = 10.0
MAX_BYTES = 10 * 1024 * 1024
PORTS = (80, 443)

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Addresses that stand for others, so that what they lead to is not what they look like, and two that Python's own
# table calls global.
_NOT_OUTSIDE = [
    ipaddress.ip_network(text)
    for text in (
        "::/96",
        "::ffff:0:0/96",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "2001::/32",
        "2002::/16",
        "fec0::/10",
        "192.0.0.0/24",
        "192.88.99.0/24",
    )
]
# The system's resolver knows no timeout of its own: one that hangs keeps a thread, and only so many may.
MAX_LOOKUPS = 8
_lookups = threading.BoundedSemaphore(MAX_LOOKUPS)


class OutboundRefused(Exception):
    """We do not go there: trying again changes nothing."""


class OutboundFailed(Exception):
    """Nobody answered, not in time, or with too much: another try may do.

    reached: the request was under way, so that it may have been done all the same.
    """

    def __init__(self, text: str, *, reached: bool = False) -> None:
        super().__init__(text)
        self.reached = reached


class TooBig(OutboundFailed):
    """The answer has more bytes than the caller takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Any status, a redirect's as well. headers: names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Raises OutboundFailed for what is no JSON."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError as error:
            raise OutboundFailed("The answer is not JSON.", reached=True) from error


def get(url: str, *, headers: Mapping[str, str] | None = None) -> Answer:
    """Raises OutboundRefused, OutboundFailed."""
    return _call("GET", url, headers=headers)


def post(url: str, *, json: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
    """Raises OutboundRefused, OutboundFailed."""
    body = orjson.dumps(json)
    return _call("POST", url, content=body, headers={"content-type": "application/json", **(headers or {})})


def call(
    method: str,
    url: str,
    *,
    json: Any = None,
    form: Mapping[str, Any] | None = None,
    files: Mapping[str, tuple[str, bytes, str]] | None = None,
    content: bytes = b"",
    headers: Mapping[str, str] | None = None,
    max_bytes: int = MAX_BYTES,
) -> Answer:
    """Any method, with a body of JSON, of form fields and files (name to (file name, content, type)), or of bytes.

    Raises OutboundRefused, OutboundFailed.
    """
    given = dict(headers or {})
    if json is not None:
        content = orjson.dumps(json)
        given = {"content-type": "application/json", **given}
    elif form is not None or files is not None:
        encoded = httpx2.Request(method, url, data=form, files=files)
        content = encoded.read()
        given = {"content-type": encoded.headers["content-type"], **given}
    return _call(method, url, content=content, headers=given, max_bytes=max_bytes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """An answer that is still coming in. Any status. chunks: raise OutboundFailed."""

    status: int
    headers: Mapping[str, str]
    chunks: Iterator[bytes]


@contextmanager
def flowing(
    url: str, *, json: Any, headers: Mapping[str, str], seconds: float, max_bytes: int, inside: bool = False
) -> Iterator[Flow]:
    """A POST whose answer is read while it comes, all of it within `seconds`.

    inside: the address is the operator's own setting, so that it may be plain http, on any port and a private one.
    Raises OutboundRefused, OutboundFailed.
    """
    given = {"content-type": "application/json", **headers}
    with _opened("POST", url, orjson.dumps(json), given, seconds=seconds, inside=inside) as (told, answer):
        yield Flow(status=answer.status, headers=told, chunks=_bounded(answer.iter_stream(), max_bytes))


def check_url(url: str, *, inside: bool = False) -> httpx2.URL:
    """Its parts. Raises OutboundRefused for a place where we never go; resolves nothing."""
    try:
        parts = httpx2.URL(url)
    except (httpx2.InvalidURL, ValueError, TypeError) as error:
        raise OutboundRefused("Not an address.") from error
    allowed = inside or _is_allowed(parts.host)
    if not parts.host or parts.userinfo:
        raise OutboundRefused("Not an address of ours to call.")
    if parts.scheme != "https" and not (allowed and parts.scheme == "http"):
        raise OutboundRefused("Only https.")
    if not allowed and (parts.port or 443) not in PORTS:
        raise OutboundRefused("Only ports 80 and 443.")
    return parts


def check_outside(url: str) -> None:
    """That it is https and leads to the open internet, as far as its name says now. Raises OutboundRefused.

    A name that nobody knows now may be known later.
    """
    if check_url(url).scheme != "https":
        raise OutboundRefused("Only https.")
    if leads_inside(url):
        raise OutboundRefused("This address is not on the open internet.")


def leads_inside(url: str) -> bool:
    """Whether it leads to no place on the open internet, and to none that is allowed, as far as its name says now.

    Asks the name's server: not for inside a transaction. Raises OutboundRefused for what `check_url` refuses.
    """
    host = check_url(url).host
    try:
        found = _resolved(host)
    except UnicodeError as error:
        raise OutboundRefused("Not a name.") from error
    except OSError:
        return False
    return not _is_allowed(host) and not all(_is_public_text(text) for text in found)


def is_public(address: Address) -> bool:
    """An address of the open internet, and no other way to write one."""
    if any(address in network for network in _NOT_OUTSIDE if network.version == address.version):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def open_socket(host: str, port: int, *, timeout: float, ports: Sequence[int]) -> socket.socket:
    """For what is spoken without HTTP (mail servers), under the same rules.

    ports: to which a host outside may be called. timeout: seconds, however many addresses the name has; then of the
    socket itself. Raises OutboundRefused, OSError.
    """
    if not host or (port not in ports and not _is_allowed(host)):
        raise OutboundRefused("Only the ports that this is spoken on.")
    try:
        found = _resolved(host)
    except UnicodeError as error:
        raise OutboundRefused("Not a name.") from error
    if not _is_allowed(host) and not all(_is_public_text(text) for text in found):
        raise OutboundRefused("This address is not on the open internet.")
    failure = OSError(f"{host} has no address.")
    until = time.monotonic() + timeout
    for address in found:
        if (left := until - time.monotonic()) <= 0:
            break
        try:
            line = socket.create_connection((address, port), left)
        except OSError as error:
            failure = error
        else:
            line.settimeout(timeout)
            return line
    raise failure


def resolve(host: str) -> list[str]:
    """What the system says; blocking. Tests have a resolver of their own."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(place[4][0]) for place in found))


def _resolved(host: str) -> list[str]:
    """Within CONNECT_SECONDS. Daemon threads, as the process must not wait at its end for a resolver that hangs.

    Raises OSError, UnicodeError, TimeoutError.
    """
    until = time.monotonic() + CONNECT_SECONDS
    if not _lookups.acquire(timeout=CONNECT_SECONDS):
        raise TimeoutError("Too many lookups hang.")
    found: Future[list[str]] = Future()

    def look() -> None:
        try:
            found.set_result(resolve(host))
        except BaseException as error:
            found.set_exception(error)
        finally:
            _lookups.release()

    threading.Thread(target=look, name="resolve", daemon=True).start()
    return found.result(max(0.0, until - time.monotonic()))


def _is_allowed(host: str) -> bool:
    return host.lower().rstrip(".") in settings.OUTBOUND_ALLOW


def _call(
    method: str,
    url: str,
    *,
    content: bytes = b"",
    headers: Mapping[str, str] | None = None,
    max_bytes: int = MAX_BYTES,
) -> Answer:
    with _opened(method, url, content, headers or {}, seconds=TOTAL_SECONDS) as (told, answer):
        body = b"".join(_bounded(answer.iter_stream(), max_bytes))
        return Answer(status=answer.status, headers=told, body=body)


@contextmanager
def _opened(
    method: str, url: str, content: bytes, headers: Mapping[str, str], *, seconds: float, inside: bool = False
) -> Iterator[tuple[dict[str, str], httpcore2.Response]]:
    parts = check_url(url, inside=inside)
    deadline = time.monotonic() + seconds
    network = _Pinned(deadline, inside=inside)
    pool = httpcore2.ConnectionPool(ssl_context=_tls(), network_backend=network, retries=0)
    sent = httpx2.Request(method, parts, content=content or None, headers=dict(headers))
    sent.headers["accept-encoding"] = "identity"
    sent.headers.setdefault("user-agent", "PingBack")
    timeouts = {"connect": CONNECT_SECONDS, "read": seconds, "write": seconds, "pool": seconds}
    try:
        with (
            pool,
            pool.stream(
                method,
                url=httpcore2.URL(scheme=parts.raw_scheme, host=parts.raw_host, port=parts.port, target=parts.raw_path),
                headers=sent.headers.raw,
                content=content,
                extensions={"timeout": timeouts},
            ) as answer,
        ):
            told = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers}
            if told.get("content-encoding", "identity") != "identity":
                raise OutboundFailed("The answer is compressed, though we asked for it plain.", reached=True)
            yield told, answer
    except (
        httpcore2.TimeoutException,
        httpcore2.NetworkError,
        httpcore2.ProtocolError,
        httpcore2.UnsupportedProtocol,
        OSError,
    ) as error:
        raise OutboundFailed(f"{parts.host} did not answer.", reached=network.wrote) from error


def _bounded(chunks: Iterable[bytes], max_bytes: int) -> Iterator[bytes]:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > max_bytes:
            raise TooBig("The answer is too big.", reached=True)
        yield chunk


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


class _Pinned(httpcore2.NetworkBackend):
    """Resolves, judges and connects in one go; name and certificate stay those of the address that was asked for."""

    def __init__(self, deadline: float, *, inside: bool) -> None:
        self._deadline = deadline
        self._inside = inside
        self._network = httpcore2.SyncBackend()
        self.wrote = False  # a part of the request itself, after TLS

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore2.NetworkStream:
        until = min(self._deadline, time.monotonic() + CONNECT_SECONDS)
        failure: Exception = httpcore2.ConnectError(f"{host} has no address.")
        for address in self._addresses(host):
            try:
                stream = self._network.connect_tcp(address, port, _left(until), None, socket_options)
                return _Hurried(stream, self._deadline, self)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure

    def _addresses(self, host: str) -> list[str]:
        """Raises OutboundRefused when one of them is not public: such a name is up to something."""
        try:
            found = _resolved(host)
        except (OSError, UnicodeError, TimeoutError) as error:
            raise httpcore2.ConnectError(f"{host} has no address.") from error
        if not (self._inside or _is_allowed(host)) and not all(_is_public_text(text) for text in found):
            raise OutboundRefused("This address is not on the open internet.")
        return found


class _Hurried(httpcore2.NetworkStream):
    """However slowly it drips, the whole call ends in time."""

    def __init__(self, stream: httpcore2.NetworkStream, deadline: float, network: _Pinned) -> None:
        self._stream = stream
        self._deadline = deadline
        self._network = network

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._network.wrote = True
        self._stream.write(buffer, _left(self._deadline))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        left = min(CONNECT_SECONDS, _left(self._deadline))
        return _Hurried(self._stream.start_tls(ssl_context, server_hostname, left), self._deadline, self._network)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise httpcore2.ReadTimeout("The time is up.")
    return left


def _is_public_text(text: str) -> bool:
    """A zone (`%eth0`) names one of our own networks."""
    try:
        return "%" not in text and is_public(ipaddress.ip_address(text))
    except ValueError:
        return False
