"""A support address: mail services hand mails over by webhook, or it lies in a mailbox; answers leave by SMTP."""

import base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from django.core.exceptions import SuspiciousOperation
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from channels_app import journal
from channels_app.adapters.base import (
    Capabilities,
    ChannelAdapter,
    Download,
    Health,
    OutboundMessage,
    SendResult,
    SetupStep,
    bytes_of,
)
from channels_app.adapters.email import amazon, hooks, mailbox, noise, oauth, postal, resend, sending
from channels_app.adapters.email.headers import Address
from channels_app.adapters.email.reading import MAX_BYTES, File, Mail, envelope, outline, read
from channels_app.adapters.email.setting_up import steps
from channels_app.adapters.email.threading import conversation_in, mark_of, reply_address, without_tag
from channels_app.adapters.errors import DeliveryError, Kind, MediaGone, Unreadable
from channels_app.adapters.events import (
    ContactRef,
    InboundEvent,
    Incoming,
    Letter,
    MediaRef,
    MessageReceived,
    Reply,
    Routed,
    StatusChanged,
)
from channels_app.models import ExternalMessage, RawEvent

MAX_RECIPIENTS = 100


class EmailAdapter(ChannelAdapter):
    # Base64 makes of it the 20 MB that every server takes.
    capabilities = Capabilities(
        max_text=100_000, max_file_bytes=15 * 1024 * 1024, together=15 * 1024 * 1024, copies=True
    )
    marks_unreachable = False
    repeats_unseen = True  # by its Message-ID
    max_body = MAX_BYTES
    names_others = True
    opens_once = True
    _opened: tuple[str, Mail | None] = ("", None)

    # What comes in.

    @classmethod
    def route(cls, incoming: Incoming) -> Sequence[Routed]:
        """A mail for each address of ours that it may be for; the journal's key makes it one a channel."""
        found = hooks.handed(incoming)
        routed: list[Routed] = []
        for number, one in enumerate(found):
            payload: dict[str, Any] = {"to": list(one.recipients[:MAX_RECIPIENTS])}
            dedup_key, named = one.key, one.recipients
            if one.elsewhere:
                payload["elsewhere"] = dict(one.elsewhere)
            else:
                try:
                    dedup_key, recipients = envelope(one.raw)
                except Unreadable as error:
                    if number == len(found) - 1 and not routed:  # else what came along is not refused with it
                        raise SuspiciousOperation("A mail that cannot be read.") from error
                    continue
                # A mail that was forwarded to its service has the service's own address in the envelope.
                named = (*named, *recipients)
            accounts = dict.fromkeys(without_tag(name) if "@" in name else name for name in named[:MAX_RECIPIENTS])
            routed += [
                Routed(dedup_key=dedup_key, payload=payload, account=account, body=one.raw) for account in accounts
            ]
        return routed

    @classmethod
    def handshake(cls, incoming: Incoming, channels: Iterable[ChannelAdapter]) -> Reply | None:
        """Mandrill takes no address that does not answer it."""
        return Reply() if incoming.method == "HEAD" else None

    @classmethod
    def not_now(cls, incoming_headers: Mapping[str, str]) -> int:
        """Postal gives a mail up at the first 5xx, and sends its writer a bounce."""
        return 429 if postal.named_in(incoming_headers) else 503

    @classmethod
    def outline(cls, beginning: bytes) -> str:
        return outline(beginning)

    def accounts(self) -> frozenset[str]:
        """A topic asks in its own name whether we want what it has."""
        return frozenset({self._address, self._topic} - {""})

    def verify(self, incoming: Incoming) -> None:
        if not hooks.is_vouched_for(
            incoming,
            secret=self.secrets.get("inbound_secret", ""),
            topic=self._topic,
            public_key=str(self.channel.config.get("inbound_public_key", "")),
        ):
            raise SuspiciousOperation("Nobody vouches for this mail.")

    def bring(self, elsewhere: Mapping[str, str]) -> bytes:
        if "confirm" in elsewhere:
            if not amazon.is_amazons(elsewhere["confirm"]):
                raise MediaGone(_("Amazon's confirmation leads somewhere else."))
            if self.call("GET", elsewhere["confirm"]).status != 200:
                raise DeliveryError(_("Amazon does not take the confirmation."))
            return b""
        if "resend" in elsewhere:
            key = self.secrets.get("inbound_api_key", "")
            return resend.fetched(elsewhere["resend"], call=self.call, key=key)
        raise MediaGone(
            _(
                "Amazon SES put a mail into S3, where we cannot fetch it. Let the receipt rule publish mails to the "
                "topic, content and all."
            )
        )

    def parse(self, payload: Any) -> Sequence[InboundEvent]:
        if "imap_uid" in payload:
            raise Unreadable(_("The mail is still in the mailbox."))
        if "raw" not in payload:  # a service asked something
            return ()
        mail = self._read(payload)
        if mail.bounce:
            return _of_bounce(mail.bounce)
        if mail.kind in {noise.Kind.LOOP, noise.Kind.RECEIPT} or not mail.sender.email:
            return ()
        named = [*(payload.get("to") or ()), *mail.recipients]
        answered = conversation_in(sorted(named, key=lambda one: without_tag(one.lower()) != self._address))
        # A form on a website writes in our name, for whoever it says to answer.
        writer = mail.reply_to if mail.sender.email == self._address else mail.sender
        return (
            MessageReceived(
                occurred_at=mail.sent_at,
                contact=ContactRef(
                    keys=(f"mail:{writer.email}",), name=writer.name, handle=writer.email, email=writer.email
                ),
                thread_key=mail.references[-1] if mail.references else mail.message_id or mail.dedup_key,
                external_id=mail.message_id or mail.dedup_key,
                text=_words(mail, answers=bool(answered or mail.references)),
                media=tuple(_ref(mail, number, file) for number, file in enumerate(mail.files)),
                threads=mail.references,
                automated=mail.is_automatic,
                starts=not (mail.kind == noise.Kind.AUTO_REPLY and mail.references),
                conversation_id=answered,
                own_only=True,
                address=_answering(mail, mail.reply_to),
                elsewhere=mail.reply_to.email if mail.reply_to.email != writer.email else "",
                own_address=_answering(mail, writer),
                letter=Letter(
                    subject=mail.subject[:300],
                    to=self._others(mail.to),
                    cc=self._others(mail.cc),
                    quoted=mail.quoted if answered or mail.references else "",
                    html=mail.html,
                ),
            ),
        )

    @classmethod
    def answers_at(cls, address: str) -> str:
        return _told(address).get("to", "")

    def fetch_media(self, ref: MediaRef) -> Download:
        """Out of the mail, which lies in the journal."""
        key, _colon, number = ref.provider_ref.rpartition(":")
        if self._opened[0] != key:
            self._opened = (key, self._out_of_journal(key))
        mail = self._opened[1]
        if mail is None or not number.isdigit() or int(number) >= len(mail.files):
            raise MediaGone(_("The mail that this file came with is no longer kept."))
        file = mail.files[int(number)]
        return Download(content=file.content, content_type=file.content_type, filename=file.name)

    def _out_of_journal(self, key: str) -> Mail | None:
        raw = RawEvent.objects.filter(channel=self.channel, dedup_key=key).first()
        try:
            return self._read(journal.payload_of(raw)) if raw and raw.payload else None
        except (FileNotFoundError, Unreadable):
            return None

    # What goes out.

    def send(self, message: OutboundMessage) -> SendResult:
        told = _told(message.to)
        to = told.get("to") or (message.customer.email if message.customer else "")
        if not to:
            raise DeliveryError(_("No mail address of this customer is known."), kind=Kind.UNREACHABLE)
        copies = [one for one in message.copies if one != to.lower()]
        message_id = f"pb.{message.delivery_id}@{self._address.rpartition('@')[2]}"
        mail = sending.compose(
            sender=self._address,
            sender_name=str(self.channel.config.get("from_name", "")),
            to=to,
            copies=copies,
            reply_to=reply_address(self._address, message.conversation_id) if self._signs else self._address,
            subject=told.get("subject") or message.subject,
            text=message.content,
            message_id=message_id,
            answers=told.get("ids", "").split() or self._sent_before(message),
            mark=mark_of(self.channel.pk),
            automatic=not message.by_person,
            files=_files_of(message),
            heading=self._heading(message),
            quoted=message.answered.content if message.answered else "",
        )
        self.sends_now = True
        left_out = sending.hand_over(
            self._server, mail, sender=self._address, to=[to, *copies], may_wait=message.may_wait
        )
        return SendResult(external_ids=(message_id,), left_out=left_out)

    def _sent_before(self, message: OutboundMessage) -> list[str]:
        """Where nobody wrote yet: the first mail of ours and the last, so that a further one joins them there."""
        sent = ExternalMessage.objects.filter(channel=self.channel, message__conversation=message.conversation_id)
        ids = list(sent.order_by("pk").values_list("external_id", flat=True))
        return list(dict.fromkeys([*ids[:1], *ids[-1:]]))

    def _heading(self, message: OutboundMessage) -> str:
        """The line above what is answered, by the workspace's clock."""
        if message.answered is None:
            return ""
        who = message.customer.display_name if message.customer else ""
        at = localtime(message.answered.created_at, ZoneInfo(self.channel.business.time_zone))
        return _("On %(when)s, %(who)s wrote:") % {"when": date_format(at, "D, j M Y, H:i"), "who": who}

    # The connection.

    def validate(self) -> str:
        sending.log_in(self._server)
        self._look_into_mailbox()
        return self._address

    def account(self) -> str:
        return self._address

    def connect(self, callback_url: str) -> Sequence[SetupStep]:
        return steps(
            callback_url if self.secrets.get("inbound_secret") else "",
            has_mailbox=self.mailbox is not None,
            signs=self._signs,
        )

    def health(self) -> Health:
        signed = reply_address(self._address, self.channel.pk) if self._signs else self._address
        takes_signed = sending.takes_signed(self._server, address=self._address, signed=signed)
        self._look_into_mailbox()
        facts = {_("Mailbox"): f"{self.mailbox.username}, {self.mailbox.folder}"} if self.mailbox else {}
        heard = (
            _("Your mail service posts to our address") if self.channel.last_event_at else _("Nothing was posted yet")
        )
        posted = heard if self.secrets.get("inbound_secret") else ""
        text = _(
            "The mail server refuses addresses like help+7k2x@, to which customers answer. Switch sub-addressing on "
            "there, or the sign off here."
        )
        return Health(ok=takes_signed, detail="" if takes_signed else text, webhook=posted, facts=facts)

    @property
    def mailbox(self) -> mailbox.Server | None:
        """Where mail is fetched from; None when none is."""
        config = self.channel.config
        if not config.get("imap_host"):
            return None
        return mailbox.Server(
            host=str(config["imap_host"]),
            port=int(config.get("imap_port") or mailbox.TLS_AT_ONCE),
            username=str(config.get("imap_username") or config.get("smtp_username") or self._address),
            password=self.secrets.get("imap_password") or self.secrets.get("smtp_password", ""),
            folder=str(config.get("imap_folder") or "INBOX"),
            use_tls=bool(config.get("imap_use_tls", True)),
            token=self._token,
        )

    def _look_into_mailbox(self) -> None:
        """Raises DeliveryError."""
        if self.mailbox:
            with mailbox.opened(self.mailbox):
                pass

    @property
    def _topic(self) -> str:
        return str(self.channel.config.get("inbound_topic", "")).strip()

    @property
    def _address(self) -> str:
        return str(self.channel.config.get("address", "")).strip().lower()

    @property
    def _signs(self) -> bool:
        """Whether its server takes in what is sent to help+7k2x@; else threads alone tell what is answered."""
        return bool(self.channel.config.get("reply_sign", True))

    @property
    def _token(self) -> Callable[[], str] | None:
        return partial(oauth.access_token, self) if self.secrets.get("oauth_refresh_token") else None

    @property
    def _server(self) -> sending.Server:
        config = self.channel.config
        return sending.Server(
            host=str(config.get("smtp_host", "")),
            port=int(config.get("smtp_port") or 587),
            username=str(config.get("smtp_username") or (self._address if self._token else "")),
            password=self.secrets.get("smtp_password", ""),
            use_tls=bool(config.get("smtp_use_tls", True)),
            token=self._token,
        )

    def _others(self, among: Sequence[Address]) -> str:
        """Who else got it: our own address says nothing to whoever reads it there."""
        others = ""
        for one in among:
            if without_tag(one.email) != self._address and len(others) + len(one.email) < 998:
                others += f", {one.email}" if others else one.email
        return others

    def _read(self, payload: Mapping[str, Any]) -> Mail:
        raw = payload["raw"]
        mail = base64.b64decode(raw) if isinstance(raw, str) else raw
        return read(mail, own={self._address}, mark=mark_of(self.channel.pk))


def _of_bounce(bounce: noise.Bounce) -> Sequence[InboundEvent]:
    if not bounce.permanent:
        return ()
    reason = _("The mail came back: %(reason)s") % {"reason": bounce.reason[:200]}
    error = DeliveryError(reason, kind=Kind.UNREACHABLE, provider_code=bounce.status)
    return [
        StatusChanged(status="failed", external_id=one, recipient=bounce.recipient, error=error)
        for one in bounce.message_ids[:10]
    ]


def _words(mail: Mail, *, answers: bool) -> str:
    """What was written, and what we could not open.

    Of an answer without what it quotes, which is in the conversation. A mail that begins something is shown whole,
    below its subject: what it quotes or forwards is known from nowhere else.
    """
    said = [mail.text] if answers else [mail.subject, mail.text, mail.quoted]
    if mail.encrypted:
        said.append(_("(This mail is encrypted. PingBack cannot open it.)"))
    if mail.tnef:
        said.append(_("(Outlook packed files into winmail.dat. Ask the customer to send them as plain attachments.)"))
    if mail.failed_checks:
        said.append(_("(The mail server says that this may not be from who it claims to be.)"))
    return "\n\n".join(part for part in said if part.strip())


def _ref(mail: Mail, number: int, file: File) -> MediaRef:
    main = file.content_type.partition("/")[0]
    return MediaRef(
        kind=main if main in {"image", "audio", "video"} else "document",
        provider_ref=f"{mail.dedup_key}:{number}",
        mime_type=file.content_type,
        filename=file.name,
        size=len(file.content),
        content_id=file.content_id[:200] if file.inline else "",
    )


def _answering(mail: Mail, to: Address) -> str:
    """What an answer needs of the mail, at most 1000 characters."""
    chain = [*reversed(mail.references), mail.message_id]
    kept = [one for one in (chain[0], *chain[-2:]) if one]
    ids = " ".join(dict.fromkeys(kept)) if sum(map(len, kept)) < 400 else mail.message_id[:300]
    told = {"to": to.email, "subject": mail.subject[:150], "ids": ids}
    return orjson.dumps(told).decode()[:1000]


def _told(address: str) -> dict[str, str]:
    try:
        found = orjson.loads(address)
    except orjson.JSONDecodeError:
        return {}
    return {name: value for name, value in found.items() if isinstance(value, str)} if isinstance(found, dict) else {}


def _files_of(message: OutboundMessage) -> list[tuple[str, str, bytes]]:
    return [(file.filename, file.content_type, bytes_of(file)) for file in message.files]
