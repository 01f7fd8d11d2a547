"""What WhatsApp and Instagram share: Meta's challenge, its signature, its Graph. Source: channels.md 3 and 4."""

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.utils.translation import gettext as _

from channels_app.adapters import json
from channels_app.adapters.base import ChannelAdapter, Download, SetupStep, same
from channels_app.adapters.errors import DeliveryError, Kind, MediaGone, never_said
from channels_app.adapters.events import Incoming, Reply
from channels_app.adapters.json import dict_of, dicts, inner, number_of
from channels_app.connect_forms import DEFAULT_VERIFY_TOKEN

# "Pair rate limit": too much to one customer.
_TO_ONE_CUSTOMER = 131056
_LONGEST_MINUTES = 24 * 60
# Where Meta's own files lie; the token goes nowhere else.
_FILE_HOSTS = ("lookaside.fbsbx.com",)


class MetaAdapter(ChannelAdapter):
    is_sole = True
    base_url: ClassVar[str] = "META_GRAPH_BASE_URL"
    # Codes of errors, and pairs of code and subcode before them: what is not listed is transient from 500 on.
    kinds: ClassVar[Mapping[Kind, frozenset[int]]] = {}
    # What the owner is told of a code, where its kind does not say enough.
    reasons: ClassVar[Mapping[int, Any]] = {}

    @classmethod
    def handshake(cls, incoming: Incoming, channels: Iterable[ChannelAdapter]) -> Reply | None:
        """The word of the contract, or of any active channel of the type."""
        if incoming.method != "GET":
            return None
        given = incoming.query.get("hub.verify_token", "")
        words = {DEFAULT_VERIFY_TOKEN, *(str(each.channel.config.get("verify_token", "")) for each in channels)} - {""}
        matches = [word for word in words if same(word, given)]
        if incoming.query.get("hub.mode") != "subscribe" or not matches:
            return Reply(status=403)
        return Reply(body=incoming.query.get("hub.challenge", "")[:1000])

    def claims(self) -> frozenset[str]:
        """Once Meta agreed, and until another channel has it: anybody can write any number into a form, and the
        installation's secret vouches for all."""
        has_it = self.channel.connected_at and self.channel.sole_account
        return self.accounts() if has_it else frozenset()

    def verify(self, incoming: Incoming) -> None:
        secret = self.secrets.get("app_secret") or settings.META_APP_SECRET
        if not secret and settings.META_ALLOW_UNSIGNED:
            return
        signed = "sha256=" + hmac.digest(secret.encode(), incoming.body, hashlib.sha256).hex()
        if not secret or not same(incoming.headers.get("x-hub-signature-256", ""), signed):
            raise SuspiciousOperation("Not signed with the secret of this channel's app.")

    def unsigned_step(self) -> tuple[SetupStep, ...]:
        """What is to be done when Meta's posts would be refused, as nothing proves whose they are."""
        if self.secrets.get("app_secret") or settings.META_APP_SECRET or settings.META_ALLOW_UNSIGNED:
            return ()
        text = _("Enter the app secret above: without it nothing of what Meta sends is believed, and nothing arrives.")
        return (SetupStep(text=text),)

    def token_ends(self) -> datetime | None:
        """When the access token runs out; None when it does not, or when Meta does not say. Best effort."""
        token = self.secrets.get("access_token", "")
        try:
            told = self.graph("GET", "debug_token", query={"input_token": token})
        except DeliveryError:
            return None
        return moment(inner(told, "data").get("expires_at"))

    def graph(
        self, method: str, path: str, *, query: Mapping[str, str] | None = None, sends: bool = False, **body: Any
    ) -> Any:
        """What Graph answers. Raises DeliveryError by the code in the body: a throttle is a 400 here."""
        url = f"{getattr(settings, self.base_url)}/{settings.META_GRAPH_VERSION}/{path}"
        if query:
            url = f"{url}?{urlencode(query)}"
        answer = self.call(method, url, sends=sends, headers=self._authorized(), **body)
        try:
            told = answer.json()
        except Exception:
            if sends and answer.status == 200:
                raise never_said("Meta") from None
            told = None
        error = inner(told, "error")
        if answer.status < 400 and not error and told is not None:
            return told
        raise self.error_of(answer.status, error, wait=_until_calm(answer.headers))

    def error_of(self, status: int, error: Mapping[str, Any], *, wait: timedelta | None = None) -> DeliveryError:
        """wait: what Meta says of how long it wants to be left alone."""
        code, subcode = number_of(error.get("code")), number_of(error.get("error_subcode"))
        kind = self.kind_of(status, code, subcode)
        if error.get("is_transient") is True:
            kind = Kind.TRANSIENT
        default = {
            Kind.TRANSIENT: _("Meta has trouble of its own."),
            Kind.RATE_LIMITED: _("Meta wants us to slow down."),
            Kind.WINDOW_CLOSED: _("The reply window is closed: the customer has to write first."),
            Kind.CREDENTIALS: _("Meta does not take the access token any more."),
            Kind.UNREACHABLE: _("Meta cannot reach this customer."),
        }
        details = inner(error, "error_data").get("details")
        said = str(details or error.get("error_user_msg") or error.get("message") or status)[:200]
        text = str(self.reasons.get(code, "")) or default.get(kind) or _("Meta refused it: %(words)s") % {"words": said}
        # Of all but this one, the whole number or page has to slow down.
        whole = kind == Kind.RATE_LIMITED and code != _TO_ONE_CUSTOMER
        retry_after = wait if kind == Kind.RATE_LIMITED else None
        return DeliveryError(
            text, kind=kind, whole_channel=whole, retry_after=retry_after, provider_code=str(code or status)
        )

    def kind_of(self, status: int, code: int, subcode: int) -> Kind:
        for kind, codes in self.kinds.items():
            if code in codes or (subcode and subcode in codes):
                return kind
        if code and 200 <= code <= 299:
            return Kind.CREDENTIALS
        if status >= 500:
            return Kind.TRANSIENT
        if status == 401 or (status == 403 and not code):
            return Kind.CREDENTIALS
        return Kind.RATE_LIMITED if status == 429 else Kind.PERMANENT

    def download(self, url: str, *, authorized: bool) -> Download:
        """From Meta's own hosts; with the token only there. An address that needs it is good for minutes, and what it
        leads to for days: it is asked for anew."""
        host = urlsplit(url).hostname or ""
        ours = urlsplit(getattr(settings, self.base_url)).hostname or ""
        with_token = authorized and (host in _FILE_HOSTS or host == ours)
        answer = self.call("GET", url, headers=self._authorized() if with_token else {}, max_bytes=settings.MEDIA_BYTES)
        if answer.status in {400, 403, 404, 410} and not authorized:
            raise MediaGone(_("Meta does not have the file any more"))
        if answer.status != 200:
            raise DeliveryError(_("Meta does not hand out the file."))
        return Download(content=answer.body, content_type=answer.headers.get("content-type", ""))

    def _authorized(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.secrets.get('access_token', '')}"}


def _until_calm(headers: Mapping[str, str]) -> timedelta | None:
    """It is told in minutes, by account and kind of use."""
    try:
        told = json.read(headers.get("x-business-use-case-usage", "").encode())
    except ValueError:
        return None
    uses = [use for of in dict_of(told).values() for use in dicts(of)]
    minutes = max((number_of(use.get("estimated_time_to_regain_access")) for use in uses), default=0)
    return timedelta(minutes=min(minutes, _LONGEST_MINUTES)) if minutes > 0 else None


def entries(incoming: Incoming, name: str) -> Iterator[dict[str, Any]]:
    """Every entry of a post about this object. Raises SuspiciousOperation for what is none."""
    told = incoming.json()
    if not isinstance(told, dict) or told.get("object") != name:
        raise SuspiciousOperation("Not about this.")
    yield from dicts(told.get("entry"))


def moment(value: Any, *, thousandths: bool = False) -> datetime | None:
    try:
        seconds = int(value) / (1000 if thousandths else 1)
    except (TypeError, ValueError, OverflowError):
        return None
    return datetime.fromtimestamp(seconds, UTC) if 0 < seconds < 2**33 else None


def digest(item: Any) -> str:
    """For what has no id of its own."""
    return hashlib.sha256(repr(item).encode(errors="replace")).hexdigest()[:40]
