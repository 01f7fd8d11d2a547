"""What X is asked, and what it is told. Source: channels.md 6."""

import hashlib
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar
from urllib.parse import quote, urlsplit

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
from channels_app.adapters.events import (
    InboundEvent,
    Incoming,
    MediaRef,
    MessageReceived,
    Reply,
    Routed,
)
from channels_app.adapters.json import dict_of, list_of, text_of
from channels_app.adapters.x.polling import direct_since, mentions_since
from channels_app.adapters.x.reading import events_of, is_typing
from channels_app.adapters.x.signing import authorization, signature
from foundation import http

MENTIONS = "post.mention.create"
SUBSCRIBED = ("dm.received", "dm.sent", "dm.read", "dm.indicate_typing", MENTIONS)
MAX_POST = 280
_URL = re.compile(r"https?://\S+")
# Where X keeps the pictures of direct messages: the only place besides the API that gets our signature.
_STORES = ("ton.twitter.com", "ton.x.com")
# And what hangs on posts, for everybody.
_OPEN_STORES = ("pbs.twimg.com", "video.twimg.com")


def weight(text: str) -> int:
    """How X counts a post: 23 for an address, two for what is neither Latin nor punctuation."""
    bare, addresses = _URL.subn("", text)
    return 23 * addresses + sum(1 if _is_light(ord(character)) else 2 for character in bare)


class XAdapter(ChannelAdapter):
    is_sole = True
    capabilities: ClassVar = Capabilities(
        max_text=10_000,
        max_public=MAX_POST,
        caption=True,
        max_file_bytes=5 * 1024 * 1024,
        file_types=("image/jpeg", "image/png", "image/webp", "image/gif"),
    )
    max_body = 1024 * 1024
    polls = timedelta(minutes=5)

    @classmethod
    def is_public(cls, address: str) -> bool:
        return address.startswith("post:")

    @classmethod
    def length_in_public(cls, text: str) -> int:
        return weight(text)

    # What comes in.

    @classmethod
    def handshake(cls, incoming: Incoming, channels: Iterable[ChannelAdapter]) -> Reply | None:
        token = incoming.query.get("crc_token")
        secret = next((one.secrets.get("api_secret") for one in channels), None)
        if incoming.method == "POST" or not token or not secret:
            return None
        told = orjson.dumps({"response_token": signature(secret, token.encode())}).decode()
        return Reply(body=told, content_type="application/json")

    @classmethod
    def route(cls, incoming: Incoming) -> Sequence[Routed]:
        told = incoming.json()
        if not isinstance(told, dict):
            raise SuspiciousOperation("No event of X's.")
        digest = hashlib.sha256(incoming.body).hexdigest()
        event = dict_of(told.get("data"))
        if event.get("event_uuid"):
            key = f"xaa:{event['event_uuid']}"
            return (Routed(dedup_key=key, payload=told, is_passing=is_typing(told)),)
        return (Routed(dedup_key=f"x:{digest}", payload=told, is_passing=is_typing(told)),)

    def verify(self, incoming: Incoming) -> None:
        secret = self.secrets.get("api_secret", "")
        given = incoming.headers.get("x-twitter-webhooks-signature", "")
        if not secret or not same(signature(secret, incoming.body), given):
            raise SuspiciousOperation("Not signed by X.")

    def parse(self, payload: Any) -> Sequence[InboundEvent]:
        found = events_of(dict_of(payload), me=self._me)
        return tuple(one for one in found if self._takes_mentions or not _is_post(one))

    def fetch_media(self, ref: MediaRef) -> Download:
        host = urlsplit(ref.provider_ref).hostname or ""
        api = urlsplit(settings.X_API_BASE_URL).hostname
        if host not in {*_STORES, *_OPEN_STORES, api}:
            raise MediaGone(_("The file is not at X."))
        is_open = host in _OPEN_STORES
        given = {} if is_open else {"authorization": authorization("GET", ref.provider_ref, self.secrets)}
        answer = self.call("GET", ref.provider_ref, headers=given, max_bytes=settings.MEDIA_BYTES)
        if answer.status in {401, 403, 404, 410}:
            raise MediaGone(_("X does not hand out this file."))
        if answer.status != 200:
            raise _error(answer)
        return Download(content=answer.body, content_type=answer.headers.get("content-type", ref.mime_type))

    def poll(self, cursor: Mapping[str, str]) -> tuple[Sequence[Routed], Mapping[str, str]]:
        direct, last = direct_since(self._told, cursor.get("dm", ""), me=self._me)
        if not self._takes_mentions:
            return direct, {"dm": last}
        try:
            posts, last_post = mentions_since(self._told, cursor.get("post", ""), me=self._me)
        except DeliveryError:  # what was read is kept; these are asked for the next time
            posts, last_post = [], cursor.get("post", "")
        return [*direct, *posts], {"dm": last, "post": last_post}

    def _told(self, path: str) -> dict[str, Any]:
        """Nothing where the app may not read it: not every tier may."""
        answer = self._api("GET", path)
        if answer.status == 403:
            return {}
        if answer.status != 200:
            raise _error(answer)
        return _body(answer)

    # What goes out.

    def send(self, message: OutboundMessage) -> SendResult:
        where, _colon, rest = message.to.partition(":")
        if where not in {"dm", "post"} or not rest:
            raise DeliveryError(_("On X the customer has to write first."), kind=Kind.PERMANENT)
        public = where == "post"
        if public and weight(message.content) > MAX_POST:
            text = _("A public answer has at most 280 characters; this one would count %(count)d.")
            raise DeliveryError(text % {"count": weight(message.content)}, kind=Kind.PERMANENT)
        media = self._upload(message, public=public)
        if public:
            asked: dict[str, Any] = {
                "text": message.content,
                "reply": {"in_reply_to_tweet_id": rest.rpartition(":")[2]},
            }
            if media:
                asked["media"] = {"media_ids": [media]}
            told = self._asked("POST", "/2/tweets", json=asked, sends=True)
            return SendResult(external_ids=(_named(told, "id"),))
        asked = {"text": message.content} if message.content else {}
        if media:
            asked["attachments"] = [{"media_id": media}]
        path = f"/2/dm_conversations/with/{quote(rest, safe='')}/messages"
        told = self._asked("POST", path, json=asked, sends=True)
        return SendResult(external_ids=(_named(told, "dm_event_id"),))

    def _upload(self, message: OutboundMessage, *, public: bool) -> str:
        file = message.attachment
        if file is None:
            return ""
        if file.content_type not in self.capabilities.file_types:
            raise DeliveryError(_("X takes pictures only."), kind=Kind.PERMANENT)
        kind = "gif" if file.content_type == "image/gif" else "image"
        form = {"media_category": f"tweet_{kind}" if public else f"dm_{kind}"}
        given = {"media": (file.filename, bytes_of(file), file.content_type)}
        uploaded = text_of(self._asked("POST", "/2/media/upload", form=form, files=given), "id")
        if not uploaded:
            raise DeliveryError(_("X did not take the picture."))
        return uploaded

    # The connection.

    def validate(self) -> str:
        me = self._asked("GET", "/2/users/me?user.fields=username")
        self.channel.config |= {"account_id": text_of(me, "id"), "display_name": f"@{text_of(me, 'username')}"}
        return f"@{text_of(me, 'username')}"

    def account(self) -> str:
        """An access token begins with the number of its user."""
        return self.secrets.get("access_token", "").partition("-")[0]

    def connect(self, callback_url: str) -> Sequence[SetupStep]:
        hook = self._webhook(callback_url)
        if hook is None:
            text = _(
                "This X app already has a webhook of another system, and X allows one. Delete it in the X developer "
                "portal, or use an app of its own, then connect again. The address is:"
            )
            return [SetupStep(text=text, value=callback_url)]
        if not self._takes_mentions:
            self._unsubscribe(hook)
        for kind in SUBSCRIBED if self._takes_mentions else SUBSCRIBED[:-1]:
            asked = {"event_type": kind, "filter": {"user_id": self._me}, "tag": "pingback", "webhook_id": hook}
            answer = self._api("POST", "/2/activity/subscriptions", json=asked)
            if answer.status in {401, 403}:  # this tier has the older way only
                self._asked("POST", f"/2/account_activity/webhooks/{quote(hook, safe='')}/subscriptions/all")
                return ()
            if answer.status not in {200, 201, 409}:
                raise _error(answer)
        return ()

    def _unsubscribe(self, hook: str) -> None:
        """From mentions, as X bills each. Best effort: what comes all the same is left alone."""
        for one in map(dict_of, list_of(_body(self._api("GET", "/2/activity/subscriptions", bearer=True)).get("data"))):
            if text_of(one, "event_type") == MENTIONS and text_of(one, "webhook_id") == hook:
                path = f"/2/activity/subscriptions/{quote(text_of(one, 'subscription_id'), safe='')}"
                self._api("DELETE", path, bearer=True)

    def disconnect(self) -> None:
        for hook in self._webhooks():
            if text_of(hook, "url") == addresses.callback_url(self.channel):
                self._remove(hook)

    def health(self) -> Health:
        self._asked("GET", "/2/users/me")  # webhooks are the app's: its own token tells nothing of the user's
        hooks = self._webhooks()
        ours = [hook for hook in hooks if text_of(hook, "url") == addresses.callback_url(self.channel)]
        if not ours and (moved := self._elsewhere(hooks)):
            text = addresses.elsewhere(self.channel, text_of(moved[0], "url"))
            return Health(ok=False, detail=text, webhook=_("Set to another address"))
        if not ours:
            return Health(ok=False, detail=_("X does not send its events here."), webhook=_("Not set"))
        if ours[0].get("valid") is False:  # asks us again, and goes on if we answer
            told = self._asked("PUT", f"/2/webhooks/{quote(text_of(ours[0], 'id'), safe='')}")
            if told.get("valid") is False:
                text = _("X got no proof that this channel's address is ours, and sends nothing to it.")
                return Health(ok=False, detail=text, webhook=_("Set to this channel's address, without proof"))
        return Health(ok=True, webhook=_("Set to this channel's address, and X finds it good"))

    def _webhook(self, callback_url: str) -> str | None:
        """The id of ours, made when there is none; None when another system has the app's only one."""
        known = self._webhooks()
        for hook in known:
            if text_of(hook, "url") == callback_url:
                return text_of(hook, "id")
        moved = self._elsewhere(known)
        for hook in moved:
            self._remove(hook)
        if len(known) > len(moved):
            return None
        return text_of(self._asked("POST", "/2/webhooks", json={"url": callback_url}), "id")

    def _elsewhere(self, hooks: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Those of this channel at another host."""
        return [hook for hook in hooks if addresses.elsewhere(self.channel, text_of(hook, "url"))]

    def _remove(self, hook: Mapping[str, Any]) -> None:
        self._asked("DELETE", f"/2/webhooks/{quote(text_of(hook, 'id'), safe='')}")

    def _webhooks(self) -> list[dict[str, Any]]:
        answer = self._api("GET", "/2/webhooks", bearer=True)
        if answer.status != 200:
            raise _error(answer)
        return [dict_of(hook) for hook in list_of(_body(answer).get("data"))]

    @property
    def _takes_mentions(self) -> bool:
        return not self.channel.config.get("no_mentions")

    @property
    def _me(self) -> str:
        return str(self.channel.config.get("account_id", ""))

    def _api(self, method: str, path: str, *, bearer: bool = False, **given: Any) -> http.Answer:
        url = f"{settings.X_API_BASE_URL}{path}"
        token = self.secrets.get("bearer_token", "")
        header = f"Bearer {token}" if bearer and token else authorization(method, url, self.secrets)
        return self.call(method, url, headers={"authorization": header}, **given)

    def _asked(self, method: str, path: str, **given: Any) -> dict[str, Any]:
        answer = self._api(method, path, **given)
        if answer.status not in {200, 201, 202, 204}:
            raise _error(answer)
        return dict_of(_body(answer).get("data"))


def _is_post(event: InboundEvent) -> bool:
    return isinstance(event, MessageReceived) and XAdapter.is_public(event.thread_key)


def _error(answer: http.Answer) -> DeliveryError:
    told = _body(answer)
    first = dict_of(next(iter(list_of(told.get("errors"))), None))
    code = first.get("code") if isinstance(first.get("code"), int) else 0
    problem = text_of(told, "type").rpartition("/")[2]
    words = (text_of(told, "detail") or text_of(first, "message"))[:150]
    status = answer.status
    if status == 429 and problem == "usage-capped":
        text = _("The month's credit at X is used up.")
        return DeliveryError(text, kind=Kind.RATE_LIMITED, whole_channel=True, retry_after=timedelta(hours=1))
    if status == 429:
        text = _("X asks to wait.")
        return DeliveryError(text, kind=Kind.RATE_LIMITED, whole_channel=True, retry_after=_until_reset(answer))
    if status == 401:
        return DeliveryError(_("X does not accept the keys and tokens."), kind=Kind.CREDENTIALS)
    if code in {349, 150} or problem == "not-authorized-for-resource" or "cannot message" in words.lower():
        return DeliveryError(_("This customer takes no messages from the account."), kind=Kind.UNREACHABLE)
    if problem in {"client-forbidden", "unsupported-authentication"}:
        text = _("The X app lacks a permission. Give it read, write and direct messages, then make new tokens.")
        return DeliveryError(text, kind=Kind.CREDENTIALS)
    if status >= 500:
        return DeliveryError(_("X has a problem of its own."))
    reason = _("X refused it: %(words)s") % {"words": words} if words else _("X refused it (%(s)d).") % {"s": status}
    return DeliveryError(reason, kind=Kind.PERMANENT, provider_code=str(code or status))


def _until_reset(answer: http.Answer) -> timedelta | None:
    reset = answer.headers.get("x-rate-limit-reset", "")
    if not (reset.isascii() and reset.isdigit() and len(reset) < 12):
        return None
    return timedelta(seconds=min(max(int(reset) - time.time(), 1), 24 * 3600))


def _body(answer: http.Answer) -> dict[str, Any]:
    try:
        return dict_of(answer.json())
    except http.OutboundFailed:
        return {}


def _is_light(code: int) -> bool:
    return code <= 4351 or 8192 <= code <= 8205 or 8208 <= code <= 8223 or 8242 <= code <= 8247


def _named(told: Mapping[str, Any], name: str) -> str:
    if found := text_of(told, name):
        return found
    raise never_said("X")
