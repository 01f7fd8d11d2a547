"""What X is asked for beside its webhooks, which forget: in the words of the envelopes that it posts. Wire: channels.md
6.7."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Self
from urllib.parse import urlencode

from channels_app.adapters.errors import DeliveryError
from channels_app.adapters.events import Routed
from channels_app.adapters.json import dict_of, list_of, text_of

# Fifteen requests in fifteen minutes is X's limit for direct messages; what is more is read the next time.
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


def direct_since(ask: Ask, cursor: str, *, me: str) -> tuple[list[Routed], str]:
    """Direct messages after the one that is known, oldest first, and how far that is. "" knows none: it begins.

    ask: gives the whole answer to a GET, {} where the app may not read it.
    """
    place = _Place.of(cursor)
    found: list[Routed] = []
    for _number in range(MOST_PAGES):
        told = _asked(ask, "/2/dm_events", _DIRECT, place)
        if told is None:
            return [], place.known
        if not told:
            return [], cursor
        events = [dict_of(one) for one in list_of(told.get("data"))]
        new = [one for one in events if _is_newer(text_of(one, "id"), place.known)]
        items = (_envelope(event, dict_of(told.get("includes")), me=me) for event in new)
        found += [item for item in items if item]
        place = place.after(new, told, is_last=len(new) < len(events))
        if not place.page:
            break
    return found[::-1] if place.known else [], place.cursor


def mentions_since(ask: Ask, cursor: str, *, me: str) -> tuple[list[Routed], str]:
    """As `direct_since`, of posts that name us."""
    place = _Place.of(cursor)
    asked = {**_MENTIONS, **({"since_id": place.known} if place.known.strip("0") else {})}
    found: list[Routed] = []
    for _number in range(MOST_PAGES):
        told = _asked(ask, f"/2/users/{me}/mentions", asked, place)
        if told is None:
            return [], place.known
        if not told:
            return [], cursor
        new = [dict_of(one) for one in list_of(told.get("data")) if _is_newer(text_of(one, "id"), place.known)]
        included = dict_of(told.get("includes"))
        for post in new:
            payload = {
                "data": {"event_type": "post.mention.create", "payload": post},
                "includes": {name: list_of(included.get(name)) for name in ("users", "media")},
            }
            found.append(Routed(dedup_key=f"x:post:{post['id']}", payload=payload))
        place = place.after(new, told)
        if not place.page:
            break
    return found[::-1] if place.known else [], place.cursor


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """How far it was read. known: the newest of what was taken in without a gap. page: after an outage, where older
    ones than `newest` go on; "" = there is nothing between."""

    known: str
    newest: str
    page: str = ""

    @classmethod
    def of(cls, cursor: str) -> Self:
        known, newest, page = [*cursor.split(" "), "", ""][:3]
        return cls(known=known, newest=newest or known, page=page)

    @property
    def cursor(self) -> str:
        return f"{self.known} {self.newest} {self.page}" if self.page else self.newest or "0"

    def after(self, new: Sequence[Mapping[str, Any]], told: Mapping[str, Any], *, is_last: bool = False) -> Self:
        ids = [text_of(one, "id") for one in new]
        newest = max((one for one in [self.newest, *ids] if one), key=int, default="")
        page = text_of(dict_of(told.get("meta")), "next_token")
        return replace(self, newest=newest, page="" if is_last or not self.known else page)


def _asked(ask: Ask, path: str, fields: Mapping[str, str], place: _Place) -> dict[str, Any] | None:
    """None where X does not know the page any more: it begins again at the newest. Raises DeliveryError."""
    paged = {**fields, **({"pagination_token": place.page} if place.page else {})}
    try:
        return ask(f"{path}?{_query(paged)}")
    except DeliveryError as error:
        if place.page and error.permanent:
            return None
        raise


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
