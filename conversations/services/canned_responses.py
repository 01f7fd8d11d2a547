"""Texts that a team keeps for writing them again."""

import re
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from businesses.models import Business
from businesses.policy import Action, may
from businesses.selectors import membership_of
from conversations.models import CannedResponse, Conversation
from conversations.services.message_drafts import check_content
from foundation.errors import Forbidden, Invalid, Unprocessable

MAX_SHORTCUT = 40
MOST = 1_000
# {name}, {name|what stands there where it is not known}, {customer.attribute}
_VARIABLE = re.compile(r"\{(?P<name>[a-z_]+|customer\.[^{}|\n]{1,100})(?:\|(?P<otherwise>[^{}\n]*))?\}")


def create_response(*, business: Business, author: User, shortcut: str, content: str, shared: bool) -> CannedResponse:
    """shared: for everybody in the workspace, else for the author alone. Raises Unprocessable, Invalid for a second one
    of that shortcut among the shared ones, or among one's own.
    """
    response = CannedResponse(
        business=business, author=author, shortcut=checked_shortcut(shortcut), content=_checked(content), shared=shared
    )
    if CannedResponse.objects.filter(business=business).count() >= MOST:
        raise Invalid(_("A workspace has at most %(most)d saved replies.") % {"most": MOST})
    _save(response)
    return response


def change_response(
    *,
    response: CannedResponse,
    actor: User,
    shortcut: str | None = None,
    content: str | None = None,
    shared: bool | None = None,
) -> CannedResponse:
    """None: as it is. Raises Forbidden for who neither wrote it nor manages; else as `create_response`."""
    _require_maker(response, actor)
    response.shortcut = response.shortcut if shortcut is None else checked_shortcut(shortcut)
    response.content = response.content if content is None else _checked(content)
    response.shared = response.shared if shared is None else shared
    _save(response)
    return response


def delete_response(*, response: CannedResponse, actor: User) -> None:
    """Raises Forbidden."""
    _require_maker(response, actor)
    response.delete()


def may_change(user: User, response: CannedResponse) -> bool:
    """Its author; and of a shared one, whoever manages the workspace."""
    return response.author_id == user.pk or (response.shared and may(membership_of(user), Action.CHANGE_SHARED))


@dataclass(frozen=True, slots=True)
class Filled:
    """blanks: what stands in the words for what is not known, such as `[first name]`."""

    words: str
    blanks: list[str]


def filled(content: str, *, conversation: Conversation, agent: User) -> Filled:
    """With what its variables stand for here (`_values`); an attribute of the customer's is {customer.its name}.

    Where it is not known, what stands behind a | as in {first_name|there}, else a blank. Other words in braces stay.
    """
    values, blanks = _values(conversation, agent), dict[str, None]()

    def fill(found: re.Match[str]) -> str:
        name, otherwise = found["name"], found["otherwise"]
        is_attribute = name.startswith("customer.")
        if not is_attribute and name not in values:
            return found[0]
        known = values.get(name.strip().lower(), "") or otherwise
        if known is None:
            known = f"[{name.removeprefix('customer.').strip().replace('_', ' ')}]"
            blanks[known] = None
        return known

    return Filled(_VARIABLE.sub(fill, content), list(blanks))


def _values(conversation: Conversation, agent: User) -> dict[str, str]:
    customer = conversation.customer
    name = customer.name if customer else ""
    attributes: dict[str, Any] = customer.attributes if customer else {}
    return {
        "name": name,
        "first_name": name.partition(" ")[0],
        "email": customer.email if customer else "",
        "phone": customer.phone if customer else "",
        "agent": agent.get_short_name(),
        "agent_full": agent.full_name,
        "workspace": conversation.business.name,
        **{f"customer.{key.strip().lower()}": _in_words(value) for key, value in attributes.items()},
    }


def _in_words(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(value)


def checked_shortcut(shortcut: str) -> str:
    """Raises Unprocessable. Letters of any language, digits, - and _; a leading slash is not part of it."""
    shortcut = shortcut.strip().removeprefix("/")
    plain = shortcut.replace("-", "").replace("_", "")
    if not 1 <= len(shortcut) <= MAX_SHORTCUT or not plain.isalnum():
        text = _("1 to %(most)d letters, digits or hyphens.") % {"most": MAX_SHORTCUT}
        raise Unprocessable(text, field="shortcut")
    return shortcut


def _checked(content: str) -> str:
    check_content(content)
    return content


def _require_maker(response: CannedResponse, actor: User) -> None:
    if not may_change(actor, response):
        raise Forbidden(_("Only who wrote it, or a manager, changes it."))


def _save(response: CannedResponse) -> None:
    try:
        with transaction.atomic():
            response.save()
    except IntegrityError:
        raise Invalid(_("There is a saved reply “/%(name)s” already.") % {"name": response.shortcut}) from None
