"""Keeping views. Whoever made one changes it; a shared one also owners and admins."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import IntegerField, Q, Subquery, Value
from django.utils.translation import gettext as _

from accounts.models import User
from businesses.models import Business
from businesses.policy import Action, may, require
from businesses.selectors import membership_of
from conversations.models import Conversation, ConversationQuerySet
from conversations.saved_views.filters import checked, conditions_of, in_two, question
from conversations.saved_views.models import SavedView
from conversations.sorting import Sort
from foundation.errors import Forbidden, Invalid, NotFound, Unprocessable
from foundation.rows import one_at_a_time
from foundation.text import is_clean

# Of one person and of one workspace; every one of them is counted for who has the inbox open.
MOST = 50
# Counting stops here, and where other rows are to be looked at for each conversation, after the newest so many.
MOST_COUNTED = 99
MOST_LOOKED_AT = 1_000


@transaction.atomic
def create_view(*, actor: User, name: str, filter: Any, shared: bool = False, sort: str = Sort.NEWEST) -> SavedView:
    """Raises Unprocessable where name or filter are none, Invalid when there are too many, Forbidden."""
    membership = require(actor, Action.HANDLE_CONVERSATIONS)
    one_at_a_time("views", membership.business_id)
    if SavedView.objects.visible_to(actor).count() >= MOST:
        raise Invalid(_("At most %(most)d views. Delete one first.") % {"most": MOST})
    return SavedView.objects.create(
        business_id=membership.business_id,
        owner=actor,
        name=_name(name),
        shared=shared,
        filter=checked(actor, filter),
        sort=Sort(sort),
    )


@transaction.atomic
def update_view(*, actor: User, view_id: UUID, **changes: Any) -> SavedView:
    """changes: of create_view's arguments. Raises as that, and NotFound."""
    view = _own(actor, view_id)
    if "name" in changes:
        changes["name"] = _name(changes["name"])
    if "filter" in changes:
        changes["filter"] = checked(actor, changes["filter"])
    others = {name: value for name, value in changes.items() if getattr(view, name) != value}
    for name, value in others.items():
        setattr(view, name, value)
    view.save(update_fields=[*others, "updated_at"])
    return view


@transaction.atomic
def delete_view(*, actor: User, view_id: UUID) -> None:
    """Raises Forbidden, NotFound."""
    _own(actor, view_id).delete()


def ask_for_other_tag(business_id: UUID, *, tag_id: UUID, into_id: UUID) -> None:
    """Whatever view asks for the one asks for the other from now on. Called in the transaction that ends the first."""
    for view in SavedView.objects.select_for_update().filter(business_id=business_id).order_by("pk"):
        asking = [one for one in conditions_of(view.filter) if (one["field"], one["value"]) == ("tag", str(tag_id))]
        for one in asking:
            one["value"] = str(into_id)
        if asking:
            view.save(update_fields=["filter", "updated_at"])


def may_change(user: User, view: SavedView) -> bool:
    """Managers look after what is everybody's, also when its maker has left."""
    return view.owner_id == user.pk or (view.shared and may(membership_of(user), Action.CHANGE_SHARED))


def view_for(user: User, view_id: UUID) -> SavedView | None:
    return SavedView.objects.visible_to(user).filter(pk=view_id).first()


def flaw_of(user: User, view: SavedView) -> str:
    """Why it can hold nothing: what it asks for is gone; "" = it may."""
    try:
        checked(user, view.filter)
    except Unprocessable:
        return _("A tag, team, channel or person that this view asks for is gone. Edit the view to ask for another.")
    return ""


def matching(user: User, kept: dict[str, Any]) -> ConversationQuerySet:
    """The user's conversations that a checked filter means; what is spam is in no view."""
    return Conversation.objects.visible_to(user).filter(question(user, kept), spam_at=None)


@dataclass(frozen=True, slots=True)
class Count:
    """number: at most MOST_COUNTED. more: there may be further ones."""

    number: int
    more: bool


def counts(user: User, filters: Sequence[dict[str, Any]]) -> list[Count]:
    """How many conversations each of these checked filters means. One query, however many they are, and whatever they
    ask: who has the inbox open asks for this at every event.
    """
    if not filters:
        return []
    asked: dict[str, Subquery | Value] = {}
    for number, kept in enumerate(filters):
        little, costly = in_two(user, kept)
        rows = Conversation.objects.visible_to(user).filter(little, spam_at=None)
        found = newest = rows.order_by("-updated_at", "-id")
        if costly:
            found = Conversation.objects.filter(costly, pk__in=newest[:MOST_LOOKED_AT].values("pk"))
        asked[f"found_{number}"] = counted(found)
        asked[f"looked_at_{number}"] = counted(newest, most=MOST_LOOKED_AT) if costly else Value(0)
    membership = membership_of(user)
    assert membership is not None
    numbers = Business.objects.filter(pk=membership.business_id).annotate(**asked).values_list(*asked).get()
    return [
        Count(min(found, MOST_COUNTED), more=found > MOST_COUNTED or looked_at > MOST_LOOKED_AT)
        for found, looked_at in zip(numbers[::2], numbers[1::2], strict=True)
    ]


def counted(rows: ConversationQuerySet, *, most: int = MOST_COUNTED) -> Subquery:
    """Up to one more than that."""
    return Subquery(
        rows.order_by().values("pk")[: most + 1],
        template="(SELECT COUNT(*) FROM (%(subquery)s) AS counted)",
        output_field=IntegerField(),
    )


def _own(actor: User, view_id: UUID) -> SavedView:
    require(actor, Action.HANDLE_CONVERSATIONS)
    view = SavedView.objects.visible_to(actor).select_for_update().filter(Q(pk=view_id)).first()
    if view is None:
        raise NotFound
    if not may_change(actor, view):
        raise Forbidden(_("Whoever made this view can change it, and owners and admins."))
    return view


def _name(text: str) -> str:
    if not is_clean(text):
        raise Unprocessable(_("The text holds a character that cannot be stored."), field="name")
    if not text.strip():
        raise Unprocessable(_("Give the view a name."), field="name")
    return text.strip()
