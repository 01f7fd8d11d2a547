"""Macros: several actions in one click, kept by their names (services/macro_runs.py runs them)."""

from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from businesses.models import Business, Membership, Team
from businesses.policy import Action, may
from businesses.selectors import membership_of
from conversations import picker
from conversations.models import Macro
from conversations.services.message_drafts import check_content
from conversations.services.tags import MOST_ON_ONE, checked_name
from foundation.errors import Forbidden, Invalid, Unprocessable
from foundation.ids import parse_id
from foundation.text import is_clean

MAX_NAME = 80
MOST = 200


def create_macro(*, business: Business, author: User, name: str, **actions: Any) -> Macro:
    """actions: as Macro has them, at least one. Raises Unprocessable, Invalid for a second one of that name."""
    if Macro.objects.filter(business=business).count() >= MOST:
        raise Invalid(_("A workspace has at most %(most)d macros.") % {"most": MOST})
    macro = Macro(business=business, author=author, name=name, **actions)
    _save(macro)
    return macro


def change_macro(*, macro: Macro, actor: User, **changes: Any) -> Macro:
    """Raises Forbidden for who neither made it nor manages; else as `create_macro`."""
    _require_maker(macro, actor)
    for name, value in changes.items():
        setattr(macro, name, value)
    _save(macro)
    return macro


def delete_macro(*, macro: Macro, actor: User) -> None:
    """Raises Forbidden."""
    _require_maker(macro, actor)
    macro.delete()


def may_change(user: User, macro: Macro) -> bool:
    """Its author, and whoever manages the workspace."""
    return macro.author_id == user.pk or may(membership_of(user), Action.CHANGE_SHARED)


def checked_tags(names: Sequence[str]) -> list[str]:
    """Each once. Raises Unprocessable."""
    found = {checked_name(name).lower(): checked_name(name) for name in names}
    if len(found) > MOST_ON_ONE:
        raise Unprocessable(_("At most %(most)d tags.") % {"most": MOST_ON_ONE}, field="tags")
    return list(found.values())


def _save(macro: Macro) -> None:
    macro.name, macro.tags = " ".join(macro.name.split()), checked_tags(macro.tags)
    if not 1 <= len(macro.name) <= MAX_NAME or not is_clean(macro.name):
        raise Unprocessable(_("1 to %(most)d characters.") % {"most": MAX_NAME}, field="name")
    if macro.content:
        check_content(macro.content)
    _check_assign(macro)
    if not (macro.content or macro.assign or macro.tags or macro.status or macro.priority is not None):
        raise Invalid(_("Say at least one thing that it does."))
    try:
        with transaction.atomic():
            macro.save()
    except IntegrityError:
        raise Invalid(_("There is a macro “%(name)s” already.") % {"name": macro.name}) from None


def _check_assign(macro: Macro) -> None:
    """A person or a team is one of this workspace. Raises Invalid, alike for a stranger's id and for nobody's."""
    if macro.assign in {"", picker.ME, picker.NOBODY}:
        return
    kind, _sep, text = macro.assign.partition(":")
    chosen, business_id = parse_id(text), macro.business_id
    is_there = False
    if kind == picker.PERSON and chosen:
        is_there = Membership.objects.filter(business_id=business_id, user_id=chosen, is_active=True).exists()
    elif kind == picker.TEAM and chosen:
        is_there = Team.objects.filter(business_id=business_id, pk=chosen).exists()
    if not is_there:
        raise Invalid(_("There is no such person or team."))


def _require_maker(macro: Macro, actor: User) -> None:
    if not may_change(actor, macro):
        raise Forbidden(_("Only who made it, or a manager, changes it."))
