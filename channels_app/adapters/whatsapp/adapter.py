"""What WhatsApp is asked and told."""

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from channels_app import addresses
from channels_app.adapters.base import Capabilities, Download, Health, OutboundMessage, SendResult, SetupStep, bytes_of
from channels_app.adapters.errors import DeliveryError, Kind, MediaGone, never_said
from channels_app.adapters.events import AccountTold, ContactChanged, InboundEvent, Incoming, MediaRef, Routed
from channels_app.adapters.json import dicts, inner, text_of
from channels_app.adapters.meta import MetaAdapter
from channels_app.adapters.whatsapp.reading import ONLY_TEMPLATES, WINDOW_CLOSED, events_of, keys_of, routed
from channels_app.adapters.whatsapp.standing import standing_of
from channels_app.adapters.whatsapp.templates import components_of, template_of

_MIB = 1024 * 1024
# What WhatsApp shows as what it is, up to so many bytes; the rest goes as a document. Source: channels.md 3.8.
_MOST = {"image": 5 * _MIB, "video": 16 * _MIB, "audio": 16 * _MIB}
_SHOWN = {
    "image/jpeg": "image",
    "image/png": "image",
    "video/mp4": "video",
    "audio/mpeg": "audio",
    "audio/ogg": "audio",
}
# Of templates, a hundred each.
MOST_PAGES = 10
_WINDOW = timedelta(hours=24)
_ID = re.compile(r"[0-9]{6,30}")  # "0" in what the dashboard sends as a test
_WEBHOOKS = ("phone_number", "whatsapp_business_account", "application")


class WhatsAppAdapter(MetaAdapter):
    capabilities: ClassVar = Capabilities(
        max_text=4096,
        caption=True,
        uncaptioned=("audio",),
        max_file_bytes=100 * 1024 * 1024,
        window=_WINDOW,
        templates=True,
        quotes=True,
        reactions=("👍", "❤️", "😂", "😮", "😢", "🙏"),
        typing=timedelta(seconds=25),
        marks_read=True,
    )
    reasons: ClassVar = {
        **dict.fromkeys((3, 10, 131005), lazy("The access token lacks the permission whatsapp_business_messaging.")),
        **dict.fromkeys(
            (368, 130497, 131031), lazy("Meta has restricted this account: look into Account quality there.")
        ),
        WINDOW_CLOSED: ONLY_TEMPLATES,
        131037: lazy("Meta has not approved the number's display name yet."),
        131042: lazy("Meta cannot bill this account: look into Billing & payments there."),
        131045: lazy("This number is not registered with the Cloud API yet. Register it at Meta."),
    }
    kinds: ClassVar = {
        Kind.WINDOW_CLOSED: frozenset({WINDOW_CLOSED}),
        Kind.RATE_LIMITED: frozenset({4, 80007, 130429, 131056, 131048, 133016}),
        Kind.UNREACHABLE: frozenset({131026, 131030, 131050, 130472, 131049}),
        Kind.TRANSIENT: frozenset({1, 2, 131000, 131016, 131057, 133004}),
        Kind.CREDENTIALS: frozenset({190, 3, 10, 131005, 368, 130497, 131031, 131037, 131042, 131045}),
    }

    @classmethod
    def route(cls, incoming: Incoming) -> Sequence[Routed]:
        return tuple(routed(incoming))

    def accounts(self) -> frozenset[str]:
        """The number; and the account that it was seen to be of, not one that somebody entered."""
        config = self.channel.config
        return frozenset(
            {str(config.get("phone_number_id", "")), str(inner(config, "learned").get("waba_id", ""))} - {""}
        )

    def parse(self, payload: Any) -> Sequence[InboundEvent]:
        if not isinstance(payload, dict):
            return ()
        waba = text_of(payload, "waba")
        is_news = _ID.fullmatch(waba) and not self.channel.config.get("waba_id")
        return (*events_of(payload), *([AccountTold(name="waba_id", value=waba)] if is_news else []))

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
            raise DeliveryError(str(ONLY_TEMPLATES), kind=Kind.WINDOW_CLOSED)
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
        # A number may have two forms, in Mexico, Argentina and Brazil; they answer with the one that is told here.
        who = next(iter(dicts(told.get("contacts"))), {})
        (asked,) = keys_of("", to) if to.isdigit() else keys_of(to, "")
        also = tuple(key for key in keys_of(who.get("user_id"), who.get("wa_id")) if key != asked)
        return SendResult(
            external_ids=tuple(ids),
            to=str(who.get("wa_id", "")) if to.isdigit() else "",
            known_as=ContactChanged(old_key=asked, new_keys=also, is_as_well=True) if also else None,
        )

    def _content(self, message: OutboundMessage) -> dict[str, Any]:
        if message.template is not None:
            template = {"name": message.template.get("name"), "language": {"code": message.template.get("language")}}
            if components := components_of(message.template):
                template["components"] = components
            return {"type": "template", "template": template}
        if message.attachment is None:
            return {"type": "text", "text": {"body": message.content, "preview_url": False}}
        file = message.attachment
        kind = _SHOWN.get(file.content_type, "document")
        if file.size > _MOST.get(kind, file.size):
            kind = "document"
        form = {"messaging_product": "whatsapp", "type": file.content_type}
        upload = {"file": (file.filename, bytes_of(file), file.content_type)}
        told = self.graph("POST", f"{self._number}/media", form=form, files=upload)
        media = {"id": str(told.get("id", ""))}
        if kind == "document":
            media["filename"] = file.filename
        if message.content:
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
        """Approved ones."""
        waba = str(self.channel.config.get("waba_id", ""))
        if not waba:
            return []
        query = {"fields": "name,language,status,category,components", "limit": "100"}
        found: list[dict[str, Any]] = []
        for _page in range(MOST_PAGES):
            told = self.graph("GET", f"{waba}/message_templates", query=query)
            found += [template for each in dicts(told.get("data")) if (template := template_of(each))]
            query["after"] = text_of(inner(told, "paging", "cursors"), "after")
            if not query["after"] or not inner(told, "paging").get("next"):
                break
        return found

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
        told = self.graph("GET", self._number, query={"fields": "webhook_configuration"})
        address = text_of(inner(told, "webhook_configuration"), "phone_number")
        if address == addresses.callback_url(self.channel):  # else it is another's by now
            self.graph("POST", self._number, json={"webhook_configuration": {"override_callback_uri": ""}})

    def health(self) -> Health:
        told = self.graph("GET", self._number, query={"fields": "quality_rating,status,webhook_configuration"})
        facts = {}
        if told.get("quality_rating"):
            facts[str(_("Quality that Meta sees"))] = str(told["quality_rating"]).capitalize()
        if told.get("status"):
            facts[str(_("Number"))] = str(told["status"]).capitalize()
        where = inner(told, "webhook_configuration")
        # The nearest one counts. Source: channels.md 3.11.
        address = next((url for name in _WEBHOOKS if (url := text_of(where, name))), "")
        if address and not address.startswith(f"{settings.PUBLIC_BASE_URL}/"):
            text = _("Meta sends this number's messages to another address.")
            return Health(ok=False, detail=text, webhook=_("Set to another address"), facts=facts)
        if where and not address and self._was_set_by_us:
            text = _("Meta does not send this number's messages here any more. Test the connection to set it anew.")
            return Health(ok=False, detail=text, webhook=_("Not set"), facts=facts)
        webhook = _("Set to our address") if address else _("As the Meta app has it: Meta does not tell us")
        ok, text = standing_of(told)
        ends = self.token_ends()
        return Health(ok=ok, detail=text, webhook=webhook, facts=facts, expires_at=ends, is_shaky=ok and bool(text))

    @property
    def _was_set_by_us(self) -> bool:
        """Whether Meta took our address from us; else a person was asked to enter it there."""
        steps = self.channel.setup.get("steps")
        ours = addresses.callback_url(self.channel)
        return steps is not None and all(step["value"] != ours for step in steps)

    @property
    def _number(self) -> str:
        return str(self.channel.config.get("phone_number_id", ""))


def _address(to: str) -> dict[str, str]:
    """A number, or since May 2026 the user's id in its place."""
    return {"to": to} if to.isdigit() else {"recipient": to}
