"""What X tells in events, in our words. Wire: channels.md 6.5: two envelopes, the Activity API's and the older one."""

import html
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _

from channels_app.adapters.events import (
    ContactRef,
    CredentialsRevoked,
    EchoReceived,
    InboundEvent,
    MediaRef,
    MessageReceived,
    StatusChanged,
    TypingSeen,
)
from channels_app.adapters.json import dict_of, list_of, text_of
from channels_app.adapters.x.media import files_of


def events_of(told: Mapping[str, Any], *, me: str) -> Iterator[InboundEvent]:
    data = dict_of(told.get("data"))
    inner = dict_of(data.get("payload")) if data else told
    media = {text_of(one, "media_key"): one for one in _included(told, "media") + _included(data, "media")}
    users = _users(inner) | _users(dict_of(told.get("includes"))) | _users(dict_of(data.get("includes")))
    for event in list_of(inner.get("direct_message_events")):
        yield from _direct(dict_of(event), users, me)
    for read in list_of(inner.get("direct_message_mark_read_events")):
        if last := text_of(dict_of(read), "last_read_event_id"):
            yield StatusChanged(status="read", external_id=last)
    for typing in map(dict_of, list_of(inner.get("direct_message_indicate_typing_events"))):
        if (writer := text_of(typing, "sender_id")) and writer != me:
            yield TypingSeen(thread_key=f"dm:{writer}")
    kind = text_of(data, "event_type")
    if kind.startswith("post.") and kind.endswith(".create"):
        keys = [key for key in list_of(dict_of(inner.get("attachments")).get("media_keys")) if isinstance(key, str)]
        yield from _post(inner, users, me, media=[media.get(key) for key in keys])
    for old in map(dict_of, list_of(inner.get("tweet_create_events"))):
        yield from _post(_modern(old), users | _users_of_old(old), me, media=_media_of_old(old))
    if dict_of(told.get("user_event")).get("revoke"):
        yield CredentialsRevoked(reason=_("The account withdrew PingBack's access at X."))


def is_typing(told: Mapping[str, Any]) -> bool:
    """And nothing else."""
    inner = dict_of(dict_of(told.get("data")).get("payload")) or told
    others = ("direct_message_events", "direct_message_mark_read_events")
    return bool(inner.get("direct_message_indicate_typing_events")) and not any(inner.get(name) for name in others)


def _direct(event: Mapping[str, Any], users: Mapping[str, Mapping[str, Any]], me: str) -> Iterator[InboundEvent]:
    create = dict_of(event.get("message_create"))
    said = dict_of(create.get("message_data"))
    event_id, sender = text_of(event, "id"), text_of(create, "sender_id")
    other = text_of(dict_of(create.get("target")), "recipient_id")
    if not event_id or not sender:
        return
    text = _plain(text_of(said, "text"), dict_of(said.get("entities")))
    moment = _milliseconds(event.get("created_timestamp"))
    if sender == me:
        yield EchoReceived(
            thread_key=f"dm:{other}", external_id=event_id, text=text, media=_attached(said), occurred_at=moment
        )
        return
    yield MessageReceived(
        contact=_contact(sender, users),
        thread_key=f"dm:{sender}",
        external_id=event_id,
        text=text,
        media=_attached(said),
        occurred_at=moment,
    )


def _post(
    post: Mapping[str, Any], users: Mapping[str, Mapping[str, Any]], me: str, *, media: list[Any]
) -> Iterator[InboundEvent]:
    post_id, author = text_of(post, "id"), text_of(post, "author_id")
    if not post_id or not author or author == me:
        return
    mentioned = [dict_of(one) for one in list_of(dict_of(post.get("entities")).get("mentions"))]
    if me and me not in {text_of(one, "id") for one in mentioned}:
        return  # a post of theirs that says nothing to us
    text = _plain(text_of(post, "text"), dict_of(post.get("entities")))
    root = text_of(post, "conversation_id") or post_id
    yield MessageReceived(
        contact=_contact(author, users),
        thread_key=f"post:{root}:{author}",
        external_id=post_id,
        text=_("(Public post) %(text)s") % {"text": text},
        media=files_of(media),
        # The answer goes below the post that was written last.
        address=f"post:{root}:{author}:{post_id}",
        own_only=True,
        occurred_at=_time(text_of(post, "created_at")),
    )


def _contact(user_id: str, users: Mapping[str, Mapping[str, Any]]) -> ContactRef:
    user = users.get(user_id, {})
    handle = text_of(user, "username") or text_of(user, "screen_name")
    return ContactRef(keys=(f"x:{user_id}",), name=text_of(user, "name"), handle=f"@{handle}" if handle else "")


def _users(told: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """By id, from either envelope: a list, or by id with or without a `data` in between."""
    users = told.get("users")
    if isinstance(users, dict):
        return {str(key): dict_of(dict_of(value).get("data")) or dict_of(value) for key, value in users.items()}
    return {text_of(dict_of(user), "id"): dict_of(user) for user in list_of(users)}


def _included(told: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    return [dict_of(one) for one in list_of(dict_of(told.get("includes")).get(name))]


def _media_of_old(post: Mapping[str, Any]) -> list[Any]:
    longer = dict_of(dict_of(post.get("extended_tweet")).get("extended_entities"))
    return list_of((longer or dict_of(post.get("extended_entities"))).get("media"))


def _users_of_old(post: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    user = dict_of(post.get("user"))
    return {text_of(user, "id_str"): user}


def _modern(post: Mapping[str, Any]) -> dict[str, Any]:
    """A post of the older envelope in the newer one's words."""
    longer = dict_of(post.get("extended_tweet"))
    entities = dict_of(longer.get("entities")) or dict_of(post.get("entities"))
    mentions = [{"id": text_of(dict_of(one), "id_str")} for one in list_of(entities.get("user_mentions"))]
    return {
        "id": text_of(post, "id_str"),
        "author_id": text_of(dict_of(post.get("user")), "id_str"),
        "text": text_of(longer, "full_text") or text_of(post, "text"),
        "conversation_id": text_of(post, "in_reply_to_status_id_str"),
        "entities": {**entities, "mentions": mentions},
    }


def _plain(text: str, entities: Mapping[str, Any]) -> str:
    """X escapes for HTML and shortens every address."""
    for one in map(dict_of, list_of(entities.get("urls"))[:50]):
        short, full = text_of(one, "url"), text_of(one, "expanded_url")
        if short and full:
            text = text.replace(short, "" if text_of(one, "media_key") else full)  # that of a picture is shown below it
    return html.unescape(text).strip()


def _attached(said: Mapping[str, Any]) -> tuple[MediaRef, ...]:
    return files_of([dict_of(said.get("attachment")).get("media")])


def _milliseconds(value: Any) -> datetime | None:
    if not isinstance(value, str) or not value.isascii() or not value.isdigit() or len(value) > 14:
        return None
    return datetime.fromtimestamp(int(value) / 1000, UTC)


def _time(value: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
