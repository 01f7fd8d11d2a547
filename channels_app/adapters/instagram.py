"""Instagram's messaging API, in the flavour of a linked page. Source: channels.md 4."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar

from django.utils import timezone
from django.utils.translation import gettext as _

from channels_app.adapters.base import Capabilities, Download, Health, OutboundMessage, SendResult, SetupStep
from channels_app.adapters.errors import DeliveryError, Kind, never_said
from channels_app.adapters.events import (
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
from channels_app.adapters.json import dicts, inner
from channels_app.adapters.meta import MetaAdapter, digest, entries, moment
from conversations.attachments import facts_of, payload_of

_FIELDS = "messages,message_reactions,messaging_postbacks,messaging_seen,message_edit,messaging_referral,standby"
_KINDS = {"image": "image", "video": "video", "audio": "audio", "file": "document", "sticker": "sticker"}
_SENT_AS = {
    "image/jpeg": "image",
    "image/png": "image",
    "image/gif": "image",
    "video/mp4": "video",
    "application/pdf": "file",
}
_RESPONSE, _HUMAN = timedelta(hours=24), timedelta(days=7)


class InstagramAdapter(MetaAdapter):
    asks_names = True
    base_url: ClassVar = "INSTAGRAM_GRAPH_BASE_URL"
    capabilities: ClassVar = Capabilities(
        max_text=1000,
        unit="bytes",
        max_file_bytes=25 * 1024 * 1024,
        max_image_bytes=8 * 1024 * 1024,
        file_types=tuple(_SENT_AS),
        window=_HUMAN,
        reactions=("❤",),
        typing=timedelta(seconds=10),
        marks_read=True,
    )
    kinds: ClassVar = {
        Kind.WINDOW_CLOSED: frozenset({2534022, 2018278}),
        Kind.UNREACHABLE: frozenset({2018001, 1545041, 2534014, 2534001, 551}),
        Kind.TRANSIENT: frozenset({1545133, 1893063, 1, 2, 1200, 368}),
        Kind.CREDENTIALS: frozenset({190, 102, 10, 200, 230, 3}),
        Kind.RATE_LIMITED: frozenset({4, 17, 32, 613}),
    }

    @classmethod
    def route(cls, incoming: Incoming) -> Sequence[Routed]:
        return tuple(_routed(incoming))

    def accounts(self) -> frozenset[str]:
        config = self.channel.config
        return frozenset({str(config.get("page_id", "")), str(config.get("account_id", ""))} - {""})

    def parse(self, payload: Any) -> Sequence[InboundEvent]:
        return tuple(_events(payload)) if isinstance(payload, dict) else ()

    def journal_key(self, external_id: str) -> str:
        return f"ig:{external_id}:message"

    def fetch_media(self, ref: MediaRef) -> Download:
        return self.download(ref.provider_ref, authorized=False)

    def name_of(self, key: str) -> str:
        """Only of who has written, and then it may be null. Source: channels.md 4.1."""
        writer = key.removeprefix("ig:")
        if not (writer.isascii() and writer.isdigit()):
            return ""
        told = self.graph("GET", writer, query={"fields": "name,username"})
        name, handle = told.get("name"), told.get("username")
        return str(name) if name else f"@{handle}" if handle else ""

    def send(self, message: OutboundMessage) -> SendResult:
        if not message.to:
            raise DeliveryError(_("On Instagram the customer has to write first."), kind=Kind.PERMANENT)
        content: dict[str, Any] = {"text": message.content}
        if message.attachment is not None:
            kind = _SENT_AS.get(message.attachment.content_type, "file")
            url = payload_of(facts_of(message.attachment))["url"]
            content = {"attachment": {"type": kind, "payload": {"url": url}}}
        body = {"recipient": {"id": message.to}, **self._kind(message), "message": content}
        told = self.graph("POST", f"{self._page}/messages", json=body, sends=True)
        if not told.get("message_id"):
            raise never_said("Instagram")
        return SendResult(external_ids=(str(told["message_id"]),))

    def show_typing(self, *, to: str, external_id: str) -> None:
        self._act("typing_on", to)

    def mark_read(self, *, to: str, external_id: str) -> None:
        self._act("mark_seen", to)

    def react(self, *, to: str, external_id: str, emoji: str) -> None:
        about = {"message_id": external_id, **({"reaction": "love"} if emoji else {})}
        self._act("react" if emoji else "unreact", to, payload=about)

    def _act(self, action: str, to: str, **more: Any) -> None:
        self.graph("POST", f"{self._page}/messages", json={"recipient": {"id": to}, "sender_action": action, **more})

    def _kind(self, message: OutboundMessage) -> dict[str, str]:
        """After a day only a person may still answer, and says so; after a week nobody."""
        since = timezone.now() - message.last_heard_at if message.last_heard_at else timedelta(0)
        if since <= _RESPONSE:
            return {"messaging_type": "RESPONSE"}
        if since <= _HUMAN and message.by_person:
            return {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
        raise DeliveryError(_("The reply window is closed: the customer has to write first."), kind=Kind.WINDOW_CLOSED)

    def validate(self) -> str:
        told = self.graph("GET", self._page, query={"fields": "name,instagram_business_account{id,username}"})
        account = inner(told, "instagram_business_account")
        if not account.get("id"):
            text = _("No Instagram account is linked to this page.")
            raise DeliveryError(text, kind=Kind.CREDENTIALS)
        name = str(account.get("username", ""))
        self.channel.config |= {"account_id": str(account["id"]), "display_name": f"@{name}" if name else ""}
        return f"@{name}"

    def account(self) -> str:
        return self._page

    def connect(self, callback_url: str) -> Sequence[SetupStep]:
        self.graph("POST", f"{self._page}/subscribed_apps", query={"subscribed_fields": _FIELDS}, json={})
        return (
            SetupStep(
                text=_(
                    "In the Meta app open Instagram, API setup, Configure webhooks, and paste this as callback URL."
                ),
                value=callback_url,
            ),
            SetupStep(
                text=_("Paste this as verify token, and press “Verify and save”."),
                value=str(self.channel.config.get("verify_token", "")),
            ),
            SetupStep(
                text=_(
                    "Subscribe to “messages”, “messaging_postbacks”, “messaging_seen”, “message_reactions” and "
                    "“message_edit”."
                )
            ),
            *self.unsigned_step(),
        )

    def disconnect(self) -> None:
        self.graph("DELETE", f"{self._page}/subscribed_apps")

    def health(self) -> Health:
        told = self.graph("GET", f"{self._page}/subscribed_apps")
        if not dicts(told.get("data")):
            text = _("Meta does not send this account's messages to any app.")
            return Health(ok=False, detail=text, webhook=_("The page's messages go to no Meta app"))
        return Health(ok=True, webhook=_("The page's messages go to a Meta app"), expires_at=self.token_ends())

    @property
    def _page(self) -> str:
        return str(self.channel.config.get("page_id", ""))


def _routed(incoming: Incoming) -> Iterator[Routed]:
    for entry in entries(incoming, "instagram"):
        # Another app, or Meta's own agent, is at what is in standby.
        aside = [{**item, "standby": True} for item in dicts(entry.get("standby"))]
        for item in [*dicts(entry.get("messaging")), *aside]:
            echo = inner(item, "message").get("is_echo") is True
            business = inner(item, "sender" if echo else "recipient").get("id")
            # Normally the Instagram account's, in one of Meta's samples the page's.
            for account in dict.fromkeys([str(entry.get("id", "")), str(business or "")]):
                yield Routed(account=account, dedup_key=_key(item), payload=item)
        for change in dicts(entry.get("changes")):  # comments, and what the dashboard tries out
            yield Routed(account=str(entry.get("id", "")), dedup_key=f"ig:{digest(change)}", payload={"change": change})


def _key(item: Mapping[str, Any]) -> str:
    """Several events share the id of a message."""
    message, edit, read = inner(item, "message"), inner(item, "message_edit"), inner(item, "read")
    reaction = inner(item, "reaction")
    if message.get("mid"):
        return f"ig:{message['mid']}:{'deleted' if message.get('is_deleted') else 'message'}"
    if edit.get("mid"):
        return f"ig:{edit['mid']}:edit:{edit.get('num_edit')}"
    if read.get("mid"):
        return f"ig:{read['mid']}:read"
    if reaction.get("mid"):
        who = inner(item, "sender").get("id")
        return f"ig:{reaction['mid']}:reaction:{who}:{reaction.get('action')}:{item.get('timestamp')}"
    return f"ig:{digest(item)}"


def _events(item: Mapping[str, Any]) -> Iterator[InboundEvent]:
    sender, recipient = (str(inner(item, side).get("id", "")) for side in ("sender", "recipient"))
    when = moment(item.get("timestamp"), thousandths=True)
    who = ContactRef(keys=(f"ig:{sender}",))
    message, edit, read = inner(item, "message"), inner(item, "message_edit"), inner(item, "read")
    reaction, pressed = inner(item, "reaction"), inner(item, "postback")
    if message.get("mid"):
        mid = str(message["mid"])
        if message.get("is_deleted"):
            yield MessageDeleted(external_id=mid, occurred_at=when)
        elif message.get("is_echo"):
            media = tuple(_media(message))
            yield EchoReceived(
                thread_key=recipient, external_id=mid, text=_text(message, media), media=media, occurred_at=when
            )
        elif sender:
            media = tuple(_media(message))
            yield MessageReceived(
                contact=who,
                thread_key=sender,
                external_id=mid,
                text=_text(message, media),
                media=media,
                automated="standby" in item,
                reply_to=str(inner(message, "reply_to").get("mid", "")),
                occurred_at=when,
            )
    if pressed and sender:
        text = str(pressed.get("title") or pressed.get("payload") or "")
        external_id = str(pressed.get("mid") or f"postback:{digest(item)}")
        yield MessageReceived(
            contact=who,
            thread_key=sender,
            external_id=external_id,
            text=text,
            automated="standby" in item,
            occurred_at=when,
        )
    if edit.get("mid"):
        yield MessageEdited(external_id=str(edit["mid"]), text=str(edit.get("text", "")), occurred_at=when)
    if read.get("mid"):
        yield StatusChanged(status="read", external_id=str(read["mid"]), occurred_at=when)
    if reaction.get("mid"):
        emoji = str(reaction.get("emoji") or "❤") if reaction.get("action") == "react" else ""
        yield ReactionChanged(external_id=str(reaction["mid"]), contact=who, emoji=emoji, occurred_at=when)


def _media(message: Mapping[str, Any]) -> Iterator[MediaRef]:
    for attachment in dicts(message.get("attachments")):
        url = inner(attachment, "payload").get("url")
        kind = _KINDS.get(str(attachment.get("type", "")))
        if kind and isinstance(url, str):
            yield MediaRef(kind=kind, provider_ref=url)


def _text(message: Mapping[str, Any], media: Sequence[MediaRef]) -> str:
    """Its words, and what came with it that is no file: a post, a story, something that vanishes."""
    lines = [str(message["text"])] if message.get("text") else []
    seen: set[str] = set()
    for attachment in dicts(message.get("attachments")):
        kind, about = str(attachment.get("type", "")), inner(attachment, "payload")
        if kind in _KINDS:
            continue
        same_post = {str(about[name]) for name in ("ig_post_media_id", "id", "url") if about.get(name)}
        if same_post & seen:
            continue
        seen |= same_post
        link = about.get("url")
        said = {
            "story_mention": _("Mentioned you in a story"),
            "ephemeral": _("(A picture that vanished)"),
        }.get(kind, str(about.get("title") or _("Shared a post")))
        lines.append(f"{said}: {link}" if isinstance(link, str) and link else said)
    story = inner(message, "reply_to", "story")
    if story.get("url"):
        lines.append(_("In answer to your story: %(link)s") % {"link": story["url"]})
    return "\n".join(lines) or ("" if media else _("(A kind of message that PingBack cannot show)"))
