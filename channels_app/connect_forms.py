"""What each type of channel needs to be connected: the one description, for API, services and pages.

Names are the contract's (contract/api.md 7); a type without fields is connected by being made.
"""

from django.utils.translation import gettext_lazy as lazy

from channels_app.connect_fields import ConnectForm, Field, Group
from conversations.models import ChannelType

# The contract's (contract/api.md 14).
DEFAULT_VERIFY_TOKEN = "pingback_verify"  # noqa: S105

_MAILBOX = Group(
    title=lazy("Receive: from a mailbox"),
    help=lazy(
        "New mail is fetched from it. What is in it already stays where it is, and nothing is marked as read, moved "
        "or deleted."
    ),
)
_POSTED = Group(
    title=lazy("Receive: your mail service posts to us"),
    help=lazy(
        "In place of a mailbox, with Postmark, Mailgun, SendGrid, MailerSend, Mandrill, Resend, Amazon SES or Postal. "
        "The address to enter there is shown next."
    ),
    folded=True,
)
_OAUTH = Group(
    title=lazy("Sign in with OAuth"),
    help=lazy("In place of the passwords, where Google or Microsoft take none (XOAUTH2)."),
    folded=True,
)

_ACCESS_TOKEN = Field(
    name="access_token",
    label=lazy("Access token"),
    kind="secret",
    required=True,
    help=lazy(
        "business.facebook.com, Settings, Users, System users: pick one, Generate token, never expires. The one that "
        "the app's page shows ends after a day."
    ),
    max_length=1000,
)
# Not a secret: it is pasted into Meta's form, opens nothing, and only shows that the address is the right one.
_VERIFY_TOKEN = Field(
    name="verify_token",
    label=lazy("Verify token"),
    help=lazy("Any word of yours. You enter the same one at Meta, and it proves that the address is the right one."),
    default=DEFAULT_VERIFY_TOKEN,
)
_SECOND = lazy("The second of the two.")
_APP_SECRET = Field(
    name="app_secret",
    label=lazy("App secret"),
    kind="secret",
    help=lazy("Meta app: App settings, Basic, App secret, Show. It proves that what arrives comes from Meta."),
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
                Field(
                    name="from_name",
                    label=lazy("Sender's name"),
                    help=lazy("What customers see beside the address, like Acme Support."),
                ),
                Field(
                    name="smtp_host",
                    label=lazy("Outgoing server"),
                    needed=True,
                    help=lazy("The SMTP server, like smtp.your-company.com."),
                    max_length=253,
                ),
                Field(
                    name="smtp_port",
                    label=lazy("Port"),
                    kind="number",
                    max_length=65535,
                    default=587,
                    help=lazy("Mostly 587, or 465."),
                ),
                Field(
                    name="smtp_username",
                    label=lazy("User name"),
                    help=lazy("Mostly the whole address."),
                    max_length=254,
                ),
                Field(name="smtp_password", label=lazy("Password"), kind="secret", max_length=1000),
                Field(name="smtp_use_tls", label=lazy("Encrypt with TLS"), kind="checkbox", default=True),
                Field(
                    name="reply_sign",
                    label=lazy("Answers come to an address with a sign, like help+7k2x@"),
                    kind="checkbox",
                    default=True,
                    help=lazy(
                        "Off where your mail server knows no such addresses: customers' answers come back to them."
                    ),
                ),
                Field(
                    name="imap_host",
                    label=lazy("Mailbox: server"),
                    help=lazy("The IMAP server, like imap.your-company.com."),
                    max_length=253,
                    group=_MAILBOX,
                ),
                Field(
                    name="imap_port",
                    label=lazy("Mailbox: port"),
                    kind="number",
                    max_length=65535,
                    help=lazy("993 when empty."),
                    group=_MAILBOX,
                ),
                Field(
                    name="imap_username",
                    label=lazy("Mailbox: user name"),
                    help=lazy("Empty when it is that of the outgoing server."),
                    max_length=254,
                    group=_MAILBOX,
                ),
                Field(
                    name="imap_password",
                    label=lazy("Mailbox: password"),
                    kind="secret",
                    help=lazy("Empty when it is that of the outgoing server."),
                    max_length=1000,
                    group=_MAILBOX,
                ),
                Field(
                    name="imap_folder",
                    label=lazy("Mailbox: folder"),
                    max_length=200,
                    help=lazy("INBOX when empty."),
                    group=_MAILBOX,
                ),
                Field(
                    name="imap_use_tls",
                    label=lazy("Mailbox: encrypt with TLS"),
                    kind="checkbox",
                    default=True,
                    group=_MAILBOX,
                ),
                Field(
                    name="inbound_secret",
                    label=lazy("Secret for incoming mail"),
                    kind="secret",
                    help=lazy(
                        "Your mail service sends it along, or signs with it, so that nobody else can pretend to be it."
                    ),
                    group=_POSTED,
                ),
                Field(
                    name="inbound_api_key",
                    label=lazy("Resend: API key"),
                    kind="secret",
                    help=lazy("Resend: API Keys, with full access. Mails are fetched with it."),
                    group=_POSTED,
                ),
                Field(
                    name="inbound_topic",
                    label=lazy("Amazon SES: topic"),
                    help=lazy("In SNS, Topics: its ARN, like arn:aws:sns:eu-west-1:123456789012:mail."),
                    max_length=300,
                    group=_POSTED,
                ),
                Field(
                    name="inbound_public_key",
                    label=lazy("Postal: public key"),
                    help=lazy("What “postal default-dkim-record” prints on your mail server."),
                    max_length=2000,
                    group=_POSTED,
                ),
                Field(
                    name="oauth_refresh_token",
                    label=lazy("OAuth: refresh token"),
                    kind="secret",
                    help=lazy("For the scope https://mail.google.com/, or IMAP.AccessAsUser.All and SMTP.Send."),
                    max_length=4000,
                    group=_OAUTH,
                ),
                Field(
                    name="oauth_client_id",
                    label=lazy("OAuth: client id"),
                    help=lazy(
                        "Google Cloud console: APIs & Services, Credentials. Microsoft Entra: App registrations, "
                        "Overview, Application (client) ID."
                    ),
                    max_length=300,
                    group=_OAUTH,
                ),
                Field(
                    name="oauth_client_secret",
                    label=lazy("OAuth: client secret"),
                    kind="secret",
                    help=lazy("There, too; in Entra under Certificates & secrets, Value."),
                    max_length=1000,
                    group=_OAUTH,
                ),
                Field(
                    name="oauth_token_url",
                    label=lazy("OAuth: token address"),
                    help=lazy("Empty for Gmail, Outlook and Microsoft 365."),
                    max_length=500,
                    group=_OAUTH,
                ),
            ),
        ),
        ConnectForm(
            type=ChannelType.WHATSAPP,
            title=lazy("WhatsApp"),
            description=lazy("With a number of your own, through Meta's Cloud API. About ten minutes."),
            before=(
                lazy("At developers.facebook.com open My Apps, Create app, and choose the use case WhatsApp."),
                lazy("In the app open WhatsApp, API Setup: under “From” add your number. The ids stand below it."),
            ),
            fields=(
                Field(
                    name="phone_number_id",
                    label=lazy("Phone number id"),
                    required=True,
                    help=lazy("Meta app: WhatsApp, API Setup, Phone number ID. It is not the number itself."),
                    max_length=64,
                ),
                Field(
                    name="waba_id",
                    label=lazy("WhatsApp Business account id"),
                    help=lazy(
                        "Beside the phone number id. It lets you send templates once the 24-hour window has closed. "
                        "Left empty, it is learned from the first message."
                    ),
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
            description=lazy("A bot of your own, which customers write to. Two minutes."),
            before=(
                lazy("In Telegram write /newbot to @BotFather, and choose a name. A bot that you have works, too."),
            ),
            fields=(
                Field(
                    name="bot_token",
                    label=lazy("Bot token"),
                    kind="secret",
                    required=True,
                    help=lazy("@BotFather's answer ends with it. Later: /mybots, your bot, API Token."),
                ),
            ),
        ),
        ConnectForm(
            type=ChannelType.INSTAGRAM,
            title=lazy("Instagram"),
            description=lazy("Direct messages of a professional account that is linked to a Facebook page."),
            before=(
                lazy("In the Instagram app: Settings, Account type and tools, Switch to professional account."),
                lazy("On your Facebook page: Settings, Linked accounts, Instagram, Connect account."),
                lazy(
                    "In the Instagram app: Settings, Messages and story replies, Message controls, Connected tools: on."
                ),
                lazy("At developers.facebook.com open My Apps, Create app, and add the product Instagram."),
            ),
            fields=(
                Field(
                    name="page_id",
                    label=lazy("Page id"),
                    required=True,
                    alias="phone_number_id",
                    help=lazy("The linked Facebook page: About, Page transparency, Page ID."),
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
            description=lazy("Direct messages and mentions of your account, through an app of yours."),
            before=(
                lazy("At developer.x.com open Projects & Apps, and your app."),
                lazy(
                    "Settings, User authentication settings, App permissions: Read and write and Direct message. Keys "
                    "from before this change do not have it: make new ones."
                ),
                lazy("All five values stand on the app's page Keys and tokens; each is shown once."),
            ),
            fields=(
                Field(
                    name="api_key",
                    label=lazy("API key"),
                    kind="secret",
                    required=True,
                    help=lazy("Keys and tokens, Consumer Keys, API Key and Secret: the first of the two."),
                ),
                Field(name="api_secret", label=lazy("API secret"), kind="secret", needed=True, help=_SECOND),
                Field(
                    name="access_token",
                    label=lazy("Access token"),
                    kind="secret",
                    required=True,
                    help=lazy("Keys and tokens, Authentication Tokens, Access Token and Secret: the first of the two."),
                ),
                Field(
                    name="access_token_secret",
                    label=lazy("Access token secret"),
                    kind="secret",
                    needed=True,
                    help=_SECOND,
                ),
                Field(
                    name="bearer_token",
                    label=lazy("Bearer token"),
                    kind="secret",
                    help=lazy(
                        "Keys and tokens, Authentication Tokens, Bearer Token. With it X learns where to call us."
                    ),
                    max_length=1000,
                ),
                Field(
                    name="no_mentions",
                    label=lazy("Leave out posts that mention the account"),
                    kind="checkbox",
                    help=lazy("X may bill each of them. Direct messages come in either way."),
                ),
            ),
        ),
        ConnectForm(
            type=ChannelType.SMS,
            title=lazy("SMS"),
            description=lazy("Text messages to a Twilio number of yours."),
            before=(
                lazy("At console.twilio.com: Phone Numbers, Manage, Buy a number, with SMS. Or one that you have."),
            ),
            fields=(
                Field(
                    name="phone_number",
                    label=lazy("Phone number"),
                    needed=True,
                    help=lazy("Phone Numbers, Manage, Active numbers. With its country code, like +15550009999."),
                    max_length=20,
                ),
                Field(
                    name="account_sid",
                    label=lazy("Account SID"),
                    needed=True,
                    help=lazy("On the console's first page under Account Info. It begins with AC."),
                    max_length=64,
                ),
                Field(
                    name="auth_token",
                    label=lazy("Auth token"),
                    kind="secret",
                    needed=True,
                    help=lazy("Below the Account SID: Show."),
                ),
            ),
        ),
    )
}


def form_for(channel_type: str) -> ConnectForm:
    return CONNECT_FORMS[ChannelType(channel_type)]
