"""The two wires that language models speak, over our own guarded HTTP; no SDK of theirs. Source: theo.md 6.

OpenAI's Chat Completions (`POST {base}/chat/completions`; vLLM, llama.cpp, Ollama and most others speak it as well) and
Anthropic's Messages (`POST {base}/messages`). Answers come as they are written (server-sent events) where somebody
looks on. Servers differ in what they know: what one says it does not take is left out from then on.
"""

import re
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import Any

import orjson
from django.utils.translation import gettext as _

from foundation.http import Flow, OutboundFailed, OutboundRefused, flowing
from theo.port import Completion, Endpoint, OnText, Prompt, Provider, ProviderFailed, ProviderKind, estimated_tokens

MAX_BYTES = 512 * 1024
CALL_SECONDS = 10.0
MOST_TEXT = 20_000
# Of the body of a refusal; nothing of it is shown or logged, as some repeat the key.
_REFUSAL_BYTES = 16 * 1024
# What servers have refused, by (address, model): asked once, then known while the process lives.
_unknown: dict[tuple[str, str], frozenset[str]] = {}
_MOST_KNOWN = 1_000


class _Wire(ABC):
    """What a provider's wire is made of."""

    path: str
    # What some servers do not know, and can be left out.
    options: tuple[str, ...]

    @abstractmethod
    def headers(self, endpoint: Endpoint) -> dict[str, str]: ...

    @abstractmethod
    def body(self, endpoint: Endpoint, prompt: Prompt) -> dict[str, Any]: ...

    @abstractmethod
    def whole(self, answer: Any) -> tuple[str, str, int]:
        """Text, why it ended, tokens (0 = not said). Raises KeyError, IndexError, TypeError for another shape."""

    @abstractmethod
    def part(self, event: Any) -> tuple[str, str, int]:
        """As `whole`, of one event; "" and 0 for what it does not tell."""

    def complete(
        self, endpoint: Endpoint, prompt: Prompt, *, seconds: float, on_text: OnText | None = None
    ) -> Completion:
        known_as = (endpoint.base_url, endpoint.model)
        left_out = before = _unknown.get(known_as, frozenset())
        until = time.monotonic() + min(seconds, CALL_SECONDS)
        while True:
            body = {name: value for name, value in self.body(endpoint, prompt).items() if name not in left_out}
            if "max_tokens" in left_out:  # newer models of OpenAI have another word for it
                body["max_completion_tokens"] = prompt.max_tokens
            if on_text:
                body["stream"] = True
            else:
                body.pop("stream_options", None)
            try:
                found = self._once(endpoint, prompt, body, until - time.monotonic(), on_text)
            except _NotTaken as refusal:
                left_out |= {refusal.option}
                continue
            if left_out != before:
                if len(_unknown) > _MOST_KNOWN:
                    _unknown.clear()
                _unknown[known_as] = left_out
            return found

    def _once(
        self, endpoint: Endpoint, prompt: Prompt, body: dict[str, Any], seconds: float, on_text: OnText | None
    ) -> Completion:
        try:
            with flowing(
                endpoint.base_url + self.path,
                json=body,
                headers=self.headers(endpoint),
                seconds=seconds,
                max_bytes=MAX_BYTES,
                inside=endpoint.inside,
            ) as answer:
                if answer.status != 200:
                    raise _failure(answer, [name for name in self.options if name in body])
                is_stream = answer.headers.get("content-type", "").startswith("text/event-stream")
                if on_text and is_stream:
                    text, stop, tokens = self._followed(answer.chunks, on_text)
                else:
                    text, stop, tokens = self.whole(orjson.loads(b"".join(answer.chunks)))
        except OutboundRefused as error:
            raise ProviderFailed(
                _("This address may not be called. The server's operator can allow it (OUTBOUND_ALLOW)."), passes=False
            ) from error
        except OutboundFailed as error:
            raise ProviderFailed(_("The model's server does not answer, or not in time."), passes=True) from error
        except (orjson.JSONDecodeError, KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
            raise ProviderFailed(
                _("Something answers there, but not as a language model does. Is the address right?"), passes=True
            ) from error
        asked = estimated_tokens(prompt.system + prompt.data)
        said_tokens = isinstance(tokens, int) and not isinstance(tokens, bool) and tokens > 0
        return Completion(
            text=text, tokens=tokens if said_tokens else asked + estimated_tokens(text), is_whole=stop in _WHOLE
        )

    def _followed(self, chunks: Iterable[bytes], on_text: OnText) -> tuple[str, str, int]:
        text, stop, tokens = "", "", 0
        for event in _events(chunks):
            more, why, count = self.part(event)
            if more:
                text += more
                if len(text) > MOST_TEXT:
                    raise ProviderFailed(_("The model does not come to an end."), passes=False)
                on_text(text)
            stop, tokens = why or stop, tokens + count
        if not stop:
            raise ProviderFailed(_("The model's answer broke off."), passes=True)
        return text, stop, tokens


_WHOLE = ("stop", "end_turn", "stop_sequence")


class _OpenAI(_Wire):
    path = "/chat/completions"
    options = ("temperature", "max_tokens", "response_format", "stream_options")

    def headers(self, endpoint: Endpoint) -> dict[str, str]:
        return {"authorization": f"Bearer {endpoint.key}"} if endpoint.key else {}

    def body(self, endpoint: Endpoint, prompt: Prompt) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": endpoint.model,
            "messages": [
                {"role": "system", "content": prompt.system},
                {"role": "user", "content": prompt.data},
            ],
            "temperature": 0,
            "max_tokens": prompt.max_tokens,
            "stream_options": {"include_usage": True},
        }
        if prompt.schema:
            wanted = {"name": "answer", "strict": True, "schema": prompt.schema}
            body["response_format"] = {"type": "json_schema", "json_schema": wanted}
        return body

    def whole(self, answer: Any) -> tuple[str, str, int]:
        choice = answer["choices"][0]
        return _text(choice["message"]["content"]), choice["finish_reason"] or "", _usage(answer, "total_tokens")

    def part(self, event: Any) -> tuple[str, str, int]:
        if "error" in event:
            raise ProviderFailed(_("The model's answer broke off."), passes=True)
        choice = event["choices"][0] if event.get("choices") else {}
        text = (choice.get("delta") or {}).get("content") or ""
        return _text(text), choice.get("finish_reason") or "", _usage(event, "total_tokens")


class _Anthropic(_Wire):
    path = "/messages"
    options = ("temperature",)

    def headers(self, endpoint: Endpoint) -> dict[str, str]:
        return {"x-api-key": endpoint.key, "anthropic-version": "2023-06-01"}

    def body(self, endpoint: Endpoint, prompt: Prompt) -> dict[str, Any]:
        return {
            "model": endpoint.model,
            "system": prompt.system,
            "messages": [{"role": "user", "content": prompt.data}],
            "temperature": 0,
            "max_tokens": prompt.max_tokens,
        }

    def whole(self, answer: Any) -> tuple[str, str, int]:
        text = "".join(_text(block["text"]) for block in answer["content"] if block["type"] == "text")
        return text, answer["stop_reason"] or "", _usage(answer, "input_tokens", "output_tokens")

    def part(self, event: Any) -> tuple[str, str, int]:
        match event["type"]:
            case "message_start":
                return "", "", _usage(event["message"], "input_tokens")
            case "content_block_delta" if event["delta"]["type"] == "text_delta":
                return _text(event["delta"]["text"]), "", 0
            case "message_delta":
                return "", event["delta"].get("stop_reason") or "", _usage(event, "output_tokens")
            case "error":
                raise ProviderFailed(_("The model's answer broke off."), passes=True)
        return "", "", 0


PROVIDERS: dict[ProviderKind, Provider] = {ProviderKind.OPENAI: _OpenAI(), ProviderKind.ANTHROPIC: _Anthropic()}


class _NotTaken(Exception):
    """The server does not know one of our options."""

    def __init__(self, option: str) -> None:
        super().__init__(option)
        self.option = option


def _events(chunks: Iterable[bytes]) -> Iterator[Any]:
    """The data of server-sent events, in whatever pieces they come."""
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            data = line.removeprefix(b"data:").strip()
            if line.startswith(b"data:") and data != b"[DONE]":
                yield orjson.loads(data)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("The answer's text is none.")
    return value


def _usage(answer: Any, *names: str) -> int:
    usage = answer.get("usage") or {}
    return sum(count for name in names if isinstance(count := usage.get(name), int) and 0 <= count < 10_000_000)


def _failure(answer: Flow, options: list[str]) -> Exception:
    body = b""
    for chunk in answer.chunks:
        body += chunk
        if len(body) > _REFUSAL_BYTES:
            break
    if answer.status in (400, 422):
        words = body.decode(errors="replace")
        for option in options:
            if re.search(rf"\b{option}\b", words):
                return _NotTaken(option)
    try:
        retry_after = max(0.0, float(answer.headers.get("retry-after", "0")))
    except ValueError:
        retry_after = 0.0
    return _refused(answer.status, retry_after)


def _refused(status: int, retry_after: float = 0.0) -> ProviderFailed:
    passes = status == 429 or status >= 500
    match status:
        case 401 | 403:
            words = _("The provider does not accept the key.")
        case 404:
            words = _("There is no such model, or the address is wrong: it usually ends in /v1.")
        case 402:
            words = _("The provider wants to be paid first.")
        case 429:
            words = _("The provider's limit is reached, or its credit used up.")
        case _ if passes:
            words = _("The model's server has a fault (%(status)d).") % {"status": status}
        case _:
            words = _("The provider refused the question (%(status)d). Is the model's name right?") % {"status": status}
    return ProviderFailed(words, passes=passes, retry_after=retry_after)
