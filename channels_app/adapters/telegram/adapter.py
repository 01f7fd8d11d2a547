"""What Telegram is asked and told. Source: channels.md 5; the wire is without a version."""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar

import orjson
from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.utils.translation import gettext as _

from channels_app import addresses
from channels_app.adapters.base import (
    Capabilities,
    ChannelAdapter,
    Download,
    Health,
    OutboundMessage,
    SendResult,
    SetupStep,
    bytes_of,
    same,
)
from channels_app.adapters.errors import DeliveryError, Kind, MediaGone, never_said
from channels_app.adapters.events import InboundEvent, Incoming, MediaRef, Routed
from channels_app.adapters.json import dict_of, dicts, inner, list_of, read
from channels_app.adapters.telegram.reading import events_of

ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member", "message_reaction")
MAX_DOWNLOAD = 20 * 1024 * 1024
_TOKEN = re.compile(r"[0-9]{3,20}:[A-Za-z0-9_-]{20,80}")
_SENDERS = {"image": ("sendPhoto", "photo"), "audio": ("sendAudio", "audio"), "video": ("sendVideo", "video")}
_MAX_PHOTO, _MAX_SIDES = 10 * 1024 * 1024, 10_000
_UNREACHABLE = (
    "forbidden: bot was blocked",
    "forbidden: user is deactivated",
    "forbidden: bot was kicked",
    "forbidden: the group chat was deleted",
    "forbidden: bot can't initiate",
    "bad request: chat not found",
)


class TelegramAdapter(ChannelAdapter):
    is_sole = True
    is_keyed = True
    fetches = timedelta(seconds=2)
    capabilities: ClassVar = Capabilities(
        max_text=4096,
        unit="utf16",
        caption=True,
        max_file_bytes=50 * 1024 * 1024,
        quotes=True,
        changes=True,
        reactions=("👍", "❤", "😁", "🎉", "😢", "🙏"),
        typing=timedelta(seconds=5),
    )

    @classmethod
    def route(cls, incoming: Incoming) -> Sequence[Routed]:
        update = incoming.json()
        number = update.get("update_id") if isinstance(update, dict) else None
        if not isinstance(number, int):
            raise SuspiciousOperation("No update.")
        return (Routed(dedup_key=f"tg:{number}", payload=update),)

    def verify(self, incoming: Incoming) -> None:
        """Nothing is signed: the header, and TLS, are all there is."""
        given = incoming.headers.get("x-telegram-bot-api-secret-token", "")
        if not any(same(given, self.derived_secret("telegram", ours)) for ours in settings.SECRET_KEYS):
            raise SuspiciousOperation("Not the secret of this channel.")

    def poll(self, cursor: Mapping[str, str]) -> tuple[Sequence[Routed], Mapping[str, str]]:
        """The numbers of updates are the bot's. What is asked from one on, Telegram forgets what was before it; after a
        week without any it begins with another number, maybe a lower one, so an empty answer ends ours."""
        asked: dict[str, Any] = {"timeout": 0, "limit": 100, "allowed_updates": ALLOWED_UPDATES}
        if cursor.get("bot") == self.account():
            asked["offset"] = int(cursor["next"])
        found = [each for each in dicts(self._ask("getUpdates", asked)) if isinstance(each.get("update_id"), int)]
        items = [Routed(dedup_key=f"tg:{each['update_id']}", payload=each) for each in found]
        return items, {"bot": self.account(), "next": str(found[-1]["update_id"] + 1)} if found else {}

    def parse(self, payload: Any) -> Sequence[InboundEvent]:
        return tuple(events_of(payload)) if isinstance(payload, dict) else ()

    def fetch_media(self, ref: MediaRef) -> Download:
        if ref.size and ref.size > MAX_DOWNLOAD:
            raise MediaGone(_("Telegram hands out files of at most 20 MB. Ask for a link instead."))
        try:
            found = self._ask("getFile", {"file_id": ref.provider_ref})
        except DeliveryError as error:
            if error.permanent:
                raise MediaGone(error.reason) from None
            raise
        path = str(dict_of(found).get("file_path", ""))
        if not re.fullmatch(r"[\w./-]+", path) or ".." in path:
            raise MediaGone(_("Telegram does not say where the file is."))
        url = f"{settings.TELEGRAM_FILE_BASE_URL}/file/bot{self._token}/{path}"
        answer = self.call("GET", url, max_bytes=MAX_DOWNLOAD)
        if answer.status != 200:
            raise DeliveryError(_("Telegram does not hand out the file."))
        return Download(content=answer.body, filename=ref.filename or path.rpartition("/")[2])

    def send(self, message: OutboundMessage) -> SendResult:
        if not message.to:
            raise DeliveryError(_("On Telegram the customer has to write first."), kind=Kind.PERMANENT)
        try:
            return self._send(message, message.to)
        except _Moved as moved:
            return self._send(message, moved.chat_id)

    def _send(self, message: OutboundMessage, chat_id: str) -> SendResult:
        asked: dict[str, Any] = {"chat_id": chat_id}
        answered = message.reply_to.removeprefix(f"{chat_id}:")
        if answered.isdigit():
            asked["reply_parameters"] = {"message_id": int(answered), "allow_sending_without_reply": True}
        if message.attachment is None:
            asked |= {"text": message.content, "link_preview_options": {"is_disabled": True}}
            told = self._ask("sendMessage", asked, sends=True)
        else:
            file = message.attachment
            kind = file.content_type.partition("/")[0]
            method, field = _SENDERS.get(kind, ("sendDocument", "document"))
            sides = (file.width or 0) + (file.height or 0)
            if kind == "image" and (file.size > _MAX_PHOTO or sides > _MAX_SIDES or file.content_type == "image/gif"):
                method, field = "sendDocument", "document"
            upload = {field: (file.filename, bytes_of(file), file.content_type)}
            asked["caption"] = message.content
            if "reply_parameters" in asked:  # a form has no objects
                asked["reply_parameters"] = orjson.dumps(asked["reply_parameters"]).decode()
            told = self._ask(method, asked, files=upload, sends=True)
        number = dict_of(told).get("message_id")
        if number is None:
            raise never_said("Telegram")
        return SendResult(external_ids=(f"{chat_id}:{number}",), to=chat_id)

    def show_typing(self, *, to: str, external_id: str) -> None:
        self._ask("sendChatAction", {"chat_id": to, "action": "typing"})

    def edit(self, *, external_id: str, content: str, is_caption: bool) -> None:
        asked: dict[str, Any] = _named(external_id)
        if is_caption:
            self._changed("editMessageCaption", {**asked, "caption": content}, already="message is not modified")
            return
        asked |= {"text": content, "link_preview_options": {"is_disabled": True}}
        self._changed("editMessageText", asked, already="message is not modified")

    def delete(self, *, external_id: str) -> None:
        self._changed("deleteMessage", _named(external_id), already="message to delete not found")

    def react(self, *, to: str, external_id: str, emoji: str) -> None:
        signs = [{"type": "emoji", "emoji": emoji}] if emoji else []
        self._ask("setMessageReaction", {**_named(external_id), "reaction": signs})

    def _changed(self, method: str, asked: Mapping[str, Any], *, already: str) -> None:
        """already: how Telegram says that there is nothing left to do."""
        try:
            self._ask(method, asked)
        except DeliveryError as error:
            if already not in error.reason:
                raise

    def heard_press(self, pressed: str) -> None:
        self._ask("answerCallbackQuery", {"callback_query_id": pressed})

    def decline_group(self, group: str) -> None:
        text = _("I do not follow groups. Please write to me in a private chat.")
        self._ask("sendMessage", {"chat_id": group, "text": text})

    def validate(self) -> str:
        if not _TOKEN.fullmatch(self._token):
            raise DeliveryError(_("This is no bot token: copy it whole from @BotFather."), kind=Kind.CREDENTIALS)
        bot = dict_of(self._ask("getMe", {}))
        name = str(bot.get("username", ""))
        self.channel.config |= {"bot_username": name, "bot_id": str(bot.get("id", ""))}
        return f"@{name}"

    def account(self) -> str:
        return self._token.partition(":")[0]

    def connect(self, callback_url: str) -> Sequence[SetupStep]:
        """Telegram posts to https alone: without, nothing is set there, and it is asked."""
        asked = {
            "url": callback_url,
            "secret_token": self.derived_secret("telegram"),
            "max_connections": 20,
            "drop_pending_updates": False,
            "allowed_updates": ALLOWED_UPDATES,
        }
        try:
            self._ask("setWebhook", asked)
        except DeliveryError as error:
            if callback_url.startswith("https://") or "bad webhook" not in error.reason:
                raise
            self._ask("deleteWebhook", {"drop_pending_updates": False})
        return ()

    def disconnect(self) -> None:
        info = self._ask("getWebhookInfo", {})
        if info.get("url") == addresses.callback_url(self.channel):  # else it is another's by now
            self._ask("deleteWebhook", {"drop_pending_updates": False})

    def health(self) -> Health:
        info = self._ask("getWebhookInfo", {})
        facts = {str(_("Updates that wait at Telegram")): str(info.get("pending_update_count", 0))}
        if info.get("last_error_message"):
            facts[str(_("Telegram's last trouble with us"))] = str(info["last_error_message"])[:200]
        address, ours = str(info.get("url", "")), addresses.callback_url(self.channel)
        if address == ours:
            told = {str(name) for name in list_of(info.get("allowed_updates"))}
            is_outdated = bool(told) and not told.issuperset(ALLOWED_UPDATES)
            webhook = _("Set to this channel's address")
            return Health(ok=True, webhook=webhook, facts=facts, is_outdated=is_outdated)
        if address:
            text = addresses.elsewhere(self.channel, address)
            text = text or _("Another system took over this bot. Test the connection to take it back.")
            return Health(ok=False, detail=text, webhook=_("Set to another address"), facts=facts)
        if not ours.startswith("https://"):
            webhook = _("None, as PingBack has no https address: messages are fetched every few seconds")
            return Health(ok=True, webhook=webhook, facts=facts, is_fetched=True)
        if self.channel.setup.get("is_fetched"):  # it has one by now
            return Health(ok=True, webhook=_("Not set"), facts=facts, is_outdated=True)
        text = _("Telegram does not send its messages here.")
        return Health(ok=False, detail=text, webhook=_("Not set"), facts=facts)

    @property
    def _token(self) -> str:
        return self.secrets.get("bot_token", "")

    def _ask(
        self, method: str, asked: Mapping[str, Any], *, files: Mapping[str, Any] | None = None, sends: bool = False
    ) -> Any:
        """The result of a method. Raises DeliveryError. The token is in the address: no exception may quote that."""
        url = f"{settings.TELEGRAM_API_BASE_URL}/bot{self._token}/{method}"
        body: dict[str, Any] = {"form": asked, "files": files} if files else {"json": asked}
        answer = self.call("POST", url, sends=sends, **body)
        try:
            told = dict_of(read(answer.body))
        except Exception:
            told = {}
        if told.get("ok"):
            return told.get("result")
        if sends and answer.status == 200:
            raise never_said("Telegram")
        raise _error(answer.status, told)


def _named(external_id: str) -> dict[str, Any]:
    chat_id, _colon, number = external_id.rpartition(":")
    if not number.isdigit():
        raise DeliveryError(_("Telegram has no such message."), kind=Kind.PERMANENT)
    return {"chat_id": chat_id, "message_id": int(number)}


class _Moved(DeliveryError):
    """The group has another id now."""

    def __init__(self, chat_id: str) -> None:
        super().__init__(_("The chat has another id now."), kind=Kind.PERMANENT)
        self.chat_id = chat_id


def _error(status: int, told: Mapping[str, Any]) -> DeliveryError:
    code = told.get("error_code", status)
    words = str(told.get("description", ""))
    more = inner(told, "parameters")
    if more.get("migrate_to_chat_id"):
        return _Moved(str(more["migrate_to_chat_id"]))
    if code == 429:
        seconds = more.get("retry_after") if isinstance(more.get("retry_after"), int) else 5
        text = _("Telegram wants us to slow down.")
        return DeliveryError(text, kind=Kind.RATE_LIMITED, retry_after=timedelta(seconds=seconds or 5))
    if code in {401, 404}:
        return DeliveryError(_("Telegram does not know this bot token any more."), kind=Kind.CREDENTIALS)
    if words.lower().startswith(_UNREACHABLE):
        return DeliveryError(_("The customer blocked the bot, or is gone."), kind=Kind.UNREACHABLE)
    if code == 409:
        return DeliveryError(_("Another program asks for this bot's messages. Stop it first."))
    if isinstance(code, int) and 400 <= code < 500:
        text = _("Telegram refused it: %(words)s") % {"words": words.removeprefix("Bad Request: ")[:200] or code}
        return DeliveryError(text, kind=Kind.PERMANENT, provider_code=str(code))
    return DeliveryError(_("Telegram has trouble of its own."), provider_code=str(code))
