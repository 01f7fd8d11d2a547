"""SMS and MMS over Twilio. Wire: channels.md 7; Twilio's Messaging API, version 2010-04-01."""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from channels_app import addresses
from channels_app.adapters import sms_missed as missed
from channels_app.adapters.base import (
    Capabilities,
    ChannelAdapter,
    Download,
    Health,
    OutboundMessage,
    SendResult,
    SetupStep,
    same,
)
from channels_app.adapters.errors import DeliveryError, Kind, MediaGone, never_said
from channels_app.adapters.events import (
    ContactChanged,
    ContactRef,
    InboundEvent,
    Incoming,
    MediaRef,
    MessageReceived,
    Reply,
    Routed,
    StatusChanged,
)
from channels_app.adapters.json import dict_of, list_of
from conversations.attachments import facts_of, payload_of
from foundation import http
from foundation.text import storable

MAX_PICTURES = 10
# Codes that Twilio gives for what another try, or another customer, changes nothing about.
_CREDENTIALS = {20003, 20005, 20404}
_UNREACHABLE = {21211, 21610, 21612, 21614, 30003, 30004, 30005, 30006}
_RATE = {14107, 20429, 30001}
_TRANSIENT = {30008}
_STOPS = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
# What can be answered: no short code, and no name in a number's place.
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
# Twilio calls once, and again only when nobody picked up; with this three times more, whatever we answered.
_RETRIES = "#rc=3&rp=all"
_STATUSES = {"sent": "sent", "delivered": "delivered", "read": "read", "undelivered": "failed", "failed": "failed"}
# One of these turns a text of 160 characters a segment into one of 70.
_PLAIN = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", "\u00a0": " "})
_GSM = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_TWICE = set("^{}\\[~]|€\f")


def segments(text: str) -> int:
    """How many messages the customer's network, and the bill, make of it."""
    text = text.translate(_PLAIN)
    if set(text) <= _GSM | _GSM_TWICE:
        length, alone, each = len(text) + sum(character in _GSM_TWICE for character in text), 160, 153
    else:
        length, alone, each = len(text.encode("utf-16-le")) // 2, 70, 67
    return 1 if length <= alone else -(-length // each)


def signature(auth_token: str, url: str, fields: Sequence[tuple[str, str]]) -> str:
    """Of a form post: its address, and each field's name and value in the order of the names."""
    text = url + "".join(f"{name}{value}" for name, value in sorted(set(fields)))
    return base64.b64encode(hmac.digest(auth_token.encode(), text.encode(), hashlib.sha1)).decode()


class SmsAdapter(ChannelAdapter):
    is_sole = True
    capabilities = Capabilities(
        max_text=1600,
        max_file_bytes=5 * 1024 * 1024,
        file_types=("image/jpeg", "image/png", "image/gif"),
        caption=True,
    )
    max_body = 256 * 1024
    # Anything else Twilio warns of at each message. Source: channels.md 7.
    thanks = Reply(body="<Response/>", content_type="text/xml")
    polls = timedelta(minutes=5)

    # What comes in.

    @classmethod
    def route(cls, incoming: Incoming) -> Sequence[Routed]:
        fields = {storable(name): storable(value) for name, value in _fields(incoming)}
        sid = fields.get("MessageSid") or fields.get("SmsSid", "")
        if not sid:
            raise SuspiciousOperation("No message of Twilio's.")
        status = fields.get("MessageStatus")
        return [Routed(dedup_key=f"status:{sid}:{status}" if status else f"sms:{sid}", payload=fields)]

    def verify(self, incoming: Incoming) -> None:
        given = incoming.headers.get("x-twilio-signature", "")
        fields = _fields(incoming)
        token = self.secrets.get("auth_token", "")
        if not token or not any(same(signature(token, url, fields), given) for url in _ways_to_write(incoming.url)):
            raise SuspiciousOperation("Not signed by Twilio.")
        if dict(fields).get("AccountSid") != self.channel.config.get("account_sid"):
            raise SuspiciousOperation("Of another account.")

    def parse(self, payload: Any) -> Sequence[InboundEvent]:
        fields = {name: value for name, value in payload.items() if isinstance(value, str)}
        sid = fields.get("MessageSid") or fields.get("SmsSid", "")
        if status := fields.get("MessageStatus"):
            return _status(sid, status, fields.get("ErrorCode", ""))
        number = fields.get("From", "")
        if not number or number == self._number:
            return ()
        key = f"tel:{number}"
        can_be_answered = _NUMBER.fullmatch(number) is not None
        # Twilio itself answers these, and stops sending to who wrote STOP: an answer of ours would fail. Without its
        # advanced opt-out it does so as well, and says nothing of it.
        word = fields.get("OptOutType") or fields.get("Body", "").strip().upper()
        opted = True if word in {"START", "UNSTOP"} else False if word in _STOPS else None
        message = MessageReceived(
            # Nothing proven: whoever sends a text can put any number under it.
            contact=ContactRef(keys=(key,), handle=number),
            thread_key=number,
            external_id=sid,
            text=fields.get("Body", ""),
            media=_media(fields),
            automated=opted is not None or not can_be_answered,
        )
        if not can_be_answered:
            text = _("A short code or a name instead of a number: it takes no answers.")
            return (message, ContactChanged(old_key=key, reachable=False, why=text))
        why = _("Wrote STOP: Twilio brings them nothing more until they write START.")
        return (message,) if opted is None else (message, ContactChanged(old_key=key, reachable=opted, why=why))

    def fetch_media(self, ref: MediaRef) -> Download:
        """Twilio answers with a redirect to its store, which must not see our password."""
        most = settings.MEDIA_BYTES
        answer = self.call("GET", self._own(ref.provider_ref), headers=self._authorization, max_bytes=most)
        if answer.status in {301, 302, 303, 307, 308}:
            answer = self.call("GET", answer.headers.get("location", ""), max_bytes=most)
        if answer.status in {404, 410}:
            raise MediaGone(_("The file is no longer at Twilio."))
        if answer.status != 200:
            raise _error(answer)
        return Download(content=answer.body, content_type=answer.headers.get("content-type", ref.mime_type))

    def poll(self, cursor: Mapping[str, str]) -> tuple[Sequence[Routed], Mapping[str, str]]:
        """Twilio's few tries are over within seconds; what came while nobody picked up is in its list."""
        now = timezone.now()
        since = parse_datetime(cursor.get("since", ""))
        found = missed.since(self._asked, since, until=now, number=self._number) if since else ()
        mark = {"AccountSid": str(self.channel.config.get("account_sid", ""))}
        items = [Routed(dedup_key=f"sms:{one['MessageSid']}", payload={**mark, **one}) for one in found]
        return items, {"since": now.isoformat()}

    # What goes out.

    def send(self, message: OutboundMessage) -> SendResult:
        if not message.to:
            raise DeliveryError(_("No telephone number of this customer is known."), kind=Kind.UNREACHABLE)
        form: dict[str, Any] = {
            "To": message.to,
            "From": self._number,
            "StatusCallback": addresses.callback_url(self.channel) + _RETRIES,
        }
        if message.content:
            plain = message.content.translate(_PLAIN)  # an ellipsis is three characters then
            form["Body"] = plain if len(plain) <= self.capabilities.max_text else message.content
        if message.attachment:
            form["MediaUrl"] = payload_of(facts_of(message.attachment))["url"]
        answer = self._api("POST", "Messages.json", form=form, sends=True)
        if answer.status not in {200, 201}:
            raise _error(answer)
        if not (sid := _object(answer).get("sid")):
            raise never_said("Twilio")
        return SendResult(external_ids=(str(sid),))

    # The connection.

    def validate(self) -> str:
        account = self._asked("GET", f"{self._account}.json")
        if account.get("status") != "active":
            raise DeliveryError(_("Twilio says that the account is not active."), kind=Kind.CREDENTIALS)
        return f"{account.get('friendly_name', '')} {self._number}".strip()

    def account(self) -> str:
        return f"{self.channel.config.get('account_sid', '')}:{self._number}" if self._number else ""

    def connect(self, callback_url: str) -> Sequence[SetupStep]:
        number = self._phone_number()
        if number is None:
            text = _(
                "In the Twilio Console open Phone Numbers, Manage, Active numbers, choose the number, and put this "
                "address under Messaging, A message comes in, Webhook, HTTP POST."
            )
            return [SetupStep(text=text, value=callback_url + _RETRIES)]
        form = {"SmsUrl": callback_url + _RETRIES, "SmsMethod": "POST"}
        self._asked("POST", f"{self._account}/IncomingPhoneNumbers/{quote(number['sid'], safe='')}.json", form=form)
        return ()

    def disconnect(self) -> None:
        number = self._phone_number()
        if number and _without_retries(number.get("sms_url")) == addresses.callback_url(self.channel):
            path = f"{self._account}/IncomingPhoneNumbers/{quote(number['sid'], safe='')}.json"
            self._asked("POST", path, form={"SmsUrl": ""})

    def health(self) -> Health:
        number = self._phone_number()
        if number is None:
            return Health(ok=True, detail=_("The number is not of this account, so its address cannot be checked."))
        address = _without_retries(number.get("sms_url"))
        if address == addresses.callback_url(self.channel):
            is_outdated = address == number.get("sms_url")
            return Health(ok=True, webhook=_("Set to this channel's address"), is_outdated=is_outdated)
        text = addresses.elsewhere(self.channel, address)
        text = text or _("Twilio sends this number's messages to another address.")
        return Health(ok=False, detail=text, webhook=_("Set to another address") if address else _("Not set"))

    # Calling it.

    @property
    def _number(self) -> str:
        """In E.164, however it was typed."""
        typed = re.sub(r"[\s().\-/]", "", str(self.channel.config.get("phone_number", "")))
        return re.sub(r"^00", "+", typed)

    @property
    def _account(self) -> str:
        sid = quote(str(self.channel.config.get("account_sid", "")), safe="")
        return f"{settings.TWILIO_API_BASE_URL}/2010-04-01/Accounts/{sid}"

    @property
    def _authorization(self) -> Mapping[str, str]:
        pair = f"{self.channel.config.get('account_sid', '')}:{self.secrets.get('auth_token', '')}"
        return {"authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}

    def _own(self, url: str) -> str:
        """Only Twilio's own host gets the password."""
        if urlsplit(url).netloc != urlsplit(settings.TWILIO_API_BASE_URL).netloc:
            raise MediaGone(_("The file is not at Twilio."))
        return url

    def _api(self, method: str, path: str, **given: Any) -> http.Answer:
        url = path if path.startswith(settings.TWILIO_API_BASE_URL) else f"{self._account}/{path}"
        return self.call(method, url, headers=self._authorization, **given)

    def _asked(self, method: str, path: str, **given: Any) -> dict[str, Any]:
        answer = self._api(method, path, **given)
        if answer.status not in {200, 201}:
            raise _error(answer)
        return _object(answer)

    def _phone_number(self) -> dict[str, Any] | None:
        path = f"IncomingPhoneNumbers.json?PhoneNumber={quote(self._number, safe='')}"
        found = self._asked("GET", path).get("incoming_phone_numbers")
        first = dict_of(next(iter(list_of(found)), None))
        return first if isinstance(first.get("sid"), str) else None


def _without_retries(address: Any) -> str:
    return str(address or "").removesuffix(_RETRIES)


def _fields(incoming: Incoming) -> list[tuple[str, str]]:
    try:
        return parse_qsl(incoming.body.decode(), keep_blank_values=True, max_num_fields=200)
    except ValueError as error:
        raise SuspiciousOperation("No form.") from error


def _ways_to_write(url: str) -> list[str]:
    """An address with its port and without: both are signed in practice."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return [url, *(urlunsplit(parts._replace(netloc=netloc)) for netloc in (host, f"{host}:{port}"))]


def _media(fields: Mapping[str, str]) -> tuple[MediaRef, ...]:
    given = fields.get("NumMedia", "0")
    count = min(int(given), MAX_PICTURES) if given.isascii() and given.isdigit() and len(given) < 4 else 0
    return tuple(
        MediaRef(kind=_kind(mime), provider_ref=url, mime_type=mime)
        for number in range(count)
        if (url := fields.get(f"MediaUrl{number}", ""))
        for mime in [fields.get(f"MediaContentType{number}", "")]
    )


def _kind(mime: str) -> str:
    main = mime.partition("/")[0]
    return main if main in {"image", "audio", "video"} else "document"


def _status(sid: str, status: str, code: str) -> Sequence[InboundEvent]:
    known = _STATUSES.get(status)
    if known is None:
        return ()
    number = int(code) if code.isascii() and code.isdigit() and len(code) < 9 else 0
    error = _by_code(number, "", 400) if known == "failed" else None
    return (StatusChanged(status=known, external_id=sid, error=error),)


def _object(answer: http.Answer) -> dict[str, Any]:
    try:
        return dict_of(answer.json())
    except http.OutboundFailed:
        return {}


def _error(answer: http.Answer) -> DeliveryError:
    told = _object(answer)
    code = told.get("code")
    error = _by_code(code if isinstance(code, int) else 0, str(told.get("message", ""))[:150], answer.status)
    after = answer.headers.get("retry-after", "")
    if error.kind == Kind.RATE_LIMITED and after.isascii() and after.isdigit() and len(after) < 7:
        error.retry_after = timedelta(seconds=int(after))
    return error


def _by_code(code: int, words: str, status: int) -> DeliveryError:
    if code in _CREDENTIALS or status == 401:
        return DeliveryError(_("Twilio does not accept the account SID or the auth token."), kind=Kind.CREDENTIALS)
    if code in _RATE or status == 429:
        return DeliveryError(_("Twilio asks to wait."), kind=Kind.RATE_LIMITED, whole_channel=True)
    if code == 21610:
        return DeliveryError(_("The customer wrote STOP and gets no more messages."), kind=Kind.UNREACHABLE)
    if code in _UNREACHABLE:
        return DeliveryError(_("This telephone number cannot be reached."), kind=Kind.UNREACHABLE)
    if status >= 500 or code in _TRANSIENT:
        return DeliveryError(_("Twilio has a problem of its own."))
    known = {
        30007: _("The network filtered the message out."),
        30034: _("The sender's number is not registered for messages to this country."),
        21408: _("Messages to this country are switched off at Twilio."),
        21606: _("This number may not send to the customer's number."),
        21659: _("The sender's number is not one of this Twilio account."),
        21617: _("The text is too long."),
    }
    reason = known.get(code) or (_("Twilio refused it: %(words)s") % {"words": words} if words else "")
    return DeliveryError(
        reason or _("Twilio refused it (error %(code)d).") % {"code": code},
        kind=Kind.PERMANENT,
        provider_code=str(code or ""),
    )
