"""What Telegram's updates say, in our words; new fields mean nothing to us."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _

from channels_app.adapters.events import (
    AddedToGroup,
    ContactChanged,
    ContactRef,
    InboundEvent,
    MediaRef,
    MessageEdited,
    MessageReceived,
    ReactionChanged,
)
from channels_app.adapters.json import dict_of, dicts, inner, number_of, text_of

_FILES = ("audio", "voice", "video", "video_note", "animation", "document", "sticker")
_KINDS = {"video_note": "video", "animation": "video"}


def events_of(update: Mapping[str, Any]) -> Iterator[InboundEvent]:
    message = update.get("message")
    if isinstance(message, dict) and (who := _private(message)):
        yield from _received(message, who)
    edited = update.get("edited_message")
    if isinstance(edited, dict) and (who := _private(edited)):
        named = f"{who}:{edited.get('message_id')}"
        yield MessageEdited(external_id=named, text=_text(edited), occurred_at=_time(edited))
    pressed = update.get("callback_query")
    if isinstance(pressed, dict) and isinstance(pressed.get("message"), dict) and (who := _private(pressed["message"])):
        yield MessageReceived(
            contact=_contact(pressed.get("from"), who),
            thread_key=who,
            external_id=f"callback:{pressed.get('id')}",
            text=str(pressed.get("data", ""))[:64],
            pressed=str(pressed.get("id", "")),
        )
    member = update.get("my_chat_member")
    if isinstance(member, dict):
        yield from _membership(member)
    reaction = update.get("message_reaction")
    if isinstance(reaction, dict) and (who := _private(reaction)):
        given = dicts(reaction.get("new_reaction"))
        emoji = next(filter(None, (text_of(each, "emoji") for each in given)), "")
        if emoji or not given:  # one of Telegram's own pictures says nothing outside of it, and takes nothing back
            named = f"{who}:{reaction.get('message_id')}"
            yield ReactionChanged(external_id=named, contact=_contact(reaction.get("user"), who), emoji=emoji)


def _membership(member: Mapping[str, Any]) -> Iterator[InboundEvent]:
    """A user blocked the bot, or not any more; or somebody took it into a group."""
    now, before, chat = (member.get(name) for name in ("new_chat_member", "old_chat_member", "chat"))
    status = str(dict_of(now).get("status", ""))
    if (who := _private(member)) and status in {"kicked", "member"}:
        yield ContactChanged(old_key=f"tg:{who}", reachable=status == "member")
    was_there = isinstance(before, dict) and str(before.get("status", "")) not in {"left", "kicked"}
    if (
        isinstance(chat, dict)
        and str(chat.get("type", "")) in {"group", "supergroup"}
        and status == "member"
        and not was_there
    ):
        yield AddedToGroup(group=str(chat.get("id", "")))


def _received(message: Mapping[str, Any], who: str) -> Iterator[InboundEvent]:
    text = _text(message)
    if re.fullmatch(r"/start(@\w+)?( [\w-]{1,64})?", text):
        text = _("(Opened the chat)")
    media = tuple(_media(message))
    words = text or _described(message)
    if not words and not media:
        words = _("(Something that Telegram shows only in its app)")
    reply = message.get("reply_to_message")
    yield MessageReceived(
        contact=_contact(message.get("from"), who),
        thread_key=who,
        external_id=f"{who}:{message.get('message_id')}",
        text=words,
        media=media,
        reply_to=f"{who}:{reply.get('message_id')}" if isinstance(reply, dict) else "",
        album=f"album:{who}:{message['media_group_id']}" if message.get("media_group_id") else "",
        occurred_at=_time(message),
    )


def _text(message: Mapping[str, Any]) -> str:
    """Its words, with the addresses behind them; what Telegram calls an offset counts units of UTF-16."""
    name = "text" if message.get("text") else "caption"
    units = text_of(message, name).encode("utf-16-le", "replace")
    entities = message.get("entities" if name == "text" else "caption_entities")
    links = [each for each in dicts(entities) if each.get("type") == "text_link" and text_of(each, "url")]
    for link in sorted(links, key=lambda each: number_of(each.get("offset")), reverse=True):
        begin, length = number_of(link.get("offset")), number_of(link.get("length"))
        end = 2 * (begin + length)
        if begin >= 0 and length > 0 and end <= len(units):
            units = units[:end] + f" ({link['url']})".encode("utf-16-le", "replace") + units[end:]
    return units.decode("utf-16-le", "replace")


def _described(message: Mapping[str, Any]) -> str:
    """What is no text and no file, in words."""
    venue = inner(message, "venue")
    if place := inner(message, "location") or inner(venue, "location"):
        at = f"{place.get('latitude')}, {place.get('longitude')}"
        named = " ".join(str(venue[part]) for part in ("title", "address") if venue.get(part))
        return _("Place: %(place)s") % {"place": f"{named} ({at})" if named else at}
    contact = message.get("contact")
    if isinstance(contact, dict):
        names = (contact.get("first_name"), contact.get("last_name"), contact.get("phone_number"))
        return _("Contact: %(who)s") % {"who": " ".join(str(name) for name in names if name)}
    if question := text_of(inner(message, "poll"), "question"):
        choices = [text_of(each, "text") for each in dicts(inner(message, "poll").get("options"))]
        return _("A poll: %(question)s") % {"question": "\n- ".join(filter(None, [question, *choices]))}
    return text_of(inner(message, "sticker"), "emoji")


def _media(message: Mapping[str, Any]) -> Iterator[MediaRef]:
    photos = [each for each in dicts(message.get("photo")) if each.get("file_id")]
    if photos:
        best = max(photos, key=lambda photo: number_of(photo.get("width")) * number_of(photo.get("height")))
        yield MediaRef(kind="image", provider_ref=str(best["file_id"]), size=number_of(best.get("file_size")))
    for name in _FILES:
        file = inner(message, name)
        if file.get("is_animated") or file.get("is_video"):  # a sticker that no page shows
            file = inner(file, "thumbnail")
        if not file.get("file_id") or (name == "document" and message.get("animation")):
            continue
        yield MediaRef(
            kind=_KINDS.get(name, name),
            provider_ref=str(file["file_id"]),
            mime_type=str(file.get("mime_type", "")),
            filename=str(file.get("file_name", "")),
            size=number_of(file.get("file_size")) or None,
        )


def _private(item: Mapping[str, Any]) -> str:
    """The chat's id; "" for groups, which we leave alone."""
    chat = item.get("chat")
    if not isinstance(chat, dict) or chat.get("type", "private") != "private" or "id" not in chat:
        return ""
    return str(chat["id"])


def _contact(given: Any, who: str) -> ContactRef:
    person = dict_of(given)
    name = " ".join(str(person[part]) for part in ("first_name", "last_name") if person.get(part))
    handle = f"@{person['username']}" if person.get("username") else ""
    return ContactRef(keys=(f"tg:{who}",), name=name, handle=handle)


def _time(message: Mapping[str, Any]) -> datetime | None:
    seconds = message.get("date")
    return datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, int) and 0 < seconds < 2**33 else None
