"""Tell sockets what happened, after commit. Best effort, from any thread: never waits, never raises.

What is sent here is a hint. The row is there, and a client that missed the hint asks for it.
"""

import logging
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from accounts.models import User
from businesses.models import FeedEvent, Membership
from channels_app import signs
from conversations.models import Conversation, SenderType
from conversations.services.receipts import Receipt
from pingback.realtime import bus, rooms
from pingback.realtime.envelopes import Envelope
from pingback.realtime.packets import encode_event
from widgets.selectors import chats_switched_off

log = logging.getLogger("pingback.realtime")
_thread = threading.local()


def publish(events: Sequence[FeedEvent]) -> None:
    """Tell everybody whom these feed events concern. Each carries its row as `subject`.

    What cannot be told is a hole in the numbers: nothing waits for it, and it is fetched (sequence.py).
    """
    try:
        _hand_over([envelope for event in events if (envelope := _envelope(event))])
    except Exception:
        log.exception("Live events were not sent")


def receipt(received: Receipt) -> None:
    """Tell the side that wrote how far the other one is."""
    try:
        if emission := rooms.writers(received):
            room, name, payload = emission
            business = str(received.conversation.business_id)
            _hand_over([{"business": business, "room": room, "packet": encode_event(name, payload), "skip": None}])
    except Exception:
        log.exception("A receipt was not told")
    if received.is_read and received.message.sender_type == SenderType.CUSTOMER:
        signs.team_has_read(received.message)


def theo_draft(*, membership: Membership, conversation_id: UUID, content: str) -> None:
    """Show a member what a language model has written so far, before it is checked: nothing to send."""
    try:
        payload = {"conversation_id": str(conversation_id), "content": content}
        room, packet = rooms.member(membership.pk), encode_event("theo_draft", payload)
        _hand_over([{"business": str(membership.business_id), "room": room, "packet": packet, "skip": None}])
    except Exception:
        log.exception("A draft was not shown while it was written")


def notifications_changed(*, business_id: UUID, user_ids: Collection[UUID]) -> None:
    """Let the sockets of these people in the workspace look at their notifications again. Asks the database."""
    try:
        _tell_people(business_id, user_ids, encode_event("notifications_changed", {}))
    except Exception:
        log.exception("Nobody was told that there are notifications")


def channel_changed(*, business_id: UUID, channel_id: UUID) -> None:
    """Let the members' pages look at a channel again: whether it sends and takes in is otherwise than it was."""
    try:
        packet = encode_event("channel_changed", {"channel_id": str(channel_id)})
        _hand_over(
            [{"business": str(business_id), "room": rooms.business(business_id), "packet": packet, "skip": None}]
        )
    except Exception:
        log.exception("Nobody was told that a channel is otherwise")


def customer_types(conversation: Conversation) -> None:
    """Show the members who have it open that the customer writes, elsewhere than on a socket of ours."""
    try:
        conversation_id = str(conversation.pk)
        said = {"conversation_id": conversation_id, "user_id": None, "is_typing": True}
        room, business = rooms.conversation(conversation.pk), str(conversation.business_id)
        _hand_over([{"business": business, "typing": said, "to": room, "from": f"channel:{conversation_id}"}])
    except Exception:
        log.exception("Nobody was told that a customer writes")


def settings_changed(business_id: UUID, *, user_id: UUID | None = None) -> None:
    """Let the members' pages ask again for what there is to choose from. user_id: one member's; asks the database."""
    try:
        packet = encode_event("settings_changed", {})
        if user_id:
            return _tell_people(business_id, [user_id], packet)
        _hand_over(
            [{"business": str(business_id), "room": rooms.business(business_id), "packet": packet, "skip": None}]
        )
    except Exception:
        log.exception("Nobody was told that there is something else to choose from")


def draft_changed(*, conversation: Conversation, user: User, content: str, is_note: bool) -> None:
    """Tell a person's own sockets what they have begun to write, in whichever of their tabs. Asks the database."""
    try:
        payload = {"conversation_id": str(conversation.pk), "content": content, "is_note": is_note}
        _tell_people(conversation.business_id, [user.pk], encode_event("draft_changed", payload))
    except Exception:
        log.exception("A draft was not told to other tabs")


def conversation_read(*, conversation: Conversation, user: User, seq: int, is_unread: bool) -> None:
    """Tell a person's own sockets how far they have read, in whichever of their tabs. Asks the database.

    is_unread: they put their mark back.
    """
    try:
        payload = {"conversation_id": str(conversation.pk), "seq": seq, "is_unread": is_unread}
        _tell_people(conversation.business_id, [user.pk], encode_event("conversation_read", payload))
    except Exception:
        log.exception("What was read was not told to other tabs")


def _tell_people(business_id: UUID, user_ids: Collection[UUID], packet: str) -> None:
    told = Membership.objects.filter(business_id=business_id, user_id__in=user_ids, is_active=True)
    _hand_over(
        [
            {"business": str(business_id), "room": rooms.member(pk), "packet": packet, "skip": None}
            for pk in told.values_list("pk", flat=True)
        ]
    )


def session_ended(session_id: UUID) -> None:
    """Tell the sockets of a session that is over, and cut them."""
    _cut(rooms.session(session_id), "session_ended")


def membership_ended(membership_id: UUID) -> None:
    """Tell the sockets of somebody who no longer belongs to a workspace, and cut them."""
    _cut(rooms.member(membership_id), "membership_ended")


def widget_ended(widget_id: UUID) -> None:
    """Tell the sockets of visitors who came through a widget that is gone, and cut them."""
    _cut(rooms.widget(widget_id), "visitor_ended")


def widget_changed(*, business_id: UUID, widget_id: UUID, config: dict[str, Any]) -> None:
    """Let the sockets that came through a widget go on under these settings: it may take verified visitors alone."""
    try:
        _hand_over([{"business": str(business_id), "widget": str(widget_id), "config": config}])
    except Exception:
        log.exception("Sockets go on under a widget's former settings")


def visitors_keys_voided(*, business_id: UUID, visitor_id: UUID, before: int) -> None:
    """Tell the sockets that came with a visitor's key of a generation before this one, and cut them."""
    _cut(rooms.visitors(business_id), "visitor_ended", keys=[str(visitor_id), before])


def workspace_ended(business_id: UUID) -> None:
    """Tell everybody's sockets in a workspace that is gone, and cut them."""
    _cut(rooms.business(business_id), "membership_ended")
    _cut(rooms.visitors(business_id), "visitor_ended")


def chat_switched_off(business_id: UUID) -> None:
    """Tell visitors' sockets that the chat takes and tells nothing any more, and cut them, unless it still does.
    Asks the database.
    """
    try:
        if business_id in chats_switched_off([business_id]):
            _cut(rooms.visitors(business_id), "chat_switched_off")
    except Exception:
        log.exception("Sockets of a chat that was switched off were not cut")


def person_changed(user_id: UUID, signed: dict[str, str]) -> None:
    """Let the sockets of a person sign with this name and picture from now on."""
    try:
        _hand_over([{"person": str(user_id), "signed": signed}])
    except Exception:
        log.exception("Sockets go on under a former name")


def workspace_switched(session_id: UUID, business_id: UUID) -> None:
    """Tell the pages of a session that it works elsewhere now; their sockets are still of the other workspace."""
    try:
        packet = encode_event("workspace_switched", {"business_id": str(business_id)})
        _hand_over([{"room": rooms.session(session_id), "packet": packet, "skip": None}])
    except Exception:
        log.exception("Pages were not told of the other workspace")


def second_factor_missing(membership_id: UUID) -> None:
    """Tell the sockets of a member who must add a second factor before anything else, and cut them."""
    _cut(rooms.member(membership_id), "second_factor_setup_required")


@contextmanager
def held() -> Iterator[list[Envelope]]:
    """What this thread publishes meanwhile, kept for `bus.send` once its first hearer is in the room."""
    envelopes: list[Envelope] = []
    _thread.held = envelopes
    try:
        yield envelopes
    finally:
        _thread.held = None


def _hand_over(envelopes: list[Envelope]) -> None:
    kept = getattr(_thread, "held", None)
    if kept is None:
        bus.send(envelopes)
    else:
        kept.extend(envelopes)


def _cut(room: str, reason: str, **which: list[Any]) -> None:
    try:
        _hand_over([{"cut": room, "reason": reason, **which}])
    except Exception:
        log.exception("Sockets were not cut")


def _envelope(event: FeedEvent) -> Envelope | None:
    """It may ask the database, for the rows around its subject; None when it has no answer."""
    try:
        out = [[room, encode_event(name, payload)] for room, name, payload in rooms.audience(event)]
    except Exception:
        log.exception("A live event was not sent")
        return None
    envelope: Envelope = {"business": str(event.business_id), "seq": event.seq, "out": out}
    if event.kind == "message.created":
        author = str(event.actor_id) if event.actor_id else None
        envelope["wrote"] = [str(event.conversation_id), author]
    return envelope
