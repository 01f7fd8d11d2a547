"""A new key: for as long as the one before it is listed, nobody signs in again and no chat forgets its visitor."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import SuspiciousOperation

from accounts import tokens
from accounts.models import User
from accounts.services import open_session
from businesses.models import Business
from channels_app.adapters.email.threading import conversation_in, reply_address
from channels_app.adapters.events import Incoming
from channels_app.connecting import adapter_of
from channels_app.models import Channel
from channels_app.services import create_channel
from conversations.attachments import is_signed, signature
from conversations.models import ChannelType
from foundation.ids import new_id
from tests import builders
from widgets import keys, links

KINDS = ("SECRET_KEYS", "JWT_KEYS", "VISITOR_KEYS")


def test_what_an_older_key_signed_is_good_until_that_key_is_taken_away(
    ada: User, acme: Business, settings: Any
) -> None:
    written = builders.visitor_writes(acme)
    token = tokens.issue_access_token(open_session(user=ada))
    link = links.link_for(written.visitor).chat.rstrip("/").rpartition("/")[2]
    mail, file = reply_address("help@acme.com", written.conversation.pk), new_id()
    address = signature(str(file))
    channel = create_channel(actor=ada, type=ChannelType.TELEGRAM, config={"bot_token": "110201543:tidewater"})
    update = update_from_telegram(channel)
    checks: dict[str, Callable[[], object]] = {
        "token": lambda: tokens.read_token(token),
        "visitor's key": lambda: keys.read(written.visitor_key),
        "link of a mail": lambda: links.visitor_of_link(link),
        "reply address": lambda: conversation_in([mail]),
        "address of a file": lambda: is_signed(file, address),
        "Telegram's update": lambda: believed(channel, update),
    }
    settings.SECRET_KEY = "s" * 40
    for name in KINDS:
        setattr(settings, name, [name.ljust(40), *getattr(settings, name)])

    assert good(checks) == set(checks)
    assert tokens.read_token(tokens.issue_access_token(open_session(user=ada)))

    for name in KINDS:
        setattr(settings, name, getattr(settings, name)[:1])
    assert good(checks) == set()


def good(checks: dict[str, Callable[[], object]]) -> set[str]:
    tokens._signed.cache_clear()  # new keys come with a new process
    found = set()
    for name, check in checks.items():
        try:
            found |= {name} if check() else set()
        except tokens.BadToken:
            continue
    return found


def update_from_telegram(channel: Channel) -> Incoming:
    adapter = adapter_of(channel)
    assert adapter
    headers = {"x-telegram-bot-api-secret-token": adapter.derived_secret("telegram")}
    return Incoming(method="POST", url="", headers=headers, query={}, body=b"{}")


def believed(channel: Channel, update: Incoming) -> bool:
    adapter = adapter_of(channel)
    assert adapter
    try:
        adapter.verify(update)
    except SuspiciousOperation:
        return False
    return True
