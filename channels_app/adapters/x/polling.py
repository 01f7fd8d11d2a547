"""What X is asked for beside its webhooks, which forget: in the words of the envelopes that it posts. Wire: channels.md
6.7."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
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

    def read(token: str, since: str) -> _Page | None:
        told = ask(f"/2/dm_events?{_query(_DIRECT, token)}")
        events = [dict_of(one) for one in list_of(told.get("data"))]
        new = [one for one in events if _is_newer(text_of(one, "id"), since)]
        items = [_envelope(event, dict_of(told.get("includes")), me=me) for event in new]
        return _Page.of(told, new, [item for item in items if item], is_last=len(new) < len(events))

    return _oldest_first(read, cursor)


def mentions_since(ask: Ask, cursor: str, *, me: str) -> tuple[list[Routed], str]:
    """As `direct_since`, of posts that name us."""

    def read(token: str, since: str) -> _Page | None:
        asked = {**_MENTIONS, **({"since_id": since} if since.strip("0") else {})}
        told = ask(f"/2/users/{me}/mentions?{_query(asked, token)}")
        new = [dict_of(one) for one in list_of(told.get("data")) if _is_newer(text_of(one, "id"), since)]
        return _Page.of(told, new, [_mention(post, dict_of(told.get("includes"))) for post in new])

    return _oldest_first(read, cursor)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """What is new of what X shows at once, oldest first. older: the token of the page before it; "" = all of that is
    known. newest: the highest id, "" of nothing."""

    items: list[Routed]
    newest: str
    older: str

    @classmethod
    def of(
        cls, told: Mapping[str, Any], new: Sequence[Mapping[str, Any]], items: list[Routed], *, is_last: bool = False
    ) -> Self | None:
        """None of what may not be read."""
        older = "" if is_last else text_of(dict_of(told.get("meta")), "next_token")
        newest = max((text_of(one, "id") for one in new), key=int, default="")
        return cls(items=items[::-1], newest=newest, older=older) if told else None


def _oldest_first(read: Callable[[str, str], _Page | None], cursor: str) -> tuple[list[Routed], str]:
    """X begins with the newest. After an outage longer than a look, first the way back to what is known is found, page
    by page, and then what is on it is taken in from there.

    cursor: what all is taken in up to; on the way as well what was known before it, and the tokens of the pages that
    are still to be taken, the oldest last. Raises DeliveryError.
    """
    known, *way = cursor.split(" ")
    if not known:
        page = read("", "")
        return [], (page.newest or "0") if page else cursor
    since, tokens = (way[0], way[1:]) if way else (known, [])
    goes_back = since == known
    found: list[Routed] = []
    in_hand: dict[str, _Page] = {}
    for _number in range(MOST_PAGES):
        token = tokens[-1] if tokens else ""
        try:
            page = read(token, since)
        except DeliveryError as error:
            if token and error.permanent:  # X does not know the page any more: it begins again at the newest
                return found, known
            raise
        if page is None:
            return [], cursor
        in_hand[token] = page
        if goes_back and page.older:
            tokens.append(page.older)
            continue
        goes_back = False
        while page := in_hand.pop(token, None):
            found += page.items
            known = page.newest or known
            if not tokens:
                return found, known
            tokens.pop()
            token = tokens[-1] if tokens else ""
        if not tokens:  # what came in the meantime
            since, goes_back = known, True
    return found, " ".join([known, since, *tokens]) if tokens else known


def _mention(post: Mapping[str, Any], included: Mapping[str, Any]) -> Routed:
    payload = {
        "data": {"event_type": "post.mention.create", "payload": post},
        "includes": {name: list_of(included.get(name)) for name in ("users", "media")},
    }
    return Routed(dedup_key=f"x:post:{post['id']}", payload=payload)


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


def _query(fields: Mapping[str, str], token: str) -> str:
    """With %20 and never a plus, which would be another thing to whoever checks the signature."""
    return urlencode({**fields, **({"pagination_token": token} if token else {})}).replace("+", "%20")
