"""Language models on loopback: OpenAI's Chat Completions and Anthropic's Messages, as far as we use them.

`reply`: what the model writes; a JSON value is written as JSON. Source: their API references; theo.md 6 and 7.
"""

import json
from typing import Any

from tests.fakes.server import Answer, Call, Fake, need

KEY = "sk-canary-Zq81modelKey0x77"
USAGE = 120


class _Model(Fake):
    def __init__(self, port: int = 0) -> None:
        super().__init__(port)
        self.reply: Any = ""
        self.pause = 0.0  # seconds before each piece of a stream
        self.refuses: set[str] = set()  # options that this server does not take

    def is_send(self, call: Call) -> bool:
        return True

    @property
    def text(self) -> str:
        return self.reply if isinstance(self.reply, str) else json.dumps(self.reply)

    @property
    def asked(self) -> list[dict[str, Any]]:
        return [call.fields for call in self.calls]

    def data(self, number: int = -1) -> Any:
        """What the model was given to read, without our rules."""
        return json.loads(self.asked[number]["messages"][-1]["content"])

    def _checked(self, call: Call, known: set[str]) -> Answer | None:
        need(call.method == "POST", "POST only")
        need(call.headers.get("content-type") == "application/json", "no JSON")
        need(call.fields.keys() <= known, f"unknown: {call.fields.keys() - known}")
        need(bool(call.fields.get("model")), "no model")
        need(0 < call.fields.get("max_tokens", call.fields.get("max_completion_tokens", 0)) <= 4_000, "bad max_tokens")
        need(call.fields.get("temperature", 0) == 0, "temperature is not 0")
        for option in self.refuses & call.fields.keys():
            return Answer({"error": {"message": f"Unsupported parameter: '{option}' with this model."}}, 400)
        return None


class OpenAI(_Model):
    @property
    def base(self) -> str:
        return f"{self.url}/v1"

    def answer(self, call: Call) -> Answer:
        if call.path != "/v1/chat/completions":
            return Answer({"error": {"message": "Unknown request URL"}}, 404)
        if call.headers.get("authorization") != f"Bearer {KEY}":
            return Answer({"error": {"message": f"Incorrect API key: {call.headers.get('authorization')}"}}, 401)
        known = {"model", "messages", "temperature", "max_tokens", "max_completion_tokens", "response_format", "stream"}
        if refusal := self._checked(call, known | {"stream_options"}):
            return refusal
        roles = [message["role"] for message in call.fields["messages"]]
        need(roles == ["system", "user"], f"roles: {roles}")
        need(
            not call.fields.get("stream_options") or call.fields.get("stream") is True, "stream_options without stream"
        )
        if call.fields.get("stream"):
            parts = [{"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}]}]
            parts += [
                {"choices": [{"delta": {"content": self.text[n : n + 7]}, "finish_reason": None}]}
                for n in range(0, len(self.text), 7)
            ]
            parts += [{"choices": [{"delta": {}, "finish_reason": "stop"}]}]
            parts += [{"choices": [], "usage": {"total_tokens": USAGE}}]
            lines = "".join(f"data: {json.dumps(part)}\n\n" for part in parts) + "data: [DONE]\n\n"
            return stream(lines, self.pause)
        return Answer(self.said(self.text))

    def said(self, text: str, **more: Any) -> dict[str, Any]:
        message = {"role": "assistant", "content": text}
        return {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "model": "small",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": USAGE - 20, "completion_tokens": 20, "total_tokens": USAGE},
            **more,
        }


class Anthropic(_Model):
    @property
    def base(self) -> str:
        return f"{self.url}/v1"

    def answer(self, call: Call) -> Answer:
        if call.path != "/v1/messages":
            return Answer({"type": "error", "error": {"type": "not_found_error", "message": "Not found"}}, 404)
        if call.headers.get("x-api-key") != KEY:
            return Answer({"type": "error", "error": {"type": "authentication_error", "message": "bad key"}}, 401)
        need(call.headers.get("anthropic-version") == "2023-06-01", "no anthropic-version")
        if refusal := self._checked(call, {"model", "system", "messages", "temperature", "max_tokens", "stream"}):
            return refusal
        need("max_tokens" in call.fields, "max_tokens is required")
        roles = [message["role"] for message in call.fields["messages"]]
        need(roles == ["user"] and bool(call.fields["system"]), f"roles: {roles}")
        usage = {"input_tokens": USAGE - 20, "output_tokens": 20}
        if call.fields.get("stream"):
            parts: list[dict[str, Any]] = [
                {"type": "message_start", "message": {"usage": {"input_tokens": USAGE - 20, "output_tokens": 1}}},
                {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
                {"type": "ping"},
            ]
            parts += [
                {
                    "type": "content_block_delta",
                    "index": 0,
                    "delta": {"type": "text_delta", "text": self.text[n : n + 7]},
                }
                for n in range(0, len(self.text), 7)
            ]
            parts += [
                {"type": "content_block_stop", "index": 0},
                {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 20}},
                {"type": "message_stop"},
            ]
            return stream("".join(f"event: {part['type']}\ndata: {json.dumps(part)}\n\n" for part in parts))
        content = [{"type": "text", "text": self.text}]
        return Answer(
            {"type": "message", "role": "assistant", "content": content, "stop_reason": "end_turn", "usage": usage}
        )


def stream(lines: str, pause: float = 0) -> Answer:
    """In pieces that end anywhere."""
    body = lines.encode()
    pieces = [body[n : n + 61] for n in range(0, len(body), 61)]
    return Answer(pieces, headers={"content-type": "text/event-stream; charset=utf-8"}, pause=pause)
