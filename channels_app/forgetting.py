"""What could not be taken in of a customer goes with them: nothing linked it to them, as it never became a message."""

import base64
import logging
import re
from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

import orjson
from django.db.models import Q
from django.dispatch import receiver

from channels_app import connecting, journal
from channels_app.adapters.base import ChannelAdapter
from channels_app.adapters.events import EchoReceived, MessageReceived, ReactionChanged
from channels_app.keys import key_of
from channels_app.models import Contact, ExternalMessage, RawEvent, RawState
from conversations.models import Customer
from conversations.services.deleting import customer_goes
from foundation.sealed import CannotUnseal

log = logging.getLogger("pingback.intake")


@receiver(customer_goes, dispatch_uid="channels_app.forgetting")
def mark_what_failed(*, customer: Customer, **_signal: object) -> None:
    """As theirs, so that `journal.purge` empties it as soon as they are gone."""
    same = Q(customer=customer.pk) | Q(customer__merged_into=customer.pk)
    keys: dict[UUID, set[str]] = defaultdict(set)
    for channel_id, key in Contact.objects.filter(same).values_list("channel_id", "key"):
        keys[channel_id].add(key)
    failed = RawEvent.objects.filter(channel__in=keys, state=RawState.FAILED, customer=None).exclude(payload={})
    for raw in failed.select_related("channel").iterator(chunk_size=20):
        if _is_of(raw, keys[raw.channel_id]):
            RawEvent.objects.filter(pk=raw.pk).update(customer=customer.pk)


def _is_of(raw: RawEvent, keys: set[str]) -> bool:
    """By who wrote it; where it cannot be read, by whether it names them."""
    try:
        adapter = connecting.adapter_of(raw.channel)
        named = _named(adapter, raw) if adapter else set()
    except CannotUnseal:
        named = set()
    except Exception as error:  # that may be why it failed
        log.info("Event %s cannot be read: %s", raw.pk, type(error).__name__)
        named = set()
    return bool(named & keys) if named else _mentions(raw, keys)


def _named(adapter: ChannelAdapter, raw: RawEvent) -> set[str]:
    named: set[str] = set()
    for event in adapter.parse(journal.payload_of(raw)):
        if isinstance(event, MessageReceived | ReactionChanged) or (isinstance(event, EchoReceived) and event.contact):
            assert event.contact
            named |= set(event.contact.keys)
        elif external_id := getattr(event, "external_id", ""):
            known = ExternalMessage.objects.filter(channel=raw.channel_id, key=key_of(external_id))
            people = known.values_list("message__conversation__customer", flat=True)
            named |= set(
                Contact.objects.filter(channel=raw.channel_id, customer__in=people).values_list("key", flat=True)
            )
    return named


def _mentions(raw: RawEvent, keys: Iterable[str]) -> bool:
    told = orjson.dumps(raw.payload).decode().lower() + _text_of(raw)
    ids = (key.partition(":")[2].lstrip("+").lower() for key in keys)
    return any(re.search(rf"(?<![\w.@-]){re.escape(one)}(?![\w.@-])", told) for one in ids if one)


def _text_of(raw: RawEvent) -> str:
    try:
        told = journal.payload_of(raw)["raw"]
        return (base64.b64decode(told) if isinstance(told, str) else bytes(told)).decode("utf-8", "replace").lower()
    except (OSError, KeyError, TypeError, ValueError):
        return ""
