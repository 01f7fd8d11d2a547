"""Django's requests in few threads, each in one."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path
from django.utils.deprecation import MiddlewareMixin

from pingback.handler import Handler

pytestmark = pytest.mark.urls("tests.pingback.test_handler")
threads: list[int] = []
ended = threading.Event()


def note(*_args: Any, **_kwargs: Any) -> None:
    threads.append(threading.get_ident())


def plain(request: HttpRequest) -> HttpResponse:
    note()
    return HttpResponse("here")


def endless(request: HttpRequest) -> StreamingHttpResponse:
    async def lines() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"line\n"
                await asyncio.sleep(0.01)
        finally:
            ended.set()

    return StreamingHttpResponse(lines())


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("on purpose")


urlpatterns = [path("plain", plain), path("endless", endless), path("broken", broken)]
handler500 = "pingback.errors.server_error"


class Own:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        note()
        return self.get_response(request)


class Mixed(MiddlewareMixin):
    def process_request(self, request: HttpRequest) -> None:
        note()


@pytest.fixture
def handler(settings: Any) -> Handler:
    name = "tests.pingback.test_handler"
    settings.MIDDLEWARE = [f"{name}.Mixed", f"{name}.Own", f"{name}.Mixed"]
    settings.ALLOWED_HOSTS = ["*"]
    threads.clear()
    ended.clear()
    return Handler()


async def asked(handler: Handler, address: str, *, leaves_after: int = 0) -> list[dict[str, Any]]:
    """What is sent back. leaves_after: so many pieces, then the reader goes."""
    sent: list[dict[str, Any]] = []
    begun, left = iter([{"type": "http.request"}]), asyncio.Event()

    async def receive() -> dict[str, Any]:
        for message in begun:
            return message
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)
        if len(sent) == leaves_after:
            left.set()

    headers = [(b"host", b"127.0.0.1")]
    scope = {"type": "http", "method": "GET", "path": address, "query_string": b"", "headers": headers}
    async with asyncio.timeout(15):
        await handler(scope, receive, send)
    return sent


async def test_a_request_stays_in_one_thread_from_its_beginning_to_its_end(handler: Handler) -> None:
    request_started.connect(note)
    request_finished.connect(note)
    try:
        sent = await asked(handler, "/plain")
    finally:
        request_started.disconnect(note)
        request_finished.disconnect(note)

    assert (sent[0]["status"], sent[1]["body"]) == (200, b"here")
    assert len(threads) == 6
    assert len(set(threads)) == 1
    assert threading.get_ident() not in threads


async def test_requests_one_after_the_other_share_their_threads(handler: Handler) -> None:
    for _ in range(20):
        await asked(handler, "/plain")

    assert len(set(threads)) < 5  # a thread tells of its answer a moment before it is free


async def test_a_view_that_fails_is_an_answer(handler: Handler) -> None:
    assert (await asked(handler, "/broken"))[0]["status"] == 500


async def test_what_is_sent_in_pieces_ends_when_its_reader_leaves(handler: Handler) -> None:
    sent = await asked(handler, "/endless", leaves_after=3)

    assert sent[0]["status"] == 200
    assert sent[1]["body"] == b"line\n"
    assert ended.is_set()
