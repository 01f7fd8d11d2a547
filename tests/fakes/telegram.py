"""Telegram's Bot API, as far as we use it. Source: channels.md 5."""

import re
from itertools import count
from typing import Any

from tests.fakes.server import Answer, Call, Fake, need

TOKEN = "5000000001:AAcanary7Hq2secretTokenOfTelegram0x1"
# Of Telegram's list of reactions, the ones that matter here.
SIGNS = {"👍", "👎", "❤", "🔥", "🥰", "👏", "😁", "🤔", "🎉", "😢", "🙏"}
_CALL = re.compile(r"/bot([^/]+)/(\w+)")
_FILE = re.compile(r"/file/bot([^/]+)/(.+)")


class Telegram(Fake):
    def __init__(self, port: int = 0) -> None:
        super().__init__(port)
        self.token = TOKEN
        self.tokens: set[str] = set()  # further ones, whosever they are
        self.hook: dict[str, Any] = {}
        # Telegram's own server posts to https alone; a Bot API server of one's own, as the fake mostly is, to all.
        self.only_https = False
        self.says: dict[str, Answer] = {}  # to a method, until it is taken out
        self.updates: list[dict[str, Any]] = []  # that wait for who asks
        self.files: dict[str, bytes] = {}
        self._numbers = count(100)

    def is_send(self, call: Call) -> bool:
        return bool(re.search(r"/send(Message|Photo|Document|Video|Audio)$", call.path))

    def answer(self, call: Call) -> Answer:
        if found := _FILE.fullmatch(call.path):
            content = self.files.get(found.group(2))
            return Answer(content) if found.group(1) == self.token and content else Answer({"ok": False}, 404)
        found = _CALL.fullmatch(call.path)
        need(found is not None, "no such method")
        assert found
        if found.group(1) not in {self.token, *self.tokens}:
            return error(401, "Unauthorized")
        is_http = found.group(2) == "setWebhook" and not call.fields["url"].startswith("https://")
        if is_http and self.only_https:
            return error(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
        if found.group(2) in self.says:
            return self.says[found.group(2)]
        if found.group(2) == "getUpdates" and self.hook:
            return error(409, "Conflict: can't use getUpdates method while webhook is active")
        return Answer({"ok": True, "result": getattr(self, f"_{found.group(2)}")(call)})

    def _getMe(self, call: Call) -> Any:
        bot = int(call.path.removeprefix("/bot").partition(":")[0])
        return {"id": bot, "is_bot": True, "first_name": "Acme Help", "username": "acme_help_bot"}

    def _setWebhook(self, call: Call) -> Any:
        secret = call.fields.get("secret_token", "")
        need(bool(re.fullmatch(r"[A-Za-z0-9_-]{1,256}", secret)), "bad secret_token")
        need(1 <= call.fields["max_connections"] <= 100, "bad max_connections")
        need("message" in call.fields["allowed_updates"], "no messages wanted")
        self.hook = call.fields
        return True

    def _getUpdates(self, call: Call) -> Any:
        need(1 <= call.fields["limit"] <= 100, "bad limit")
        need(0 <= call.fields["timeout"] <= 50, "bad timeout")
        need("message" in call.fields["allowed_updates"], "no messages wanted")
        offset = call.fields.get("offset", 0)
        need(isinstance(offset, int), "bad offset")
        self.updates = [update for update in self.updates if update["update_id"] >= offset]
        return self.updates[: call.fields["limit"]]

    def _deleteWebhook(self, call: Call) -> Any:
        self.hook = {}
        return True

    def _getWebhookInfo(self, call: Call) -> Any:
        told = {"allowed_updates": self.hook["allowed_updates"]} if "allowed_updates" in self.hook else {}
        return {"url": self.hook.get("url", ""), "pending_update_count": len(self.updates), **told}

    def _getFile(self, call: Call) -> Any:
        return {"file_id": call.fields["file_id"], "file_path": call.fields["file_id"]}

    def _sendMessage(self, call: Call) -> Any:
        need(0 < len(call.fields["text"]) <= 4096, "message is too long")
        return self._stored(call)

    def _sendPhoto(self, call: Call) -> Any:
        need(len(call.files["photo"]) > 0, "no photo")
        return self._stored(call)

    def _sendVideo(self, call: Call) -> Any:
        need(len(call.files["video"]) > 0, "no video")
        return self._stored(call)

    def _sendAudio(self, call: Call) -> Any:
        need(len(call.files["audio"]) > 0, "no audio")
        return self._stored(call)

    def _sendDocument(self, call: Call) -> Any:
        need(len(call.files["document"]) > 0, "no document")
        return self._stored(call)

    def _editMessageText(self, call: Call) -> Any:
        need(0 < len(call.fields["text"]) <= 4096, "message is too long")
        return self._changed(call)

    def _editMessageCaption(self, call: Call) -> Any:
        need(len(call.fields["caption"]) <= 1024, "caption is too long")
        return self._changed(call)

    def _deleteMessage(self, call: Call) -> Any:
        self._changed(call)
        return True

    def _setMessageReaction(self, call: Call) -> Any:
        signs = call.fields["reaction"]
        need(all(one["type"] == "emoji" and one["emoji"] in SIGNS for one in signs), "REACTION_INVALID")
        self._changed(call)
        return True

    def _changed(self, call: Call) -> Any:
        need(isinstance(call.fields["message_id"], int), "no message_id")
        return {"message_id": call.fields["message_id"], "chat": {"id": int(call.fields["chat_id"])}}

    def _sendChatAction(self, call: Call) -> Any:
        need(call.fields["action"] == "typing", "no such action")
        return True

    def _answerCallbackQuery(self, call: Call) -> Any:
        need(bool(call.fields["callback_query_id"]), "no query")
        return True

    def _stored(self, call: Call) -> Any:
        need(len(call.fields.get("caption", "")) <= 1024, "caption is too long")
        return {"message_id": next(self._numbers), "chat": {"id": int(call.fields["chat_id"]), "type": "private"}}


def error(code: int, words: str, **parameters: Any) -> Answer:
    return Answer({"ok": False, "error_code": code, "description": words, "parameters": parameters}, code)
