"""How Theo works in a workspace: the one place that reads and changes it. Source: design.md 10, `/ai/settings`."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from businesses import audit
from businesses.models import Business
from businesses.policy import Action, require
from foundation.errors import Unprocessable
from foundation.rows import one_at_a_time
from foundation.text import is_clean
from theo.models import Assistant, Mode

MAX_HANDOFF_TEXT = 500
# What has waited for longer, for whatever reason, is no more for Theo to answer: a person is asked for.
LATELY = timedelta(minutes=10)


def assistant_of(business_id: UUID) -> Assistant:
    """As it is set, else as it is by default (not stored)."""
    return Assistant.objects.filter(business_id=business_id).first() or Assistant(business_id=business_id)


def answers_by_itself() -> QuerySet[Assistant]:
    """Of the workspaces where each message is answered or handed over without being asked."""
    return Assistant.objects.filter(mode=Mode.AUTO, auto_run=True, business__plan__theo_auto=True)


def effective_mode(business: Business, asked: str | None, assistant: Assistant) -> Mode:
    """The mode that is used: a plan without `auto` is served in `assist`. asked: None = what the workspace chose."""
    mode = Mode(asked or assistant.mode)
    return mode if business.plan.theo_auto else Mode.ASSIST


@transaction.atomic
def change_assistant(*, actor: User, **changes: Any) -> Assistant:
    """changes: any of mode, auto_run, threshold and handoff_text. Managers only. Raises Forbidden, Unprocessable.

    `auto` may be chosen on every plan: it is used from the day on that the plan allows it.
    """
    membership = require(actor, Action.MANAGE_ASSISTANT)
    one_at_a_time("assistant", membership.business_id)
    assistant = assistant_of(membership.business_id)
    if changes.get("mode", assistant.mode) not in Mode.values:
        raise Unprocessable(_("Choose one from the list."), field="mode")
    least, most = Assistant.LEAST_THRESHOLD, Assistant.MOST_THRESHOLD
    if not least <= changes.get("threshold", assistant.threshold) <= most:
        raise Unprocessable(_("From %(least)s to %(most)s.") % {"least": least, "most": most}, field="threshold")
    if len(changes.get("handoff_text", "")) > MAX_HANDOFF_TEXT or not is_clean(changes.get("handoff_text", "")):
        text = _("At most %(most)d characters that can be stored.") % {"most": MAX_HANDOFF_TEXT}
        raise Unprocessable(text, field="handoff_text")
    changed = {name: value for name, value in changes.items() if value != getattr(assistant, name)}
    was_by_itself = assistant.auto_run and assistant.mode == Mode.AUTO
    for name, value in changed.items():
        setattr(assistant, name, value)
    if assistant.auto_run and assistant.mode == Mode.AUTO and not was_by_itself:
        # Who has waited for longer was not promised an answer of Theo's, and is in the team's list.
        assistant.auto_since = timezone.now() - LATELY
    if changed:
        assistant.save()
        audit.record(
            "assistant.changed",
            business_id=membership.business_id,
            actor=actor,
            target=membership.business,
            fields=[*changed],
        )
    return assistant
