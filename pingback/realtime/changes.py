"""Changes of rows that open sockets rest on, whoever makes them, told after the commit.

The end of a widget, a workspace, a visitor's key, a chat that is switched off and what a widget lets in would be found
at the next look at all sockets, too; this is at once. A member's own name and picture are what its messages are signed
with. Of what a team has to choose from every open inbox shows a part.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from accounts.models import User
from businesses.models import Business, Team
from channels_app.models import Channel
from conversations.models import CannedResponse, Macro, SavedView, Tag
from pingback.realtime import publish
from widgets.models import Visitor, Widget

# What others see of whoever wrote a message (conversations/wire.py).
SIGNED_WITH = frozenset({"full_name", "avatar_url", "avatar_version"})


@receiver(post_delete, sender=Widget)
def widget_deleted(instance: Widget, **_signal: Any) -> None:
    widget_id = instance.pk
    transaction.on_commit(lambda: publish.widget_ended(widget_id), robust=True)


@receiver(post_save, sender=Widget)
def widget_changed(instance: Widget, *, created: bool, update_fields: Any, **_signal: Any) -> None:
    if not created and (update_fields is None or "config" in update_fields):
        business_id, widget_id, config = instance.business_id, instance.pk, instance.config

        def tell() -> None:
            publish.widget_changed(business_id=business_id, widget_id=widget_id, config=config)

        transaction.on_commit(tell, robust=True)


@dataclass(frozen=True)
class _SettingsChanged:
    """A workspace has something else to choose from, or one person there has. Two of the same are equal."""

    business_id: UUID
    user_id: UUID | None = None

    def __call__(self) -> None:
        publish.settings_changed(self.business_id, user_id=self.user_id)


@receiver((post_save, post_delete), sender=CannedResponse)
@receiver((post_save, post_delete), sender=Macro)
@receiver((post_save, post_delete), sender=Tag)
@receiver((post_save, post_delete), sender=Team)
def settings_changed(instance: CannedResponse | Macro | Tag | Team, **_signal: Any) -> None:
    _tell_once(_SettingsChanged(instance.business_id))


@receiver((post_save, post_delete), sender=SavedView)
def view_changed(instance: SavedView, update_fields: Collection[str] | None = None, **_signal: Any) -> None:
    """A private one is told to its owner alone, unless it was everybody's until now."""
    is_everybodys = instance.shared or "shared" in (update_fields or ())
    _tell_once(_SettingsChanged(instance.business_id, None if is_everybodys else instance.owner_id))


def _tell_once(told: _SettingsChanged) -> None:
    # Once a transaction: one that waits for the commit is taken back only with a savepoint that this is in, too.
    if all(each[1] != told for each in connection.run_on_commit):
        transaction.on_commit(told, robust=True)


@receiver(post_delete, sender=Business)
def workspace_deleted(instance: Business, **_signal: Any) -> None:
    business_id = instance.pk
    transaction.on_commit(lambda: publish.workspace_ended(business_id), robust=True)


@receiver(post_save, sender=User)
def person_changed(instance: User, created: bool, update_fields: Collection[str] | None = None, **_signal: Any) -> None:
    if not created and (update_fields is None or not SIGNED_WITH.isdisjoint(update_fields)):
        user_id, signed = instance.pk, {name: getattr(instance, name) for name in SIGNED_WITH}
        transaction.on_commit(lambda: publish.person_changed(user_id, signed), robust=True)


@receiver(post_save, sender=Channel)
def channel_switched(instance: Channel, **_signal: Any) -> None:
    if instance.is_web and not instance.is_active:
        business_id = instance.business_id
        transaction.on_commit(lambda: publish.chat_switched_off(business_id), robust=True)


@receiver(post_save, sender=Visitor)
def visitors_keys_voided(instance: Visitor, *, created: bool, update_fields: Any, **_signal: Any) -> None:
    if not created and (update_fields is None or "generation" in update_fields):
        _cut_older(instance, before=instance.generation)


@receiver(post_delete, sender=Visitor)
def visitor_deleted(instance: Visitor, **_signal: Any) -> None:
    _cut_older(instance, before=instance.generation + 1)


def _cut_older(visitor: Visitor, *, before: int) -> None:
    business_id, visitor_id = visitor.business_id, visitor.pk

    def tell() -> None:
        publish.visitors_keys_voided(business_id=business_id, visitor_id=visitor_id, before=before)

    transaction.on_commit(tell, robust=True)
