"""Debian's ejabberd, whose rooms (MUC) archive every message (MAM) in PostgreSQL; spoken to over a WebSocket.

Everybody signs in anonymously. A room's echo to whoever wrote the message is what an ack is elsewhere: by then it is
archived.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.sax.saxutils import quoteattr

import psycopg

from benchmarks import wire
from benchmarks.lab import Lab, Server
from tests import services

TABLES = Path("/usr/share/ejabberd/sql/pg.sql")
LIBRARIES = "/usr/lib/x86_64-linux-gnu"
CONFIG = """
hosts: [localhost]
loglevel: error
certfiles: []
default_db: sql
sql_type: pgsql
sql_server: "127.0.0.1"
sql_port: {database_port}
sql_database: "{database}"
sql_username: postgres
sql_password: ""
sql_pool_size: 16
auth_method: [anonymous]
allow_multiple_connections: true
anonymous_protocol: sasl_anon
listen:
  - port: {port}
    ip: "127.0.0.1"
    module: ejabberd_http
    request_handlers:
      /ws: ejabberd_http_ws
access_rules:
  everybody: {{allow: all}}
modules:
  mod_muc:
    access_create: everybody
    access_persistent: everybody
    history_size: 0
    max_user_conferences: 1000
    min_message_interval: 0
    default_room_options: {{mam: true, persistent: false, allow_change_subj: false, anonymous: false}}
  mod_mam: {{db_type: sql, default: never, request_activates_archiving: false, assume_mam_usage: false}}
"""


def is_here() -> bool:
    """`apt-get install ejabberd erlang-p1-pgsql`."""
    return TABLES.exists() and any(Path("/usr/lib/erlang/lib").glob("p1_pgsql-*"))


async def started(lab: Lab) -> Server:
    url = lab.database("ejabberd")
    with psycopg.connect(url) as connection:
        connection.execute(TABLES.read_bytes())
    at, port = urlsplit(url), services.free_port()
    folder = lab.folder / "ejabberd"
    folder.mkdir()
    config = folder / "ejabberd.yml"
    config.write_text(CONFIG.format(database_port=at.port, database=at.path[1:], port=port))
    # Started by hand, as its script insists on an account of its own and on a name for the node.
    command = ["erl", "+K", "true", "-noinput", "-mnesia", "dir", f'"{folder}/mnesia"', "-s", "ejabberd"]
    environment = {
        "ERL_LIBS": LIBRARIES,
        "EJABBERD_CONFIG_PATH": str(config),
        "EJABBERD_LOG_PATH": str(folder / "log"),
        "HOME": str(folder),
        "PATH": os.environ["PATH"],
    }
    return await lab.started("ejabberd", command, port, environment)


class Socket(wire.Socket):
    """auth: the rooms to be in, as elsewhere."""

    def __init__(self, request: bytes, auth: Mapping[str, Any]) -> None:
        super().__init__(request, b"")
        self._rooms = list(auth["rooms"])
        self._nick = f"v{id(self):x}".encode()
        self._mine = b"/" + self._nick + b"'"
        self._left = len(self._rooms)
        self._is_known = False

    def parts(self, event: str, conversation_id: str, text: str, name: str) -> tuple[str, ...]:
        room = quoteattr(f"{conversation_id}@conference.localhost")
        return f'<message to={room} type="groupchat" id="', f'"><body>{text}</body></message>'

    def _upgraded(self) -> None:
        self.send(OPEN)

    def _take(self, data: bytes, start: int, end: int) -> None:
        text = data[start:end]
        if text.startswith(b"<message"):
            self._hear(text)
        elif b"<mechanisms" in text:
            self.send(b'<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="ANONYMOUS"/>')
        elif text.startswith(b"<success"):
            self.send(OPEN)
        elif b"xmpp-bind" in text and b"features" in text[:60]:
            self.send(b'<iq type="set" id="b"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></iq>')
        elif text.startswith(b"<iq") and not self._is_known:
            self._is_known = True
            for room in self._rooms:
                self.send(JOIN % (room.encode(), self._nick))
        elif b"error" in text or b"<failure" in text:
            self._refuse(text)

    def _hear(self, text: bytes) -> None:
        if b"<body" in text:
            self.heard += 1
            head = text[: text.index(b">")]
            if self._mine in head or self._mine.replace(b"'", b'"') in head:
                at = max(head.find(b" id='"), head.find(b' id="')) + 5
                self.on_ack(int(head[at : head.index(head[at - 1 : at], at)]), False)
        elif b"<subject" in text:  # the last thing that a room tells who enters
            self._left -= 1
            if not self._left:
                self._enter()


OPEN = b'<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" to="localhost" version="1.0"/>'
JOIN = (
    b'<presence to="%s@conference.localhost/%s"><x xmlns="http://jabber.org/protocol/muc">'
    b'<history maxstanzas="0"/></x></presence>'
)
