"""What X is asked for beside its webhooks, which forget: in the words of the envelopes that it posts. Wire: channels.md
6.7."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from channels_app.adapters.events import Routed
from channels_app.adapters.json import dict_of, list_of, text_of

# Fifteen requests in fifteen minutes is X's limit for direct messages.
MOST_PAGES = 3
_MEDIA_FIELDS = "url,type,preview_image_url,variants"
_DIRECT = {
    "event_types": "MessageCreate",
    "max_results": "100",
    "dm_event.fields": "id,text,event_type,created_at,sender_id,dm_conversation_id,attachments",
    "expansions": "sender_id,attachments.media_keys",
    "user.fields": "username,name",
    "media.fields": _MEDIA_FIELDS,
}
_MENTIONS = {
    "max_results": "100",
    "tweet.fields": "author_id,conversation_id,created_at,entities,attachments",
    "expansions": "author_id,attachments.media_keys",
    "user.fields": "username,name",
    "media.fields": _MEDIA_FIELDS,
}

Ask = Callable[[str], dict[str, Any]]


def direct_since(ask: Ask, known: str, *, me: str) -> tuple[list[Routed], str]:
    """Direct messages after the one that is known, oldest first, and which is the newest now. "" knows none: it begins.

    ask: gives the whole answer to a GET, {} where the app may not read it.
    """
    found: list[Routed] = []
    newest, page = known, ""
    for _number in range(MOST_PAGES):
        told = ask(f"/2/dm_events?{_query({**_DIRECT, **({'pagination_token': page} if page else {})})}")
        if not told:
            return [], known
        events = [dict_of(one) for one in list_of(told.get("data"))]
        new = [one for one in events if _is_newer(text_of(one, "id"), known)]
        for event in new:
            newest = text_of(event, "id") if _is_newer(text_of(event, "id"), newest) else newest
            if item := _envelope(event, dict_of(told.get("includes")), me=me):
                found.append(item)
        page = text_of(dict_of(told.get("meta")), "next_token")
        if not known or not page or len(new) < len(events):
            break
    return found[::-1] if known else [], newest or "0"


def mentions_since(ask: Ask, known: str, *, me: str) -> tuple[list[Routed], str]:
    """As `direct_since`, of posts that name us."""
    told = ask(f"/2/users/{me}/mentions?{_query({**_MENTIONS, **({'since_id': known} if known.strip('0') else {})})}")
    if not told:
        return [], known
    posts = [dict_of(one) for one in list_of(told.get("data"))]
    included = dict_of(told.get("includes"))
    newest = known
    found = []
    for post in posts:
        post_id = text_of(post, "id")
        if _is_newer(post_id, known):
            newest = post_id if _is_newer(post_id, newest) else newest
            payload = {
                "data": {"event_type": "post.mention.create", "payload": post},
                "includes": {name: list_of(included.get(name)) for name in ("users", "media")},
            }
            found.append(Routed(dedup_key=f"x:post:{post_id}", payload=payload))
    return found[::-1] if known else [], newest or "0"


def _envelope(event: Mapping[str, Any], includes: Mapping[str, Any], *, me: str) -> Routed | None:
    """None for what is said in a group, which we leave alone."""
    pair = text_of(event, "dm_conversation_id").split("-")
    if len(pair) != 2 or me not in pair:
        return None
    said: dict[str, Any] = {"text": text_of(event, "text")}
    keys = list_of(dict_of(event.get("attachments")).get("media_keys"))
    for media in map(dict_of, list_of(includes.get("media"))):
        if media.get("media_key") in keys:
            said["attachment"] = {"media": media}
    sender = text_of(event, "sender_id")
    customer = pair[1] if pair[0] == me else pair[0]
    told = {
        "id": text_of(event, "id"),
        "created_timestamp": _milliseconds(text_of(event, "created_at")),
        "message_create": {
            "target": {"recipient_id": me if sender != me else customer},
            "sender_id": sender,
            "message_data": said,
        },
    }
    users = [one for one in list_of(includes.get("users")) if dict_of(one).get("id") == sender]
    payload = {"direct_message_events": [told], "users": users}
    return Routed(dedup_key=f"x:dm:{told['id']}", payload=payload)


def _is_newer(one: str, than: str) -> bool:
    """Ids grow with time; they are longer than what a float holds."""
    return one.isdigit() and int(one) > int(than or 0)


def _milliseconds(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return ""
    return str(int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000))


def _query(fields: Mapping[str, str]) -> str:
    """With %20 and never a plus, which would be another thing to whoever checks the signature."""
    return urlencode(fields).replace("+", "%20")
