"""The small things that a page does with a conversation, by one word each: snooze, priority, tags, block."""

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from conversations.models import Conversation, Priority
from conversations.services.blocking import set_blocked
from conversations.services.following import set_following
from conversations.services.handling import Handled, park_conversation
from conversations.services.priorities import set_priority
from conversations.services.snoozing import snooze_conversation
from conversations.services.tags import add_tag, remove_tag
from conversations.services.unsent import send_again
from foundation.errors import Invalid, NotFound

MORNING = 9


def do(*, conversation: Conversation, what: str, value: str, actor: User) -> Handled:
    """what: `snooze:reply`, `snooze:later`, `snooze:tomorrow`, `snooze:monday`, `snooze:at`, `priority:<word or
    nothing>`, `tag` and `untag:<name>`, `follow`, `unfollow`, `block`, `unblock`, `again`. value: of `tag`, what was
    written; of `snooze:at`, a time as `time_from` takes it.

    Raises NotFound for any other word, and as the services do.
    """
    word, _sep, rest = what.partition(":")
    if what == "snooze:reply":
        return park_conversation(conversation=conversation, actor=actor)
    if word == "snooze":
        return snooze_conversation(conversation=conversation, until=time_from(rest, value), actor=actor)
    if word == "priority" and (not rest or rest.upper() in Priority.names):
        return set_priority(conversation=conversation, priority=Priority.of(rest), actor=actor)
    if word == "tag":
        return add_tag(conversation=conversation, name=rest or value, actor=actor)
    if word == "untag":
        return remove_tag(conversation=conversation, name=rest, actor=actor)
    if what in {"follow", "unfollow"}:
        set_following(conversation=conversation, user=actor, follows=what == "follow")
        return Handled(conversation=conversation, changed=True)
    if what in {"block", "unblock"}:
        return set_blocked(conversation=conversation, blocked=what == "block", actor=actor)
    if what == "again":
        return send_again(conversation=conversation)
    raise NotFound


def time_from(choice: str, at: str) -> datetime:
    """choice: `later`, `tomorrow`, `monday`, or `at`: a day and time by the reader's clock, as a field has it.

    Raises NotFound for any other word, Invalid for no time.
    """
    if choice in CHOICES:
        return CHOICES[choice](timezone.localtime())
    if choice != "at":
        raise NotFound
    try:
        return timezone.make_aware(datetime.strptime(at, "%Y-%m-%dT%H:%M"))
    except ValueError as error:
        raise Invalid(_("Choose a day and a time.")) from error


def _later(now: datetime) -> datetime:
    return (now + timedelta(hours=3)).replace(second=0, microsecond=0)


def _tomorrow(now: datetime) -> datetime:
    return _morning(now + timedelta(days=1))


def _monday(now: datetime) -> datetime:
    return _morning(now + timedelta(days=7 - now.weekday()))


def _morning(day: datetime) -> datetime:
    """Of that day where the reader is, whatever the clocks were changed by since."""
    return timezone.make_aware(datetime(day.year, day.month, day.day, MORNING))


CHOICES = {"later": _later, "tomorrow": _tomorrow, "monday": _monday}
