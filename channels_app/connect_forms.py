"""What each type of channel needs to be connected: the one description, for API, services and pages.

Names are the contract's (contract/api.md 7); a type without fields is connected by being made.
"""

from dataclasses import dataclass
from typing import Any, Literal

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from conversations.models import ChannelType
from foundation.errors import Invalid, Unprocessable
from foundation.text import is_clean

Kind = Literal["text", "secret", "email", "number", "checkbox"]
Value = str | int | bool
Words = str | Promise

# The contract's (contract/api.md 14).
DEFAULT_VERIFY_TOKEN = "pingback_verify"  # noqa: S105

_TRUE, _FALSE = {"true", "on", "1"}, {"false", "off", "0", ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One entry of a channel's config.

    required: refused without it. needed: stored without it, and the channel stays incomplete until it is there.
    alias: another name that the contract gives the same thing. max_length: characters, or the largest number.
    """

    name: str
    label: Words
    kind: Kind = "text"
    required: bool = False
    needed: bool = False
    alias: str = ""
    help: Words = ""
    max_length: int = 200
    default: Value | None = None

    @property
    def secret(self) -> bool:
        """Sealed in the row, and shown as its last characters."""
        return self.kind == "secret"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectForm:
    type: ChannelType
    title: Words
    description: Words
    fields: tuple[Field, ...] = ()

    @property
    def secrets(self) -> frozenset[str]:
        return frozenset(field.name for field in self.fields if field.secret)

    def clean(self, config: dict[str, Any]) -> dict[str, Value]:
        """The named entries of `config` with their types, defaults filled in; blanks and unknown names fall out.

        Raises Invalid (400, a required entry is missing), Unprocessable (422, an entry is not what it must be).
        """
        values: dict[str, Value] = {}
        for field in self.fields:
            value = _clean(field, _given(field, config))
            if value is None and field.required:
                raise Invalid(_("%(label)s (%(name)s) is missing.") % {"label": field.label, "name": field.name})
            if value is None:
                value = field.default
            if value is not None:
                values[field.name] = value
        return values

    def missing(self, names: set[str]) -> list[Field]:
        """What is still needed before anything can be sent, given the names that are there."""
        return [field for field in self.fields if (field.needed or field.required) and field.name not in names]


def _given(field: Field, config: dict[str, Any]) -> Any:
    value = config.get(field.name)
    return config.get(field.alias) if value in (None, "") and field.alias else value


def _clean(field: Field, value: Any) -> Value | None:
    """The value with its type, None when there is none. Texts from forms count for numbers and switches."""
    if value is None:
        return None
    if field.kind == "checkbox":
        return _switch(field, value)
    if field.kind == "number":
        return _number(field, value)
    if not isinstance(value, str):
        raise _flaw(field, _("Write a text."), "invalid")
    text = value.strip()
    if len(text) > field.max_length:
        raise _flaw(field, _("At most %(most)d characters.") % {"most": field.max_length}, "max_length")
    if not is_clean(text):
        raise _flaw(field, _("The text holds a character that cannot be stored."), "value_error")
    if text and field.kind == "email" and not _looks_like_an_address(text):
        raise _flaw(field, _("Write an e-mail address."), "invalid")
    return text or None


def _switch(field: Field, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _TRUE | _FALSE:
        return value.lower() in _TRUE
    raise _flaw(field, _("Say true or false."), "invalid")


def _number(field: Field, value: Any) -> int | None:
    if value == "":
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= field.max_length:
        raise _flaw(field, _("Write a whole number up to %(most)d.") % {"most": field.max_length}, "invalid")
    return value


def _looks_like_an_address(text: str) -> bool:
    name, at, host = text.rpartition("@")
    return bool(name and at and host) and not any(character.isspace() for character in text)


def _flaw(field: Field, detail: str, kind: str) -> Unprocessable:
    flaw = Unprocessable(detail, field="config", kind=kind)
    flaw.loc.append(field.name)
    return flaw


_ACCESS_TOKEN = Field(
    name="access_token",
    label=lazy("Access token"),
    kind="secret",
    required=True,
    help=lazy(
        "Meta Business settings, Users, System users: pick one, Generate token. Tokens of people run out after 60 days."
    ),
    max_length=1000,
)
# Not a secret: it is pasted into Meta's form, opens nothing, and only shows that the address is the right one.
_VERIFY_TOKEN = Field(
    name="verify_token",
    label=lazy("Verify token"),
    help=lazy("A word of your own that Meta repeats when it checks the callback address."),
    default=DEFAULT_VERIFY_TOKEN,
)
_APP_SECRET = Field(
    name="app_secret",
    label=lazy("App secret"),
    kind="secret",
    help=lazy(
        "In the Meta app under App settings, Basic. Proves that what arrives comes from Meta: strongly recommended."
    ),
)

CONNECT_FORMS: dict[ChannelType, ConnectForm] = {
    form.type: form
    for form in (
        ConnectForm(
            type=ChannelType.WIDGET,
            title=lazy("Website"),
            description=lazy("The chat widget on your site. It comes with your first widget."),
        ),
        ConnectForm(
            type=ChannelType.WEBCHAT,
            title=lazy("Web chat"),
            description=lazy("Web conversations that your own programs start over the API."),
        ),
        ConnectForm(
            type=ChannelType.EMAIL,
            title=lazy("E-mail"),
            description=lazy("Mail to your support address becomes conversations, and answers go out as mail."),
            fields=(
                Field(
                    name="address",
                    label=lazy("Support address"),
                    kind="email",
                    needed=True,
                    help=lazy("Where customers write to, like support@your-company.com."),
                    max_length=254,
                ),
                Field(name="from_name", label=lazy("Sender's name"), help=lazy("What customers see beside it.")),
                Field(
                    name="smtp_host",
                    label=lazy("Outgoing server"),
                    needed=True,
                    help=lazy("Like smtp.your-company.com."),
                    max_length=253,
                ),
                Field(name="smtp_port", label=lazy("Port"), kind="number", max_length=65535, default=587),
                Field(name="smtp_username", label=lazy("User name"), max_length=254),
                Field(name="smtp_password", label=lazy("Password"), kind="secret", max_length=1000),
                Field(name="smtp_use_tls", label=lazy("Encrypt with TLS"), kind="checkbox", default=True),
                Field(
                    name="inbound_secret",
                    label=lazy("Secret for incoming mail"),
                    kind="secret",
                    help=lazy("Your mail service sends it along, so that nobody else can pretend to be it."),
                ),
                Field(
                    name="imap_host",
                    label=lazy("Mailbox: server"),
                    help=lazy(
                        "Like imap.your-company.com, when mail is fetched from a mailbox. From then on: what is in it "
                        "already stays where it is, and nothing is marked as read, moved or deleted."
                    ),
                    max_length=253,
                ),
                Field(
                    name="imap_port",
                    label=lazy("Mailbox: port"),
                    kind="number",
                    max_length=65535,
                    help=lazy("993 when empty."),
                ),
                Field(
                    name="imap_username",
                    label=lazy("Mailbox: user name"),
                    help=lazy("Empty when it is that of the outgoing server."),
                    max_length=254,
                ),
                Field(
                    name="imap_password",
                    label=lazy("Mailbox: password"),
                    kind="secret",
                    help=lazy("Empty when it is that of the outgoing server. Gmail asks for an app password."),
                    max_length=1000,
                ),
                Field(
                    name="imap_folder", label=lazy("Mailbox: folder"), max_length=200, help=lazy("INBOX when empty.")
                ),
                Field(name="imap_use_tls", label=lazy("Mailbox: encrypt with TLS"), kind="checkbox", default=True),
                Field(
                    name="oauth_refresh_token",
                    label=lazy("OAuth: refresh token"),
                    kind="secret",
                    help=lazy("In place of the passwords, where Google or Microsoft take none (XOAUTH2)."),
                    max_length=4000,
                ),
                Field(name="oauth_client_id", label=lazy("OAuth: client id"), max_length=300),
                Field(name="oauth_client_secret", label=lazy("OAuth: client secret"), kind="secret", max_length=1000),
                Field(
                    name="oauth_token_url",
                    label=lazy("OAuth: token address"),
                    help=lazy("Empty for Gmail, Outlook and Microsoft 365."),
                    max_length=500,
                ),
            ),
        ),
        ConnectForm(
            type=ChannelType.WHATSAPP,
            title=lazy("WhatsApp"),
            description=lazy("A number of the WhatsApp Business Platform (Cloud API)."),
            fields=(
                Field(
                    name="phone_number_id",
                    label=lazy("Phone number id"),
                    required=True,
                    help=lazy("In the Meta app under WhatsApp, API setup. It is not the number itself."),
                    max_length=64,
                ),
                Field(
                    name="waba_id",
                    label=lazy("WhatsApp Business account id"),
                    help=lazy("Beside the phone number id. With it you can send templates after the 24-hour window."),
                    max_length=64,
                ),
                _ACCESS_TOKEN,
                _VERIFY_TOKEN,
                _APP_SECRET,
            ),
        ),
        ConnectForm(
            type=ChannelType.TELEGRAM,
            title=lazy("Telegram"),
            description=lazy("A bot of your own. Ask @BotFather for one and paste its token."),
            fields=(
                Field(
                    name="bot_token",
                    label=lazy("Bot token"),
                    kind="secret",
                    required=True,
                    help=lazy("In Telegram write /newbot to @BotFather; of a bot that you have, /mybots, API Token."),
                ),
            ),
        ),
        ConnectForm(
            type=ChannelType.INSTAGRAM,
            title=lazy("Instagram"),
            description=lazy("Direct messages of a professional account that is linked to a Facebook page."),
            fields=(
                Field(
                    name="page_id",
                    label=lazy("Page id"),
                    required=True,
                    alias="phone_number_id",
                    help=lazy("On the linked Facebook page: About, Page transparency, Page ID."),
                    max_length=64,
                ),
                _ACCESS_TOKEN,
                _VERIFY_TOKEN,
                _APP_SECRET,
            ),
        ),
        ConnectForm(
            type=ChannelType.X,
            title=lazy("X"),
            description=lazy(
                "Direct messages and mentions. The app needs read and write permission and access to direct messages."
            ),
            fields=(
                Field(name="api_key", label=lazy("API key"), kind="secret", required=True),
                Field(name="api_secret", label=lazy("API secret"), kind="secret", needed=True),
                Field(name="access_token", label=lazy("Access token"), kind="secret", required=True),
                Field(name="access_token_secret", label=lazy("Access token secret"), kind="secret", needed=True),
                Field(name="bearer_token", label=lazy("Bearer token"), kind="secret", max_length=1000),
            ),
        ),
        ConnectForm(
            type=ChannelType.SMS,
            title=lazy("SMS"),
            description=lazy("A Twilio number for text messages."),
            fields=(
                Field(
                    name="phone_number",
                    label=lazy("Phone number"),
                    needed=True,
                    help=lazy("With its country code, like +15550009999."),
                    max_length=20,
                ),
                Field(name="account_sid", label=lazy("Account SID"), needed=True, max_length=64),
                Field(name="auth_token", label=lazy("Auth token"), kind="secret", needed=True),
            ),
        ),
    )
}


def form_for(channel_type: str) -> ConnectForm:
    return CONNECT_FORMS[ChannelType(channel_type)]
