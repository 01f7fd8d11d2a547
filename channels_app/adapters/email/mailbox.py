"""A mailbox over IMAP: who may read it, and what came since. Nothing is marked as read, moved or deleted.

Source: RFC 3501 2.3.1.1 (UIDs); channels.md 8.3.
"""

import imaplib
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date

from django.utils.translation import gettext as _
from imap_tools import BaseMailBox
from imap_tools.errors import ImapToolsError, MailboxFolderSelectError, MailboxFolderStatusError, MailboxLoginError

from channels_app.adapters.email.line import Cut, tls
from channels_app.adapters.email.reading import MAX_BYTES
from channels_app.adapters.errors import DeliveryError, Kind
from foundation import http

PORTS = (143, 993)
TLS_AT_ONCE = 993
SECONDS = 15.0
# One that drips must not keep its thread: then the line is cut.
WHOLE_SECONDS = 90.0
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """token: gives an access token, where one takes the place of the password (XOAUTH2)."""

    host: str
    port: int
    username: str
    password: str
    folder: str
    use_tls: bool
    token: Callable[[], str] | None = field(default=None, compare=False)

    @property
    def name(self) -> str:
        """Which mailbox it is, as its numbers mean nothing in another."""
        return f"{self.username}@{self.host}:{self.port}/{self.folder}"[:300]


class Folder:
    """An open folder, for reading only. validity and next_uid: the server's UIDVALIDITY and UIDNEXT."""

    def __init__(self, box: BaseMailBox, name: str) -> None:
        status = box.folder.status(name, ["UIDVALIDITY", "UIDNEXT"])
        self.validity, self.next_uid = status["UIDVALIDITY"], status["UIDNEXT"]
        box.folder.set(name, readonly=True)
        self._box = box

    def after(self, uid: int) -> list[int]:
        """The UIDs that came after it, in order. The last mail is always in `n:*`, however old."""
        return sorted(found for found in map(int, self._box.uids(f"UID {uid + 1}:*", None)) if found > uid)

    def since(self, day: date) -> list[int]:
        return sorted(map(int, self._box.uids(f"SINCE {day.day}-{_MONTHS[day.month - 1]}-{day.year}", None)))

    @property
    def tells(self) -> bool:
        """Whether the server says by itself that something came."""
        return "IDLE" in self._box.client.capabilities

    def wait(self, seconds: float) -> bool:
        """Until something came, but no longer; whether it did. RFC 2177."""
        return any(b" EXISTS" in line for line in self._box.idle.wait(seconds))

    def raw(self, uid: int) -> bytes | None:
        """The mail's bytes; None for one that is too big to read, b"" for one that is gone."""
        told = self._fetch(uid, "(RFC822.SIZE)")
        size = next((_SIZE.search(one) for one in told if isinstance(one, bytes)), None)
        if size and int(size[1]) > MAX_BYTES:
            return None
        parts = self._fetch(uid, "(BODY.PEEK[])")
        return next((one[1] for one in parts if isinstance(one, tuple)), b"")

    def _fetch(self, uid: int, what: str) -> list[bytes | tuple[bytes, bytes] | None]:
        state, told = self._box.client.uid("FETCH", str(uid), what)
        if state != "OK":
            raise imaplib.IMAP4.error("FETCH")
        return list(told)


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@contextmanager
def opened(server: Server, *, whole_seconds: float | None = WHOLE_SECONDS) -> Iterator[Folder]:
    """whole_seconds: then the line is cut, whatever it does. None: not any more, once it is open.

    Raises DeliveryError: CREDENTIALS for what only the owner can mend, TRANSIENT for the rest."""
    try:
        with Cut(whole_seconds or WHOLE_SECONDS) as cut:
            client = _connected(server, cut)
            try:
                box = _Box(client)
                if server.token:
                    box.xoauth2(server.username, server.token(), None)
                else:
                    _sign_in(box, server)
                folder = Folder(box, server.folder)
                if whole_seconds is None:
                    cut.stop()
                yield folder
            finally:
                with suppress(OSError):
                    client.shutdown()
    except (OSError, imaplib.IMAP4.error, ImapToolsError, http.OutboundRefused, ValueError) as error:
        raise error_of(error) from None


def _sign_in(box: BaseMailBox, server: Server) -> None:
    plain = server.username.isascii() and server.password.isascii()
    (box.login if plain else box.login_utf8)(server.username, server.password, None)


def error_of(error: Exception) -> DeliveryError:
    """Without the server's own words: they may quote what we sent."""
    if isinstance(error, http.OutboundRefused):
        return DeliveryError(_("This mail server may not be called."), kind=Kind.CREDENTIALS)
    if isinstance(error, MailboxLoginError) and "[UNAVAILABLE]" not in str(error):
        text = _("The mailbox does not accept the user name or the password.")
        return DeliveryError(text, kind=Kind.CREDENTIALS)
    if isinstance(error, MailboxFolderSelectError | MailboxFolderStatusError):
        return DeliveryError(_("There is no such folder in the mailbox."), kind=Kind.CREDENTIALS)
    if isinstance(error, ssl.SSLCertVerificationError):
        return DeliveryError(_("The mail server's certificate is not good for its name."), kind=Kind.CREDENTIALS)
    return DeliveryError(_("The server of the mailbox does not answer."))


class _Pinned(imaplib.IMAP4):
    """Connects to an address that was judged, and reads no more at once than a mail may have."""

    def __init__(self, server: Server, cut: Cut) -> None:
        self._cut = cut
        super().__init__(server.host, server.port, timeout=SECONDS)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        return self._cut.connect(self.host, self.port, timeout=timeout or SECONDS, ports=PORTS)

    def read(self, size: int) -> bytes:
        if size > MAX_BYTES:
            raise self.abort("too much")
        return super().read(size)


class _PinnedTls(_Pinned):
    def _create_socket(self, timeout: float | None) -> socket.socket:
        return tls().wrap_socket(super()._create_socket(timeout), server_hostname=self.host)


class _Box(BaseMailBox):
    def __init__(self, client: imaplib.IMAP4) -> None:
        self._given = client
        super().__init__()

    def _get_mailbox_client(self) -> imaplib.IMAP4:
        return self._given


def _connected(server: Server, cut: Cut) -> imaplib.IMAP4:
    at_once = server.use_tls and server.port == TLS_AT_ONCE
    client = (_PinnedTls if at_once else _Pinned)(server, cut)
    if server.use_tls and not at_once:
        try:
            client.starttls(tls())
        except BaseException:
            with suppress(OSError):  # else it takes the place of what is wrong
                client.shutdown()
            raise
    return client
