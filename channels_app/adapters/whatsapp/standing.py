"""How Meta sees a WhatsApp number and its account, in words for the team. Source: channels.md 3.5 and 3.11; Meta's
references of phone numbers and of the webhooks message_template_status_update, phone_number_quality_update and
account_update."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from channels_app.adapters.events import AccountTrouble
from channels_app.adapters.json import dicts, inner, text_of

# Of an account and not of one of its numbers.
OF_ACCOUNTS = ("message_template_status_update", "phone_number_quality_update", "account_update")
_STOPPED = {
    "BANNED": lazy("Meta has banned this number: nothing goes out. Look into Account quality in WhatsApp Manager."),
    "DELETED": lazy("This number was deleted at Meta. Add it again there, or enter another one."),
    "DISCONNECTED": lazy("This number is not connected at Meta any more. Register it there again."),
    "MIGRATED": lazy("This number has moved to another WhatsApp account. Enter the ids that it has there."),
}
_SHAKY = {
    "FLAGGED": lazy("Meta has flagged this number for its quality and restricts it if that stays so for a week."),
    "RATE_LIMITED": lazy("Meta lets this number send no more for now: it wrote to more customers than it may."),
    "RESTRICTED": lazy("Meta has restricted this number: answers go out, and no more templates to further customers."),
}
_PAUSED = {
    "PAUSED": lazy("WhatsApp has paused the template %(name)s, as customers blocked or reported it."),
    "DISABLED": lazy("WhatsApp has switched the template %(name)s off, as customers blocked or reported it."),
    "FLAGGED": lazy("WhatsApp will switch the template %(name)s off if customers go on to block or report it."),
    "REJECTED": lazy("WhatsApp does not approve the template %(name)s."),
}


def standing_of(number: Mapping[str, Any]) -> tuple[bool, str]:
    """Whether it can be used, and what is to be known about it; "" = nothing."""
    status = text_of(number, "status").upper()
    if status in _STOPPED:
        return False, str(_STOPPED[status])
    if status in _SHAKY:
        return True, str(_SHAKY[status])
    if text_of(number, "quality_rating").upper() == "RED":
        return True, _("Many customers block or report this number: Meta restricts it if that goes on.")
    return True, ""


def troubles_of(change: Mapping[str, Any]) -> Iterator[AccountTrouble]:
    value = inner(change, "value")
    for error in dicts(value.get("errors")):
        words = inner(error, "error_data").get("details") or error.get("message") or error.get("title")
        yield AccountTrouble(reason=_("WhatsApp says: %(words)s") % {"words": str(words or error.get("code"))[:200]})
    event = text_of(value, "event").upper()
    if change.get("field") == "message_template_status_update":
        if event in _PAUSED:
            yield AccountTrouble(reason=_PAUSED[event] % {"name": text_of(value, "message_template_name")[:100]})
    elif change.get("field") == "phone_number_quality_update":
        if event == "FLAGGED":
            yield AccountTrouble(reason=str(_SHAKY["FLAGGED"]))
    elif change.get("field") == "account_update" and event:
        told = {"what": event.lower().replace("_", " ")[:100]}
        yield AccountTrouble(reason=_("Meta says of the WhatsApp account: %(what)s.") % told)
