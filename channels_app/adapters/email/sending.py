"""Mails on their way out: what is in them, and how a server is asked to take one.

The Message-ID is ours and the same on every try, so that a repeat is the same mail to whoever gets it.
"""

import re
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from html import escape

from django.utils.translation import gettext as _

from channels_app.adapters.email.headers import MAX_ADDRESS, shown, topic_of
from channels_app.adapters.email.line import Cut, tls
from channels_app.adapters.email.noise import OUR_MARK
from channels_app.adapters.errors import DeliveryError, Kind, never_said
from foundation import http

SECONDS = 10.0
# All of it, a big mail over a slow line as well; within the lease of a delivery.
WHOLE_SECONDS = 40.0
PORTS = (25, 465, 587, 2525)
TLS_AT_ONCE = 465
_LINK = re.compile(r"https?://[^\s<>\"']{1,2000}[^\s<>\"'.,;:!?)\]]")
_DOTTED = re.compile(rb"^\.", re.MULTILINE)
MAX_REFERENCES = 20
# Of what is answered, in characters.
MAX_QUOTED = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """token: as of mailbox.Server."""

    host: str
    port: int
    username: str
    password: str
    use_tls: bool
    token: Callable[[], str] | None = field(default=None, compare=False)


def compose(
    *,
    sender: str,
    sender_name: str,
    to: str,
    copies: Sequence[str],
    reply_to: str,
    subject: str,
    text: str,
    message_id: str,
    answers: Iterable[str],
    mark: str,
    automatic: bool,
    files: Sequence[tuple[str, str, bytes]],
    heading: str = "",
    quoted: str = "",
) -> EmailMessage:
    """answers: ids of the thread, oldest first, without brackets. files: name, content type, content of each. heading,
    quoted: what is answered, below it all."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = _address(sender, sender_name)
    mail["To"] = _address(to)
    if copies:
        mail["Cc"] = [_address(one) for one in copies]
    if reply_to != sender:
        mail["Reply-To"] = _address(reply_to, sender_name)
    mail["Date"] = formatdate()
    mail["Message-ID"] = f"<{message_id}>"
    chain = _short(list(answers))
    mail["Subject"] = subject_line(subject, is_answer=bool(chain or quoted))
    if chain:
        mail["In-Reply-To"] = f"<{chain[-1]}>"
        mail["References"] = " ".join(f"<{one}>" for one in chain)
    mail[OUR_MARK] = mark
    if automatic:
        mail["Auto-Submitted"] = "auto-replied"
        mail["X-Auto-Response-Suppress"] = "All"
    below = _below(heading, quoted)
    mail.set_content(text + below, charset="utf-8", cte="quoted-printable")
    html = html_of(text, heading, quoted if below else "")
    mail.add_alternative(html, subtype="html", charset="utf-8", cte="quoted-printable")
    for name, kind, content in files:
        main, _slash, sub = kind.partition("/")
        mail.add_attachment(content, maintype=main or "application", subtype=sub or "octet-stream", filename=name)
    return mail


def _below(heading: str, quoted: str) -> str:
    """In the form that programs fold, and ours too (quotes.py)."""
    if not quoted.strip():
        return ""
    lines = "\n".join(f"> {line}".rstrip() for line in _cut(quoted).split("\n"))
    return f"\n\n{heading}\n{lines}\n"


def _cut(quoted: str) -> str:
    return quoted if len(quoted) <= MAX_QUOTED else quoted[: MAX_QUOTED - 1] + "…"


def html_of(text: str, heading: str = "", quoted: str = "") -> str:
    """The same words for programs that show HTML alone: lines and links, and nothing that is loaded."""
    below = ""
    if quoted:
        style = "margin:0 0 0 .8ex;border-left:1px solid #ccc;padding-left:1ex"
        said = f'<blockquote style="{style}">{_lines_of(_cut(quoted))}</blockquote>'
        below = f'<br>\n<div dir="auto">{escape(heading)}</div>{said}'
    return (
        f'<html><head><meta charset="utf-8"></head><body><div dir="auto">{_lines_of(text)}</div>{below}</body></html>\n'
    )


def _lines_of(text: str) -> str:
    at, parts = 0, []
    for link in _LINK.finditer(text):
        where = escape(link[0])
        parts += [escape(text[at : link.start()]), f'<a href="{where}">{where}</a>']
        at = link.end()
    return "".join([*parts, escape(text[at:])]).replace("\n", "<br>\n")


def subject_line(subject: str, *, is_answer: bool) -> str:
    """Of an answer with `Re: ` once, whatever stood there; "" becomes words of ours."""
    line = shown(subject, most=300)
    topic = topic_of(line)
    if not topic:
        return _("Your message")
    return f"Re: {topic}" if is_answer else line


def hand_over(
    server: Server, mail: EmailMessage, *, sender: str, to: Sequence[str], may_wait: bool = False
) -> tuple[str, ...]:
    """One try; returns who was left out. to: the first has to be taken; a copy that the server refuses is left out, and
    one that it wants later holds the whole mail back when that `may_wait`: nobody gets it twice.

    Raises DeliveryError; AMBIGUOUS when the whole mail went out and no answer came.
    """
    left_out: list[str] = []
    content = _DOTTED.sub(b"..", mail.as_bytes())
    with _talking(server) as smtp:
        code, words = smtp.mail(sender, [f"SIZE={len(content)}"] if smtp.has_extn("size") else [])
        if code != 250:
            raise smtplib.SMTPSenderRefused(code, words, sender)
        for number, one in enumerate(to):
            code, words = smtp.rcpt(one)
            if code in {250, 251}:
                continue
            if not number or (may_wait and 400 <= code < 500):
                raise smtplib.SMTPRecipientsRefused({one: (code, words)})
            left_out.append(one)
        code, words = smtp.docmd("DATA")
        if code != 354:
            raise smtplib.SMTPDataError(code, words)
        smtp.send(content + b".\r\n")
        try:
            code, words = smtp.getreply()
        except (OSError, smtplib.SMTPException):
            raise never_said(_("The mail server")) from None
        if code != 250:
            raise smtplib.SMTPDataError(code, words)
    return tuple(left_out)


def log_in(server: Server) -> None:
    """Whether the server takes us. Raises DeliveryError."""
    with _talking(server) as smtp:
        smtp.noop()


def takes_signed(server: Server, *, address: str, signed: str) -> bool:
    """Whether mail for `signed` comes in where mail for `address` does, as far as this server says: nothing is sent.
    Raises DeliveryError, as `log_in`."""
    with _talking(server) as smtp:
        if not signed.isascii():
            return True
        smtp.mail(address)
        knows_us = smtp.rcpt(address)[0] in {250, 251}
        code, _words = smtp.rcpt(signed)
        smtp.rset()
    return not (knows_us and 500 <= code < 600)


@contextmanager
def _talking(server: Server) -> Iterator[smtplib.SMTP]:
    """Signed in. Raises DeliveryError for what goes wrong; not for the goodbye, when everything was said before."""
    with Cut(WHOLE_SECONDS) as cut:
        try:
            smtp = _connected(server, cut)
            try:
                yield smtp
                with suppress(OSError, smtplib.SMTPException):
                    smtp.quit()
            finally:
                smtp.close()
        except (OSError, smtplib.SMTPException, http.OutboundRefused, UnicodeError) as error:
            raise error_of(error) from None


class _Pinned(smtplib.SMTP):
    """Connects to an address that was judged, under the name that the certificate has to be for."""

    def __init__(self, server: Server, cut: Cut) -> None:
        self._cut = cut
        super().__init__(server.host, server.port, timeout=SECONDS)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return self._cut.connect(host, port, timeout=timeout, ports=PORTS)


class _PinnedTls(_Pinned):
    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return tls().wrap_socket(super()._get_socket(host, port, timeout), server_hostname=host)


def _connected(server: Server, cut: Cut) -> smtplib.SMTP:
    at_once = server.use_tls and server.port == TLS_AT_ONCE
    smtp = (_PinnedTls if at_once else _Pinned)(server, cut)
    try:
        if server.use_tls and not at_once:
            smtp.starttls(context=tls())
        if server.token:
            words = f"user={server.username}\1auth=Bearer {server.token()}\1\1"
            smtp.ehlo_or_helo_if_needed()
            smtp.auth("XOAUTH2", lambda _challenge=None: words)
        elif server.username:
            smtp.login(server.username, server.password)
        smtp.ehlo_or_helo_if_needed()
    except BaseException:
        smtp.close()
        raise
    return smtp


def error_of(error: Exception) -> DeliveryError:
    """Without the server's own words: they may quote what we sent."""
    if isinstance(error, http.OutboundRefused):
        return DeliveryError(_("This mail server may not be called."), kind=Kind.CREDENTIALS)
    if isinstance(error, smtplib.SMTPAuthenticationError) and error.smtp_code >= 500:
        return not_signed_in(error.smtp_code)
    if isinstance(error, smtplib.SMTPNotSupportedError):
        text = _("The mail server does not offer TLS, or no way to sign in that we know.")
        return DeliveryError(text, kind=Kind.CREDENTIALS)
    if isinstance(error, ssl.SSLCertVerificationError):
        return DeliveryError(_("The mail server's certificate is not good for its name."), kind=Kind.CREDENTIALS)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, words = next(iter(error.recipients.values()), (550, b""))
        return of_code(code, words)
    if isinstance(error, smtplib.SMTPResponseException):
        return of_code(error.smtp_code, error.smtp_error)
    if isinstance(error, UnicodeError):
        return DeliveryError(_("The mail server cannot take this address."), kind=Kind.UNREACHABLE)
    return DeliveryError(_("The mail server does not answer."))


def not_signed_in(code: int) -> DeliveryError:
    text = _("The mail server does not accept the user name or the password.")
    return DeliveryError(text, kind=Kind.CREDENTIALS, provider_code=str(code))


def of_code(code: int, words: bytes | str) -> DeliveryError:
    """A reply code and its enhanced one. Source: RFC 5321, 3463; channels.md 8.5."""
    told = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    number = str(code)
    if code == 535:
        return not_signed_in(code)
    if code in {530, 534, 538}:
        return DeliveryError(
            _("The mail server wants another way to sign in."), kind=Kind.CREDENTIALS, provider_code=number
        )
    if 400 <= code < 500:
        return DeliveryError(_("The mail server asks to try again later."), provider_code=number)
    if code == 552 or "5.3.4" in told:
        return DeliveryError(_("The mail is too big for the server."), kind=Kind.PERMANENT, provider_code=number)
    if code == 554 or "5.7." in told:
        return DeliveryError(
            _("The mail server refused the mail by a rule of its own."), kind=Kind.PERMANENT, provider_code=number
        )
    if code in {550, 551, 553} or "5.1." in told:
        return DeliveryError(
            _("The mail server says that this address does not exist."), kind=Kind.UNREACHABLE, provider_code=number
        )
    return DeliveryError(_("The mail server refused the mail."), kind=Kind.PERMANENT, provider_code=number)


def _address(email: str, name: str = "") -> Address:
    """Raises DeliveryError for what cannot be written into a field."""
    local, _at, domain = shown(email, most=MAX_ADDRESS).rpartition("@")
    try:
        return Address(display_name=shown(name, most=200), username=local, domain=domain)
    except (ValueError, IndexError) as error:
        raise DeliveryError(_("This is no mail address."), kind=Kind.UNREACHABLE) from error


def _short(chain: list[str]) -> list[str]:
    clean = [one for one in chain if one and len(one) <= 300 and one.isascii() and not set(one) & set("<> \t\r\n")]
    return clean if len(clean) <= MAX_REFERENCES else [clean[0], *clean[1 - MAX_REFERENCES :]]
