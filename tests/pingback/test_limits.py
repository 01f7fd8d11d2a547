"""The outermost layer, through the real ASGI application."""

import asyncio
import json
from typing import Any

import pytest

from pingback.limits import Limits

SILENCE, GONE = b"(says nothing until it goes on)", b"(hangs up)"


class Conversation:
    """One request to an ASGI app: the chunks that the client sends, and what came back."""

    def __init__(
        self, app: Any, *, path: str = "/api/v1/x", headers: Any = (), chunks: Any = (b"",), unread: bool = False
    ) -> None:
        """unread: of the answer, only that it begins is taken."""
        self.app = app
        self.scope = {"type": "http", "path": path, "headers": list(headers), "method": "POST"}
        self.chunks = list(chunks)
        self.read = 0
        self.unread = unread
        self.goes_on = asyncio.Event()
        self.sent: list[dict[str, Any]] = []

    async def receive(self) -> dict[str, Any]:
        chunk = self.chunks.pop(0)
        if chunk == SILENCE:
            await self.goes_on.wait()
        if chunk == GONE:
            return {"type": "http.disconnect"}
        self.read += len(chunk)
        return {"type": "http.request", "body": chunk, "more_body": bool(self.chunks)}

    async def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)
        if self.unread and len(self.sent) > 1:
            await asyncio.Event().wait()

    async def run(self) -> "Conversation":
        await self.app(self.scope, self.receive, self.send)
        return self

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.sent[0]["headers"])

    @property
    def body(self) -> Any:
        return json.loads(self.sent[1]["body"])


async def reads_all(scope: Any, receive: Any, send: Any) -> None:
    while (await receive())["more_body"]:
        pass
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"{}"})


async def test_every_answer_carries_a_request_id() -> None:
    first, second = await Conversation(Limits(reads_all)).run(), await Conversation(Limits(reads_all)).run()
    assert first.status == 200
    assert len(first.headers[b"x-request-id"]) == 32
    assert first.headers[b"x-request-id"] != second.headers[b"x-request-id"]


async def test_a_callers_own_request_id_is_not_believed(settings: Any) -> None:
    headers = [(b"x-request-id", b"forged-by-a-caller")]
    assert (await Conversation(Limits(reads_all), headers=headers).run()).headers[b"x-request-id"] != headers[0][1]
    settings.TRUSTED_PROXIES = 1
    assert (await Conversation(Limits(reads_all), headers=headers).run()).headers[b"x-request-id"] == headers[0][1]


async def test_C7_a_body_without_a_length_is_counted_while_it_is_read() -> None:
    talk = await Conversation(Limits(reads_all), chunks=[b"x" * 65_536] * 3_000).run()

    assert (talk.status, talk.body) == (413, {"detail": "The body is too big."})
    assert talk.read < 600_000
    assert b"x-request-id" in talk.headers


async def test_C7_a_declared_length_beyond_the_limit_is_refused_unread() -> None:
    talk = await Conversation(Limits(reads_all), headers=[(b"content-length", b"209715200")]).run()
    assert (talk.status, talk.read) == (413, 0)


async def test_a_webhook_may_be_bigger_than_a_request() -> None:
    chunks = [b"x" * 65_536] * 20
    assert (await Conversation(Limits(reads_all), chunks=chunks).run()).status == 413
    assert (await Conversation(Limits(reads_all), chunks=chunks, path="/api/v1/webhooks/x/1").run()).status == 200


@pytest.mark.parametrize(("path", "status"), [("email", 200), ("email/", 200), ("email/1", 413), ("whatsapp", 413)])
async def test_a_mail_may_be_bigger_than_any_other_webhook(path: str, status: int) -> None:
    talk = Conversation(Limits(reads_all), chunks=[b"x" * 1024 * 1024] * 25, path=f"/api/v1/webhooks/{path}")
    assert (await talk.run()).status == status


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/conversations/1/upload", 200),
        ("/api/v1/conversations/1/upload/", 200),
        ("/inbox/1/upload/", 200),
        ("/api/v1/conversations/1/messages", 413),
        ("/api/v1/conversations/1/upload/x", 413),
    ],
)
async def test_a_file_may_be_bigger_than_a_request_and_only_where_files_are_taken(path: str, status: int) -> None:
    mebibyte = b"x" * 1024**2
    assert (await Conversation(Limits(reads_all), chunks=[mebibyte] * 10, path=path).run()).status == status
    assert (await Conversation(Limits(reads_all), chunks=[mebibyte] * 11, path=path).run()).status == 413


async def test_R10_beyond_the_requests_in_flight_the_answer_is_a_503_and_not_a_pile(settings: Any) -> None:
    settings.REQUESTS_IN_FLIGHT = 2
    gate = asyncio.Event()

    async def waits(scope: Any, receive: Any, send: Any) -> None:
        await gate.wait()
        await reads_all(scope, receive, send)

    app = Limits(waits)
    waiting = [asyncio.create_task(Conversation(app).run()) for _ in range(2)]
    await asyncio.sleep(0)

    refused = await Conversation(app).run()
    gate.set()
    served = await asyncio.gather(*waiting)

    assert (refused.status, refused.body, refused.headers[b"retry-after"]) == (503, {"detail": "Try again"}, b"1")
    assert [talk.status for talk in served] == [200, 200]
    assert (await Conversation(app).run()).status == 200


async def test_R10_a_body_that_never_comes_takes_nobodys_place_and_is_sent_away_in_the_end(settings: Any) -> None:
    settings.REQUESTS_IN_FLIGHT, settings.REQUEST_SECONDS = 2, 10
    app = Limits(reads_all)
    half_sent = [Conversation(app, chunks=[b"{", SILENCE]) for _ in range(3)]
    silent = [asyncio.create_task(talk.run()) for talk in half_sent]
    await asyncio.sleep(0)
    served = await Conversation(app, chunks=[b"{", b"}"]).run()
    for task in silent:
        task.cancel()
    settings.REQUEST_SECONDS, settings.JSON_BODY_BYTES = 0.02, 1
    sent_away = await Conversation(app, chunks=[b"{", SILENCE]).run()

    assert served.status == 200
    assert (sent_away.status, sent_away.body) == (408, {"detail": "The body took too long."})
    assert sent_away.headers[b"connection"] == b"close"
    assert app.in_flight == 0


async def test_R10_a_body_is_served_once_it_is_here_if_there_is_room_then(settings: Any) -> None:
    settings.REQUESTS_IN_FLIGHT = 1
    gate = asyncio.Event()

    async def waits(scope: Any, receive: Any, send: Any) -> None:
        await gate.wait()
        await reads_all(scope, receive, send)

    app = Limits(waits)
    slow = Conversation(app, chunks=[b"{", SILENCE])
    sending = asyncio.create_task(slow.run())
    quick = asyncio.create_task(Conversation(app).run())
    while not app.in_flight:
        await asyncio.sleep(0)
    slow.goes_on.set()
    await sending
    gate.set()

    assert (slow.status, slow.headers[b"retry-after"]) == (503, b"1")
    assert (await quick).status == 200


async def test_R10_whoever_reads_an_answer_slowly_takes_nobodys_place_and_is_left_in_the_end(settings: Any) -> None:
    settings.REQUESTS_IN_FLIGHT, settings.REQUEST_SECONDS = 1, 10
    has_ended = asyncio.Event()

    async def downloads(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(3):
            await send({"type": "http.response.body", "body": b"x", "more_body": True})
        has_ended.set()

    app = Limits(downloads)
    slow = Conversation(app, unread=True)
    reading = asyncio.create_task(slow.run())
    while not slow.sent:
        await asyncio.sleep(0)
    quick = Conversation(app)
    await quick.run()
    assert quick.status == 200
    reading.cancel()

    has_ended.clear()
    settings.REQUEST_SECONDS = 0.02
    await Conversation(app, unread=True).run()
    assert has_ended.is_set()


async def test_whoever_goes_before_the_body_is_here_is_not_answered() -> None:
    talk = Conversation(Limits(reads_all), chunks=[b"{", GONE])
    await talk.run()
    assert talk.sent == []


async def test_R8_who_waits_for_what_hangs_is_sent_away_and_still_counts(settings: Any) -> None:
    settings.REQUEST_SECONDS, settings.REQUESTS_IN_FLIGHT = 0.02, 1
    gate = asyncio.Event()

    async def hangs(scope: Any, receive: Any, send: Any) -> None:
        await gate.wait()
        await reads_all(scope, receive, send)

    app = Limits(hangs)
    talk = await Conversation(app).run()

    assert (talk.status, talk.body, talk.headers[b"retry-after"]) == (503, {"detail": "Try again"}, b"1")
    assert app.in_flight == 1
    gate.set()
    while app.in_flight:
        await asyncio.sleep(0)
    assert (await Conversation(app).run()).status == 200


@pytest.mark.parametrize("at_once", [0, 1])
async def test_R8_a_browser_that_waits_for_a_page_reads_one(settings: Any, at_once: int) -> None:
    """Of what hangs, and where there is no place at all."""
    settings.REQUEST_SECONDS, settings.REQUESTS_IN_FLIGHT = 0.02, at_once
    browser = [(b"accept", b"text/html,application/xhtml+xml,*/*;q=0.8")]

    async def hangs(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.Event().wait()

    page = await Conversation(Limits(hangs), path="/inbox/", headers=browser).run()
    call = await Conversation(Limits(hangs), path="/api/v1/conversations/", headers=browser).run()

    assert (page.status, page.headers[b"retry-after"]) == (503, b"1")
    assert page.headers[b"content-type"] == b"text/html; charset=utf-8"
    assert b"We are busy for a moment" in page.sent[1]["body"]
    assert b"frame-ancestors 'none'" in page.headers[b"content-security-policy"]
    assert (call.status, call.body) == (503, {"detail": "Try again"})


async def test_a_slow_answer_that_has_begun_is_left_to_its_end(settings: Any) -> None:
    settings.REQUEST_SECONDS = 0.02

    async def dawdles(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await asyncio.sleep(0.1)
        await send({"type": "http.response.body", "body": b"{}"})

    assert (await Conversation(Limits(dawdles)).run()).status == 200


async def test_a_chunked_body_reaches_the_app_whole_and_with_its_length() -> None:
    seen: dict[str, Any] = {}

    async def remembers(scope: Any, receive: Any, send: Any) -> None:
        seen.update(headers=dict(scope["headers"]), body=(await receive())["body"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    headers = [(b"transfer-encoding", b"chunked")]
    await Conversation(Limits(remembers), headers=headers, chunks=[b'{"a"', b": 1}"]).run()

    assert seen == {"headers": {b"content-length": b"8"}, "body": b'{"a": 1}'}
    big = await Conversation(Limits(remembers), headers=headers, chunks=[b"x" * 65_536] * 100).run()
    assert big.status == 413


async def test_who_takes_a_5xx_for_the_last_word_is_told_otherwise_to_come_again(settings: Any) -> None:
    settings.REQUESTS_IN_FLIGHT = 0
    headers = [(b"x-postal-signature-256", b"x")]
    talk = await Conversation(Limits(reads_all), path="/api/v1/webhooks/email", headers=headers).run()
    assert (talk.status, talk.headers[b"retry-after"]) == (429, b"1")


async def test_a_busy_process_says_that_it_is_alive(settings: Any) -> None:
    settings.REQUESTS_IN_FLIGHT = 0
    talk = await Conversation(Limits(reads_all), path="/healthz").run()
    assert (talk.status, talk.body) == (200, {"status": "ok"})
    assert (await Conversation(Limits(reads_all)).run()).status == 503


@pytest.mark.django_db
def test_S13_pages_and_answers_carry_the_headers_of_the_promises(client: Any) -> None:
    for path in ("/", "/login", "/api/v1/auth/me", "/api/v1/nothing", "/nothing", "/healthz"):
        headers = client.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff", path
        assert headers["X-Frame-Options"] == "DENY", path
        assert headers["Referrer-Policy"] == "strict-origin", path
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin", path
        assert headers["Cache-Control"] == "no-store", path
        policy = headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy, path
        assert "frame-ancestors 'none'" in policy, path
        assert "unsafe" not in policy, path


@pytest.mark.django_db
def test_a_name_that_is_not_ours_is_not_answered(client: Any, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["support.example.com"]
    for path in ("/", "/login", "/widget.js", "/api/v1/auth/me"):
        assert client.get(path, headers={"Host": "evil.example"}).status_code == 400, path
        assert client.get(path, headers={"Host": "support.example.com"}).status_code in {200, 401}, path
    assert client.get("/readyz", headers={"Host": "10.0.0.7"}).status_code in {200, 503}
