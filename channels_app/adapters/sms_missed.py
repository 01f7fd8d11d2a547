"""Twilio's list of messages, for those that it could not hand over. Wire: its Messaging API, version 2010-04-01."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

from django.conf import settings

from channels_app.adapters.json import dicts, text_of

# So long before the last look is looked at again, and so young a message is left to the webhook, which tells more.
OVERLAP, YOUNG = timedelta(minutes=10), timedelta(minutes=1)
PAGE, MAX_PAGES = 500, 20

Ask = Callable[[str, str], dict[str, Any]]


def since(ask: Ask, last: datetime, *, until: datetime, number: str) -> list[dict[str, str]]:
    """What came in to this number since the last look, oldest first, in the words of the webhook.

    ask: method and path, or a whole address of Twilio's. Raises DeliveryError.
    """
    first, newest = last - OVERLAP, until - YOUNG
    found = [one for one in _listed(ask, first, number) if first <= _came(one) <= newest]
    return [_as_posted(ask, one) for one in sorted(found, key=_came)]


def _listed(ask: Ask, first: datetime, number: str) -> Iterator[dict[str, Any]]:
    """Newest first; those from elsewhere, and ours, are left out."""
    path = f"Messages.json?To={quote(number, safe='')}&DateSent%3E={first:%Y-%m-%d}&PageSize={PAGE}"
    for _page in range(MAX_PAGES):
        told = ask("GET", path)
        listed = [one for one in dicts(told.get("messages")) if text_of(one, "sid")]
        yield from (one for one in listed if text_of(one, "direction") == "inbound")
        path = f"{settings.TWILIO_API_BASE_URL}{text_of(told, 'next_page_uri')}"
        if not text_of(told, "next_page_uri") or not listed or _came(listed[-1]) < first:
            return


def _came(message: dict[str, Any]) -> datetime:
    try:
        return parsedate_to_datetime(text_of(message, "date_created")).astimezone(UTC)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)


def _as_posted(ask: Ask, message: dict[str, Any]) -> dict[str, str]:
    sid = text_of(message, "sid")
    fields = {"MessageSid": sid, "From": text_of(message, "from"), "Body": text_of(message, "body"), "NumMedia": "0"}
    if str(message.get("num_media") or "0") == "0":
        return fields
    files = dicts(ask("GET", f"Messages/{quote(sid, safe='')}/Media.json").get("media_list"))
    fields["NumMedia"] = str(len(files))
    for number, file in enumerate(files):
        fields[f"MediaUrl{number}"] = settings.TWILIO_API_BASE_URL + text_of(file, "uri").removesuffix(".json")
        fields[f"MediaContentType{number}"] = text_of(file, "content_type")
    return fields
