"""WhatsApp's Cloud API. Source: channels.md 3."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from channels_app.adapters.base import Capabilities, Download, Health, OutboundMessage, SendResult, SetupStep, bytes_of
from channels_app.adapters.errors import DeliveryError, Kind, MediaGone, never_said
from channels_app.adapters.events import (
    ContactChanged,
    ContactRef,
    EchoReceived,
    InboundEvent,
    Incoming,
    MediaRef,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    ReactionChanged,
    Routed,
    StatusChanged,
)
from channels_app.adapters.meta import MetaAdapter, dicts, digest, entries, inner, moment, words

_FILES = ("image", "video", "audio", "document", "sticker")
# What WhatsApp shows as what it is; the rest goes as a document.
_SHOWN = {
    "image/jpeg": "image",
    "image/png": "image",
    "video/mp4": "video",
    "audio/mpeg": "audio",
    "audio/ogg": "audio",
}
_WINDOW = timedelta(hours=24)


class WhatsAppAdapter(MetaAdapter):
    capabilities: ClassVar = Capabilities(
        max_text=4096,
        caption=True,
        max_file_bytes=100 * 1024 * 1024,
        window=_WINDOW,
        templates=True,
        receipts="read",
        quotes=True,
        reactions=("👍", "❤️", "😂", "😮", "😢", "🙏"),
        typing=timedelta(seconds=25),
        marks_read=True,
    )
    kinds: ClassVar = {
        Kind.WINDOW_CLOSED: frozenset({131047}),
        Kind.RATE_LIMITED: frozenset({4, 80007, 130429, 131056, 131048, 133016}),
        Kind.UNREACHABLE: frozenset({131026, 131030, 131050, 130472, 131049}),
        Kind.TRANSIENT: frozenset({1, 2, 131000, 131016, 131057, 133004}),
        Kind.CREDENTIALS: frozenset({190, 3, 10, 131005, 368, 130497, 131031, 131037, 131042, 131045}),
    }

    @classmethod
    def route(cls, incoming: Incoming) -> Sequence[Routed]:
        return tuple(_routed(incoming))

    def accounts(self) -> frozenset[str]:
        return frozenset({str(self.channel.config.get("phone_number_id", ""))} - {""})

    def parse(self, payload: Any) -> Sequence[InboundEvent]:
        return tuple(_events(payload)) if isinstance(payload, dict) else ()

    def journal_key(self, external_id: str) -> str:
        return f"wamid:{external_id}"

    def fetch_media(self, ref: MediaRef) -> Download:
        try:
            found = self.graph("GET", ref.provider_ref)
        except DeliveryError as error:
            if error.kind == Kind.PERMANENT:
                raise MediaGone(_("WhatsApp does not have the file any more")) from None
            raise
        return self.download(str(found.get("url", "")), authorized=True)

    def send(self, message: OutboundMessage) -> SendResult:
        to = message.to
        if not to:
            raise DeliveryError(_("WhatsApp knows no number of this customer."), kind=Kind.PERMANENT)
        heard = message.last_heard_at
        if message.template is None and heard and heard < timezone.now() - _WINDOW:
            text = _("More than 24 hours since the customer wrote: only a template may be sent.")
            raise DeliveryError(text, kind=Kind.WINDOW_CLOSED)
        body = {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            **_address(to),
            **self._content(message),
            **({"context": {"message_id": message.reply_to}} if message.reply_to else {}),
            "biz_opaque_callback_data": str(message.delivery_id),
        }
        told = self.graph("POST", f"{self._number}/messages", json=body, sends=True)
        ids = [str(each["id"]) for each in dicts(told.get("messages")) if each.get("id")]
        if not ids:
            raise never_said("WhatsApp")
        corrected = next((str(each["wa_id"]) for each in dicts(told.get("contacts")) if each.get("wa_id")), "")
        return SendResult(external_ids=tuple(ids), to=corrected if to.isdigit() else "")

    def _content(self, message: OutboundMessage) -> dict[str, Any]:
        if message.template is not None:
            blanks = [{"type": "text", "text": str(text)} for text in message.template.get("blanks", [])]
            template = {"name": message.template.get("name"), "language": {"code": message.template.get("language")}}
            if blanks:
                template["components"] = [{"type": "body", "parameters": blanks}]
            return {"type": "template", "template": template}
        if message.attachment is None:
            return {"type": "text", "text": {"body": message.content, "preview_url": False}}
        file = message.attachment
        kind = _SHOWN.get(file.content_type, "document")
        form = {"messaging_product": "whatsapp", "type": file.content_type}
        upload = {"file": (file.filename, bytes_of(file), file.content_type)}
        told = self.graph("POST", f"{self._number}/media", form=form, files=upload)
        media = {"id": str(told.get("id", ""))}
        if kind == "document":
            media["filename"] = file.filename
        if message.content and kind != "audio":
            media["caption"] = message.content
        return {"type": kind, kind: media}

    def show_typing(self, *, to: str, external_id: str) -> None:
        """Only together with the mark, as whoever answers has read."""
        self._mark(external_id, typing_indicator={"type": "text"})

    def react(self, *, to: str, external_id: str, emoji: str) -> None:
        body = {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            **_address(to),
            "type": "reaction",
            "reaction": {"message_id": external_id, "emoji": emoji},
        }
        self.graph("POST", f"{self._number}/messages", json=body)

    def mark_read(self, *, to: str, external_id: str) -> None:
        self._mark(external_id)

    def _mark(self, external_id: str, **more: Any) -> None:
        body = {"messaging_product": "whatsapp", "status": "read", "message_id": external_id, **more}
        self.graph("POST", f"{self._number}/messages", json=body)

    def templates(self) -> list[dict[str, Any]]:
        """Approved ones whose only blanks are in the text: what the composer can fill."""
        waba = str(self.channel.config.get("waba_id", ""))
        if not waba:
            return []
        query = {"fields": "name,language,status,category,components", "limit": "100"}
        told = self.graph("GET", f"{waba}/message_templates", query=query)
        return [found for each in dicts(told.get("data")) if (found := _template(each))]

    def validate(self) -> str:
        fields = "display_phone_number,verified_name,quality_rating,status,webhook_configuration"
        told = self.graph("GET", self._number, query={"fields": fields})
        name = str(told.get("display_phone_number", ""))
        self.channel.config |= {"display_name": name}
        return f"{name} {told.get('verified_name', '')}".strip()

    def account(self) -> str:
        return self._number

    def connect(self, callback_url: str) -> Sequence[SetupStep]:
        """By one call where Meta lets the token do it; else a person does it in Meta's dashboard."""
        word = str(self.channel.config.get("verify_token", ""))
        hook = {"override_callback_uri": callback_url, "verify_token": word}
        try:
            self.graph("POST", self._number, json={"webhook_configuration": hook})
            if waba := self.channel.config.get("waba_id"):
                self.graph("POST", f"{waba}/subscribed_apps", json={})
        except DeliveryError as error:
            if error.kind not in {Kind.PERMANENT, Kind.CREDENTIALS}:
                raise
            return (
                SetupStep(
                    text=_("In the Meta app open WhatsApp, Configuration, and paste this as callback URL."),
                    value=callback_url,
                ),
                SetupStep(text=_("Paste this as verify token, and press “Verify and save”."), value=word),
                SetupStep(text=_("Under “Webhook fields” subscribe to “messages”.")),
                *self.unsigned_step(),
            )
        return self.unsigned_step()

    def disconnect(self) -> None:
        self.graph("POST", self._number, json={"webhook_configuration": {"override_callback_uri": ""}})

    def health(self) -> Health:
        told = self.graph("GET", self._number, query={"fields": "quality_rating,status,webhook_configuration"})
        facts = {}
        if told.get("quality_rating"):
            facts[str(_("Quality that Meta sees"))] = str(told["quality_rating"]).capitalize()
        if told.get("status"):
            facts[str(_("Number"))] = str(told["status"]).capitalize()
        where = inner(told, "webhook_configuration")
        known = [str(value) for value in where.values() if isinstance(value, str)]
        if known and not any(value.startswith(settings.PUBLIC_BASE_URL) for value in known):
            return Health(ok=False, detail=_("Meta sends this number's messages to another address."), facts=facts)
        return Health(ok=True, facts=facts, expires_at=self.token_ends())

    @property
    def _number(self) -> str:
        return str(self.channel.config.get("phone_number_id", ""))


def _address(to: str) -> dict[str, str]:
    """A number, or since May 2026 the user's id in its place."""
    return {"to": to} if to.isdigit() else {"recipient": to}


def _routed(incoming: Incoming) -> Iterator[Routed]:
    for entry in entries(incoming, "whatsapp_business_account"):
        for change in dicts(entry.get("changes")):
            value = inner(change, "value")
            account = str(inner(value, "metadata").get("phone_number_id", ""))
            contacts = dicts(value.get("contacts"))
            for message in dicts(value.get("messages")):
                yield Routed(
                    account=account,
                    dedup_key=f"wamid:{message.get('id') or digest(message)}",
                    payload={"contacts": _of(message, contacts), "message": message},
                )
            for echo in dicts(value.get("message_echoes")):
                yield Routed(
                    account=account, dedup_key=f"wamid:{echo.get('id') or digest(echo)}:echo", payload={"echo": echo}
                )
            for status in dicts(value.get("statuses")):
                key = f"wamid:{status.get('id')}:{status.get('status')}"
                yield Routed(account=account, dedup_key=key, payload={"status": status})
            if not any(name in value for name in ("messages", "message_echoes", "statuses")):
                yield Routed(account=account, dedup_key=f"other:{digest(change)}", payload={"other": change})


def _of(message: Mapping[str, Any], contacts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Whose message it is: by ids and never by the place in the list."""
    ids = [each for each in (message.get("from"), message.get("from_user_id")) if isinstance(each, str)]
    return [each for each in contacts if each.get("wa_id") in ids or each.get("user_id") in ids]


def _events(payload: Mapping[str, Any]) -> Iterator[InboundEvent]:
    message = inner(payload, "message")
    if message:
        yield from _received(message, next(iter(dicts(payload.get("contacts"))), {}))
    echo = inner(payload, "echo")
    if echo and echo.get("to") and echo.get("id") and echo.get("type") not in {"edit", "revoke"}:
        yield EchoReceived(
            thread_key=str(echo["to"]),
            external_id=str(echo["id"]),
            text=_text(echo),
            media=_media(echo),
            contact=ContactRef(keys=(f"tel:+{echo['to']}",)),
            occurred_at=moment(echo.get("timestamp")),
        )
    status = inner(payload, "status")
    if status.get("id"):
        yield from _status(status)


def _status(status: Mapping[str, Any]) -> Iterator[InboundEvent]:
    said = {"played": "read"}.get(str(status.get("status")), str(status.get("status")))
    if said not in {"sent", "delivered", "read", "failed"}:
        return
    error = next(iter(dicts(status.get("errors"))), None)
    yield StatusChanged(
        status=said,
        external_id=str(status["id"]),
        correlation=str(status.get("biz_opaque_callback_data", "")),
        error=DeliveryError(_why(error), kind=Kind.PERMANENT) if error else None,
        occurred_at=moment(status.get("timestamp")),
    )
    number, user = status.get("recipient_id"), status.get("recipient_user_id")
    if number and user:  # so that they are known when they hide the number
        yield ContactChanged(old_key=f"tel:+{number}", new_keys=(f"bsuid:{user}",), is_as_well=True)


def _why(error: Mapping[str, Any]) -> str:
    if error.get("code") == 131047:
        return _("More than 24 hours since the customer wrote: only a template may be sent.")
    if error.get("code") == 131026:
        return _("This number is not on WhatsApp, or blocked you.")
    said = inner(error, "error_data").get("details") or error.get("title") or error.get("message") or error.get("code")
    return _("WhatsApp could not deliver it: %(words)s") % {"words": str(said)[:200]}


def _received(message: Mapping[str, Any], contact: Mapping[str, Any]) -> Iterator[InboundEvent]:
    kind = str(message.get("type", ""))
    about = inner(message, kind)
    who = _contact(message, contact)
    if kind in {"edit", "revoke"} and about.get("original_message_id"):
        original = str(about["original_message_id"])
        if kind == "edit":
            yield MessageEdited(external_id=original, text=_text(inner(about, "message")))
        else:
            yield MessageDeleted(external_id=original)
        return
    if not who.keys or not message.get("id"):
        return
    if kind == "system":
        new = tuple(_keys(about.get("user_id"), about.get("wa_id")))
        for old in dict.fromkeys([*_keys(about.get("previous_user_id"), None), *reversed(who.keys)]):
            yield ContactChanged(old_key=old, new_keys=new)
        return
    if kind == "reaction":
        yield ReactionChanged(
            external_id=str(about.get("message_id", "")), contact=who, emoji=str(about.get("emoji", ""))
        )
        return
    yield MessageReceived(
        contact=who,
        thread_key=str(message.get("from") or message.get("from_user_id")),
        one_thread=True,
        external_id=str(message["id"]),
        text=_text(message),
        media=_media(message),
        reply_to=str(inner(message, "context").get("id", "")),
        occurred_at=moment(message.get("timestamp")),
    )


def _media(message: Mapping[str, Any]) -> tuple[MediaRef, ...]:
    kind = str(message.get("type", ""))
    file = inner(message, kind)
    if kind not in _FILES or not file.get("id"):
        return ()
    return (
        MediaRef(
            kind="voice" if file.get("voice") else kind,
            provider_ref=str(file["id"]),
            mime_type=str(file.get("mime_type", "")),
            filename=str(file.get("filename", "")),
        ),
    )


def _text(message: Mapping[str, Any]) -> str:
    """Its words; what is neither text nor file, in words."""
    kind = str(message.get("type", ""))
    about = inner(message, kind)
    if kind == "text":
        return str(about.get("body", ""))
    if kind in _FILES:
        return str(about.get("caption", ""))
    if kind == "button":
        return str(about.get("text") or about.get("payload") or "")
    if kind == "interactive":
        chosen = inner(about, "button_reply") or inner(about, "list_reply") or inner(about, "nfm_reply")
        return str(chosen.get("title") or chosen.get("body") or chosen.get("name") or _("(Pressed a button)"))
    if kind == "location":
        named = " ".join(str(about[part]) for part in ("name", "address") if about.get(part))
        place = f"{about.get('latitude')}, {about.get('longitude')}"
        return _("Place: %(place)s") % {"place": f"{named} ({place})" if named else place}
    if kind == "contacts":
        cards = dicts(message.get("contacts"))
        names = [str(inner(card, "name").get("formatted_name", "")) for card in cards]
        phones = [str(phone.get("phone", "")) for card in cards for phone in dicts(card.get("phones"))]
        return _("Contact: %(who)s") % {"who": ", ".join(filter(None, [*names, *phones]))}
    if kind == "order":
        count = len(dicts(about.get("product_items")))
        order = ngettext("(An order of %(count)d product)", "(An order of %(count)d products)", count)
        return f"{about.get('text', '')}\n{order % {'count': count}}".strip()
    return _("(A kind of message that PingBack cannot show)")


def _contact(message: Mapping[str, Any], contact: Mapping[str, Any]) -> ContactRef:
    """By the user's id, which outlives the number; WhatsApp checked the number, so other channels may go by it."""
    user = message.get("from_user_id") or contact.get("user_id")
    number = message.get("from") or contact.get("wa_id")
    keys = tuple(_keys(user, number))
    profile = inner(contact, "profile")
    return ContactRef(
        keys=keys,
        proven=tuple(key for key in keys if key.startswith("tel:")),
        name=words(profile, "name") or words(profile, "username"),
        handle=f"+{number}" if number else words(profile, "username"),
    )


def _keys(user: Any, number: Any) -> Iterator[str]:
    if user:
        yield f"bsuid:{user}"
    if number:
        yield f"tel:+{number}"


def _template(found: Mapping[str, Any]) -> dict[str, Any] | None:
    parts = dicts(found.get("components"))
    body = next((str(part.get("text", "")) for part in parts if str(part.get("type")).upper() == "BODY"), "")
    others = [part for part in parts if str(part.get("type")).upper() != "BODY"]
    if found.get("status") != "APPROVED" or not body or any("{{" in str(part) for part in others):
        return None
    blanks = 0
    while f"{{{{{blanks + 1}}}}}" in body:
        blanks += 1
    if "{{" in body and not blanks:  # named ones
        return None
    return {"name": str(found.get("name")), "language": str(found.get("language")), "body": body, "blanks": blanks}
