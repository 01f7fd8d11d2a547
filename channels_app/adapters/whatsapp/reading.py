"""What WhatsApp's posts say, in our words."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from channels_app.adapters.errors import DeliveryError, Kind
from channels_app.adapters.events import (
    ContactChanged,
    ContactRef,
    EchoReceived,
    InboundEvent,
    Incoming,
    MediaRef,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    ReactionChanged,
    Routed,
    StatusChanged,
)
from channels_app.adapters.json import dicts, inner, text_of
from channels_app.adapters.meta import digest, entries, moment
from channels_app.adapters.whatsapp.standing import OF_ACCOUNTS, troubles_of
from channels_app.adapters.whatsapp.words import FILES, words_of

WINDOW_CLOSED = 131047
ONLY_TEMPLATES = lazy("More than 24 hours since the customer wrote: only a template may be sent.")


def routed(incoming: Incoming) -> Iterator[Routed]:
    for entry in entries(incoming, "whatsapp_business_account"):
        for change in dicts(entry.get("changes")):
            value = inner(change, "value")
            account = str(inner(value, "metadata").get("phone_number_id", ""))
            contacts = dicts(value.get("contacts"))
            told = {"waba": text_of(entry, "id"), **({"standby": True} if change.get("field") == "standby" else {})}
            for message in dicts(value.get("messages")):
                yield Routed(
                    account=account,
                    dedup_key=f"wamid:{message.get('id') or digest(message)}",
                    payload={"contacts": _of(message, contacts), "message": message, **told},
                )
            for echo in dicts(value.get("message_echoes")):
                yield Routed(
                    account=account, dedup_key=f"wamid:{echo.get('id') or digest(echo)}:echo", payload={"echo": echo}
                )
            for status in dicts(value.get("statuses")):
                key = f"wamid:{status.get('id')}:{status.get('status')}"
                yield Routed(account=account, dedup_key=key, payload={"status": status})
            if not any(name in value for name in ("messages", "message_echoes", "statuses")):
                account = account or (text_of(entry, "id") if change.get("field") in OF_ACCOUNTS else "")
                yield Routed(account=account, dedup_key=f"other:{digest(change)}", payload={"other": change})


def _of(message: Mapping[str, Any], contacts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Whose message it is: by ids and never by the place in the list."""
    ids = [each for each in (message.get("from"), message.get("from_user_id")) if isinstance(each, str)]
    return [each for each in contacts if each.get("wa_id") in ids or each.get("user_id") in ids]


def events_of(payload: Mapping[str, Any]) -> Iterator[InboundEvent]:
    message = inner(payload, "message")
    if message:
        contact = next(iter(dicts(payload.get("contacts"))), {})
        yield from _received(message, contact, is_elsewhere="standby" in payload)
    echo = inner(payload, "echo")
    if _is_change(echo):
        yield _changed(echo)
    elif echo.get("type") == "reaction":
        yield _reaction(echo, ContactRef(keys=(f"tel:+{echo.get('to')}",)), by_team=True)
    elif echo.get("to") and echo.get("id"):
        yield EchoReceived(
            thread_key=str(echo["to"]),
            external_id=str(echo["id"]),
            text=words_of(echo),
            media=_media(echo),
            contact=ContactRef(keys=(f"tel:+{echo['to']}",)),
            occurred_at=moment(echo.get("timestamp")),
        )
    status = inner(payload, "status")
    if status.get("id"):
        yield from _status(status)
    yield from troubles_of(inner(payload, "other"))


def _status(status: Mapping[str, Any]) -> Iterator[InboundEvent]:
    said = {"played": "read"}.get(str(status.get("status")), str(status.get("status")))
    if said not in {"sent", "delivered", "read", "failed"}:
        return
    error = next(iter(dicts(status.get("errors"))), None)
    yield StatusChanged(
        status=said,
        external_id=str(status["id"]),
        correlation=str(status.get("biz_opaque_callback_data", "")),
        error=_error(error) if error else None,
        occurred_at=moment(status.get("timestamp")),
    )
    number, user = status.get("recipient_id"), status.get("recipient_user_id")
    if number and user:  # so that they are known when they hide the number
        yield ContactChanged(old_key=f"tel:+{number}", new_keys=(f"bsuid:{user}",), is_as_well=True)


def _error(error: Mapping[str, Any]) -> DeliveryError:
    if error.get("code") == WINDOW_CLOSED:
        return DeliveryError(str(ONLY_TEMPLATES), kind=Kind.WINDOW_CLOSED)
    if error.get("code") == 131026:
        return DeliveryError(_("This number is not on WhatsApp, or blocked you."), kind=Kind.PERMANENT)
    said = inner(error, "error_data").get("details") or error.get("title") or error.get("message") or error.get("code")
    text = _("WhatsApp could not deliver it: %(words)s") % {"words": str(said)[:200]}
    return DeliveryError(text, kind=Kind.PERMANENT)


def _received(message: Mapping[str, Any], contact: Mapping[str, Any], *, is_elsewhere: bool) -> Iterator[InboundEvent]:
    """is_elsewhere: Meta's own agent is at it."""
    kind = str(message.get("type", ""))
    about = inner(message, kind)
    who = _contact(message, contact)
    if _is_change(message):
        yield _changed(message)
        return
    if not who.keys or not message.get("id"):
        return
    if kind == "system":
        new = tuple(keys_of(about.get("user_id"), about.get("wa_id")))
        address = str(about.get("wa_id") or about.get("user_id") or "")
        for old in dict.fromkeys([*keys_of(about.get("previous_user_id"), None), *reversed(who.keys)]):
            yield ContactChanged(old_key=old, new_keys=new, proven=_numbers_among(new), address=address)
        return
    if kind == "reaction":
        yield _reaction(message, who)
        return
    yield MessageReceived(
        contact=who,
        thread_key=str(message.get("from") or message.get("from_user_id")),
        one_thread=True,
        automated=is_elsewhere,
        external_id=str(message["id"]),
        text=words_of(message),
        media=_media(message),
        reply_to=str(inner(message, "context").get("id", "")),
        occurred_at=moment(message.get("timestamp")),
    )


def _reaction(message: Mapping[str, Any], contact: ContactRef, *, by_team: bool = False) -> ReactionChanged:
    about = inner(message, "reaction")
    return ReactionChanged(
        external_id=text_of(about, "message_id"), contact=contact, emoji=text_of(about, "emoji"), by_team=by_team
    )


def _is_change(message: Mapping[str, Any]) -> bool:
    """Of an earlier one, by whoever wrote that."""
    kind = text_of(message, "type")
    return kind in {"edit", "revoke"} and bool(inner(message, kind).get("original_message_id"))


def _changed(message: Mapping[str, Any]) -> InboundEvent:
    about = inner(message, text_of(message, "type"))
    original = str(about["original_message_id"])
    if text_of(message, "type") == "revoke":
        return MessageDeleted(external_id=original)
    return MessageEdited(external_id=original, text=words_of(inner(about, "message")))


def _media(message: Mapping[str, Any]) -> tuple[MediaRef, ...]:
    kind = str(message.get("type", ""))
    file = inner(message, kind)
    if kind not in FILES or not file.get("id"):
        return ()
    return (
        MediaRef(
            kind="voice" if file.get("voice") else kind,
            provider_ref=str(file["id"]),
            mime_type=str(file.get("mime_type", "")),
            filename=str(file.get("filename", "")),
        ),
    )


def _contact(message: Mapping[str, Any], contact: Mapping[str, Any]) -> ContactRef:
    """By the user's id, which outlives the number; WhatsApp checked the number, so other channels may go by it."""
    user = message.get("from_user_id") or contact.get("user_id")
    number = message.get("from") or contact.get("wa_id")
    keys = tuple(keys_of(user, number))
    profile = inner(contact, "profile")
    return ContactRef(
        keys=keys,
        proven=_numbers_among(keys),
        name=text_of(profile, "name") or text_of(profile, "username"),
        handle=f"+{number}" if number else text_of(profile, "username"),
    )


def _numbers_among(keys: Sequence[str]) -> tuple[str, ...]:
    return tuple(key for key in keys if key.startswith("tel:"))


def keys_of(user: Any, number: Any) -> Iterator[str]:
    if user:
        yield f"bsuid:{user}"
    if number:
        yield f"tel:+{number}"
