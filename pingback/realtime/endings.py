"""Rows whose end cuts sockets, whoever ends them: a widget, a workspace, the chat that a workspace switches off.

The regular look at all sockets would find it, too; this is at once, after the commit.
"""

from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from businesses.models import Business
from channels_app.models import Channel
from pingback.realtime import publish
from widgets.models import Widget


@receiver(post_delete, sender=Widget)
def widget_deleted(instance: Widget, **_signal: Any) -> None:
    widget_id = instance.pk
    transaction.on_commit(lambda: publish.widget_ended(widget_id), robust=True)


@receiver(post_delete, sender=Business)
def workspace_deleted(instance: Business, **_signal: Any) -> None:
    business_id = instance.pk
    transaction.on_commit(lambda: publish.workspace_ended(business_id), robust=True)


@receiver(post_save, sender=Channel)
def channel_switched(instance: Channel, **_signal: Any) -> None:
    if instance.is_web and not instance.is_active:
        business_id = instance.business_id
        transaction.on_commit(lambda: publish.chat_switched_off(business_id), robust=True)
