"""A real Dovecot (2.3) on a port of the loopback, as an ordinary user, with all it has in a folder that goes away."""

import grp
import imaplib
import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile
from typing import Any

from tests.fakes.oauth import Tokens
from tests.services import Server, free_port

_CONFIG = """
base_dir = {root}/run
state_dir = {root}/state
log_path = /dev/stderr
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{root}/cert.pem
ssl_key = <{root}/key.pem
disable_plaintext_auth = no
auth_failure_delay = 0
mail_location = maildir:{root}/mail/%u
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
first_valid_gid = 1
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  chroot =
  process_min_avail = 1
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
auth_mechanisms = plain login xoauth2
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {root}/oauth2.conf
}}
passdb {{
  driver = static
  mechanisms = plain login
  args = password=right
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={root}/mail/%u
}}
"""

_TOKENS = """
introspection_mode = auth
introspection_url = {url}/introspect
username_attribute = email
active_attribute = active
active_value = true
"""


class Dovecot:
    """Every user name has the password `right` and an INBOX."""

    def __init__(self) -> None:
        binary = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
        assert binary, "Dovecot is missing: install dovecot-imapd."
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="pingback-imap-"))
        self.port, self.tls_port = free_port(), free_port()
        self.certificate = self.root / "cert.pem"
        _make_certificate(self.root)
        who = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
        as_who: dict[str, Any] = {}
        if os.geteuid() == 0:
            os.chown(self.root, who.pw_uid, who.pw_gid)
            as_who = {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []}
        names = {"user": who.pw_name, "group": grp.getgrgid(who.pw_gid).gr_name, "uid": who.pw_uid, "gid": who.pw_gid}
        self.tokens = Tokens().__enter__()
        (self.root / "oauth2.conf").write_text(_TOKENS.format(url=self.tokens.url))
        config = self.root / "dovecot.conf"
        config.write_text(_CONFIG.format(root=self.root, port=self.port, tls_port=self.tls_port, **names))
        self.server = Server([binary, "-F", "-c", str(config)], self.root, self.port, **as_who)
        self.server.begin()

    def deliver(self, user: str, *mails: bytes) -> None:
        with imaplib.IMAP4("127.0.0.1", self.port, timeout=10) as imap:
            imap.login(user, "right")
            for mail in mails:
                assert imap.append("INBOX", "", "", mail)[0] == "OK"

    def begin_anew(self, user: str) -> None:
        """The same mails under other numbers, as after a server was restored from a copy."""
        (self.root / "mail" / user / "dovecot-uidlist").unlink()
        for index in (self.root / "mail" / user).glob("dovecot.index*"):
            index.unlink()

    def unread(self, user: str) -> int:
        with imaplib.IMAP4("127.0.0.1", self.port, timeout=10) as imap:
            imap.login(user, "right")
            imap.select("INBOX", readonly=True)
            return len(imap.search(None, "UNSEEN")[1][0].split())

    def end(self) -> None:
        self.server.kill()
        self.tokens.__exit__()
        shutil.rmtree(self.root, ignore_errors=True)


def _make_certificate(folder: pathlib.Path) -> None:
    """Of its own, for the loopback: whoever trusts it has to say so."""
    made = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=127.0.0.1"
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "cert.pem"]
    subprocess.run([*made.split(), *names], cwd=folder, check=True, capture_output=True)
    (folder / "key.pem").chmod(0o644)
