"""X: direct messages, and mentions as public threads. Wire: channels.md 6; X's API v2.

Events come in two envelopes on one path, the Activity API's and the older Account Activity API's. Requests are signed
with OAuth 1.0a over address, query and `oauth_*` alone: a JSON or multipart body is not in the signature.
"""

import base64
import hashlib
import hmac
import html
import re
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import parse_qsl, quote, urlsplit

import orjson
from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.utils.translation import gettext as _

from channels_app.adapters.base import (
    Capabilities,
    ChannelAdapter,
    ContactRef,
    CredentialsRevoked,
    DeliveryError,
    Download,
    EchoReceived,
    Health,
    InboundEvent,
    Incoming,
    Kind,
    MediaGone,
    MediaRef,
    MessageReceived,
    OutboundMessage,
    Reply,
    Routed,
    SendResult,
    SetupStep,
    StatusChanged,
    bytes_of,
    never_said,
    same,
)
from foundation import http

SUBSCRIBED = ("dm.received", "dm.sent", "dm.read", "post.mention.create")
MAX_POST = 280
_URL = re.compile(r"https?://\S+")
# Where X keeps the pictures of direct messages: the only place besides the API that gets our signature.
_STORES = ("ton.twitter.com", "ton.x.com")


def signature(api_secret: str, data: bytes) -> str:
    """Of a challenge, or of a post's raw body."""
    return "sha256=" + base64.b64encode(hmac.digest(api_secret.encode(), data, hashlib.sha256)).decode()


def authorization(
    method: str, url: str, keys: Mapping[str, str], *, nonce: str = "", timestamp: int | None = None
) -> str:
    """The OAuth 1.0a header of a request. keys: api_key, api_secret, access_token, access_token_secret."""
    parts = urlsplit(url)
    oauth = {
        "oauth_consumer_key": keys.get("api_key", ""),
        "oauth_nonce": nonce or secrets.token_hex(16),
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": str(timestamp or int(time.time())),
        "oauth_token": keys.get("access_token", ""),
        "oauth_version": "1.0",
    }
    given = [*parse_qsl(parts.query, keep_blank_values=True), *oauth.items()]
    pairs = sorted((_escaped(name), _escaped(value)) for name, value in given)
    place = f"{parts.scheme}://{parts.netloc}{parts.path}"
    base = "&".join([method.upper(), _escaped(place), _escaped("&".join(f"{n}={v}" for n, v in pairs))])
    key = f"{_escaped(keys.get('api_secret', ''))}&{_escaped(keys.get('access_token_secret', ''))}"
    oauth["oauth_signature"] = base64.b64encode(hmac.digest(key.encode(), base.encode(), hashlib.sha1)).decode()
    return "OAuth " + ", ".join(f'{_escaped(name)}="{_escaped(value)}"' for name, value in sorted(oauth.items()))


def weight(text: str) -> int:
    """How X counts a post: 23 for an address, two for what is neither Latin nor punctuation."""
    bare, addresses = _URL.subn("", text)
    return 23 * addresses + sum(1 if _is_light(ord(character)) else 2 for character in bare)


class XAdapter(ChannelAdapter):
    capabilities: ClassVar = Capabilities(
        max_text=10_000,
        caption=True,
        max_file_bytes=5 * 1024 * 1024,
        file_types=("image/jpeg", "image/png", "image/webp"),
        receipts="read",
    )
    max_body = 1024 * 1024

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
        event = _dict(told.get("data"))
        if event.get("event_uuid"):
            return (Routed(dedup_key=f"xaa:{event['event_uuid']}", payload=told),)
        return (Routed(dedup_key=f"x:{digest}", payload=told),)

    def verify(self, incoming: Incoming) -> None:
        secret = self.secrets.get("api_secret", "")
        given = incoming.headers.get("x-twitter-webhooks-signature", "")
        if not secret or not same(signature(secret, incoming.body), given):
            raise SuspiciousOperation("Not signed by X.")

    def parse(self, payload: Any) -> Sequence[InboundEvent]:
        return tuple(self._events(_dict(payload)))

    def _events(self, told: Mapping[str, Any]) -> Iterator[InboundEvent]:
        data = _dict(told.get("data"))
        inner = _dict(data.get("payload")) if data else told
        users = _users(inner) | _users(_dict(told.get("includes")))
        for event in _list(inner.get("direct_message_events")):
            yield from self._direct(_dict(event), users)
        for read in _list(inner.get("direct_message_mark_read_events")):
            if last := _text(_dict(read), "last_read_event_id"):
                yield StatusChanged(status="read", external_id=last)
        kind = _text(data, "event_type")
        if kind.startswith("post.") and kind.endswith(".create"):
            yield from self._post(inner, users)
        for old in _list(inner.get("tweet_create_events")):
            yield from self._post(_modern(_dict(old)), users | _users_of_old(_dict(old)))
        if _dict(told.get("user_event")).get("revoke"):
            yield CredentialsRevoked(reason=_("The account withdrew PingBack's access at X."))

    def _direct(self, event: Mapping[str, Any], users: Mapping[str, Mapping[str, Any]]) -> Iterator[InboundEvent]:
        create = _dict(event.get("message_create"))
        said = _dict(create.get("message_data"))
        event_id, sender = _text(event, "id"), _text(create, "sender_id")
        other = _text(_dict(create.get("target")), "recipient_id")
        if not event_id or not sender:
            return
        text = _plain(_text(said, "text"), _dict(said.get("entities")))
        moment = _milliseconds(event.get("created_timestamp"))
        if sender == self._me:
            yield EchoReceived(thread_key=f"dm:{other}", external_id=event_id, text=text, occurred_at=moment)
            return
        yield MessageReceived(
            contact=_contact(sender, users),
            thread_key=f"dm:{sender}",
            external_id=event_id,
            text=text,
            media=_attached(said),
            occurred_at=moment,
        )

    def _post(self, post: Mapping[str, Any], users: Mapping[str, Mapping[str, Any]]) -> Iterator[InboundEvent]:
        post_id, author = _text(post, "id"), _text(post, "author_id")
        if not post_id or not author or author == self._me:
            return
        mentioned = [_dict(one) for one in _list(_dict(post.get("entities")).get("mentions"))]
        if self._me and self._me not in {_text(one, "id") for one in mentioned}:
            return  # a post of theirs that says nothing to us
        text = _plain(_text(post, "text"), _dict(post.get("entities")))
        root = _text(post, "conversation_id") or post_id
        yield MessageReceived(
            contact=_contact(author, users),
            thread_key=f"post:{root}:{author}",
            external_id=post_id,
            text=_("(Public post) %(text)s") % {"text": text},
            # The answer goes below the post that was written last.
            address=f"post:{root}:{author}:{post_id}",
            own_only=True,
            occurred_at=_time(_text(post, "created_at")),
        )

    def fetch_media(self, ref: MediaRef) -> Download:
        host = urlsplit(ref.provider_ref).hostname or ""
        api = urlsplit(settings.X_API_BASE_URL).hostname
        if host not in {*_STORES, api}:
            raise MediaGone(_("The file is not at X."))
        given = {"authorization": authorization("GET", ref.provider_ref, self.secrets)}
        answer = self.call("GET", ref.provider_ref, headers=given)
        if answer.status in {401, 403, 404, 410}:
            raise MediaGone(_("X does not hand out this file."))
        if answer.status != 200:
            raise _error(answer)
        return Download(content=answer.body, content_type=answer.headers.get("content-type", ref.mime_type))

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
        form = {"media_category": "tweet_image" if public else "dm_image"}
        given = {"media": (file.filename, bytes_of(file), file.content_type)}
        uploaded = _text(self._asked("POST", "/2/media/upload", form=form, files=given), "id")
        if not uploaded:
            raise DeliveryError(_("X did not take the picture."))
        return uploaded

    # The connection.

    def validate(self) -> str:
        me = self._asked("GET", "/2/users/me?user.fields=username")
        self.channel.config |= {"account_id": _text(me, "id"), "display_name": f"@{_text(me, 'username')}"}
        return f"@{_text(me, 'username')}"

    def connect(self, callback_url: str) -> Sequence[SetupStep]:
        hook = self._webhook(callback_url)
        if hook is None:
            text = _(
                "This X app already has a webhook of another system, and X allows one. Delete it in the X developer "
                "portal, or use an app of its own, then connect again. The address is:"
            )
            return [SetupStep(text=text, value=callback_url)]
        for kind in SUBSCRIBED:
            asked = {"event_type": kind, "filter": {"user_id": self._me}, "tag": "pingback", "webhook_id": hook}
            answer = self._api("POST", "/2/activity/subscriptions", json=asked)
            if answer.status in {401, 403}:  # this tier has the older way only
                self._asked("POST", f"/2/account_activity/webhooks/{quote(hook, safe='')}/subscriptions/all")
                return ()
            if answer.status not in {200, 201, 409}:
                raise _error(answer)
        return ()

    def disconnect(self) -> None:
        for hook in self._webhooks():
            if f"/webhooks/x/{self.channel.pk}" in _text(hook, "url"):
                self._asked("DELETE", f"/2/webhooks/{quote(_text(hook, 'id'), safe='')}")

    def health(self) -> Health:
        ours = [hook for hook in self._webhooks() if f"/webhooks/x/{self.channel.pk}" in _text(hook, "url")]
        if not ours:
            return Health(ok=False, detail=_("X does not send its events here."))
        if ours[0].get("valid") is False:  # asks us again, and goes on if we answer
            self._asked("PUT", f"/2/webhooks/{quote(_text(ours[0], 'id'), safe='')}")
        return Health(ok=True)

    def _webhook(self, callback_url: str) -> str | None:
        """The id of ours, made when there is none; None when another system has the app's only one."""
        known = self._webhooks()
        for hook in known:
            if _text(hook, "url") == callback_url:
                return _text(hook, "id")
        if known:
            return None
        return _text(self._asked("POST", "/2/webhooks", json={"url": callback_url}), "id")

    def _webhooks(self) -> list[dict[str, Any]]:
        answer = self._api("GET", "/2/webhooks", bearer=True)
        if answer.status != 200:
            raise _error(answer)
        return [_dict(hook) for hook in _list(_body(answer).get("data"))]

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
        return _dict(_body(answer).get("data"))


def _error(answer: http.Answer) -> DeliveryError:
    told = _body(answer)
    first = _dict(next(iter(_list(told.get("errors"))), None))
    code = first.get("code") if isinstance(first.get("code"), int) else 0
    problem = _text(told, "type").rpartition("/")[2]
    words = (_text(told, "detail") or _text(first, "message"))[:150]
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
        return _dict(answer.json())
    except http.OutboundFailed:
        return {}


def _contact(user_id: str, users: Mapping[str, Mapping[str, Any]]) -> ContactRef:
    user = users.get(user_id, {})
    handle = _text(user, "username") or _text(user, "screen_name")
    return ContactRef(keys=(f"x:{user_id}",), name=_text(user, "name"), handle=f"@{handle}" if handle else "")


def _users(told: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """By id, from either envelope: a list, or by id with or without a `data` in between."""
    users = told.get("users")
    if isinstance(users, dict):
        return {str(key): _dict(_dict(value).get("data")) or _dict(value) for key, value in users.items()}
    return {_text(_dict(user), "id"): _dict(user) for user in _list(users)}


def _users_of_old(post: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    user = _dict(post.get("user"))
    return {_text(user, "id_str"): user}


def _modern(post: Mapping[str, Any]) -> dict[str, Any]:
    """A post of the older envelope in the newer one's words."""
    longer = _dict(post.get("extended_tweet"))
    entities = _dict(longer.get("entities")) or _dict(post.get("entities"))
    mentions = [{"id": _text(_dict(one), "id_str")} for one in _list(entities.get("user_mentions"))]
    return {
        "id": _text(post, "id_str"),
        "author_id": _text(_dict(post.get("user")), "id_str"),
        "text": _text(longer, "full_text") or _text(post, "text"),
        "conversation_id": _text(post, "in_reply_to_status_id_str"),
        "entities": {**entities, "mentions": mentions},
    }


def _plain(text: str, entities: Mapping[str, Any]) -> str:
    """X escapes for HTML and shortens every address."""
    for one in _list(entities.get("urls"))[:50]:
        short, full = _text(_dict(one), "url"), _text(_dict(one), "expanded_url")
        if short and full:
            text = text.replace(short, full)
    return html.unescape(text)


def _attached(said: Mapping[str, Any]) -> tuple[MediaRef, ...]:
    media = _dict(_dict(said.get("attachment")).get("media"))
    url = _text(media, "media_url_https")
    kind = {"photo": "image", "animated_gif": "video", "video": "video"}.get(_text(media, "type"), "document")
    mime = "image/jpeg" if kind == "image" and url.lower().endswith((".jpg", ".jpeg")) else ""
    return (MediaRef(kind=kind, provider_ref=url, mime_type=mime),) if url else ()


def _milliseconds(value: Any) -> datetime | None:
    if not isinstance(value, str) or not value.isascii() or not value.isdigit() or len(value) > 14:
        return None
    return datetime.fromtimestamp(int(value) / 1000, UTC)


def _time(value: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _escaped(text: str) -> str:
    return quote(text, safe="-._~")


def _is_light(code: int) -> bool:
    return code <= 4351 or 8192 <= code <= 8205 or 8208 <= code <= 8223 or 8242 <= code <= 8247


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _named(told: Mapping[str, Any], name: str) -> str:
    if found := _text(told, name):
        return found
    raise never_said("X")


def _text(told: Mapping[str, Any], name: str) -> str:
    value = told.get(name)
    return value if isinstance(value, str) else ""
