"""Who is asking, for whatever writes it down: throttles, sessions, the audit log. Services take no `request`."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Asker:
    """address: the caller's, as `foundation.requests.client_address` says; None when nobody trustworthy does."""

    address: str | None = None
    user_agent: str = ""


_asker: ContextVar[Asker] = ContextVar("asker", default=Asker())  # noqa: B039  frozen


def asker() -> Asker:
    """Whose request this is; an empty one outside of requests (background work, commands)."""
    return _asker.get()


def remember_asker(asker: Asker) -> None:
    """For as long as the request's own context lives."""
    _asker.set(asker)


@contextmanager
def asked_by(asker: Asker) -> Iterator[None]:
    """For callers without a request, like sockets; the thread is somebody else's afterwards."""
    before = _asker.set(asker)
    try:
        yield
    finally:
        _asker.reset(before)
