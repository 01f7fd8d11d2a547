"""Tags: the words themselves, and which conversation has which."""

from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from businesses.models import Business
from conversations import events
from conversations.models import ActivityKind, Conversation, ConversationTag, Macro, Tag, TagColor
from conversations.saved_views.services import ask_for_other_tag
from conversations.services.activities import tell
from conversations.services.handling import Handled
from conversations.services.locking import locked
from foundation.errors import Invalid, Unprocessable
from foundation.text import is_clean

MAX_NAME = 50
# On one conversation, and in one workspace: more are no help to anybody.
MOST_ON_ONE, MOST_OF_ALL = 20, 500
BATCH = 1000


@transaction.atomic
def create_tag(*, business: Business, name: str, color: TagColor | None = None, actor: User) -> Tag:
    """color: None = one that few have yet. Raises Unprocessable, Invalid for a second one of that name."""
    name = checked_name(name)
    of_all = Tag.objects.filter(business=business)
    if of_all.count() >= MOST_OF_ALL:
        raise Invalid(_("A workspace has at most %(most)d tags.") % {"most": MOST_OF_ALL})
    tag = Tag(business=business, name=name, color=color or _next_color(of_all.count()))
    _save(tag)
    events.record(business.pk, [events.tag_changed(tag, actor_id=actor.pk)])
    return tag


@transaction.atomic
def change_tag(*, tag: Tag, name: str | None = None, color: TagColor | None = None, actor: User) -> Tag:
    """Wherever it is shown, it is so from now on. Raises as `create_tag`."""
    tag = Tag.objects.select_for_update(no_key=True).get(pk=tag.pk)
    before = Tag(business_id=tag.business_id, name=tag.name)
    tag.name = checked_name(name) if name is not None else tag.name
    tag.color = color or tag.color
    _save(tag)
    if tag.name != before.name:
        _rename_in_macros(before, tag.name)
    events.record(tag.business_id, [events.tag_changed(tag, actor_id=actor.pk)])
    return tag


@transaction.atomic
def delete_tag(*, tag: Tag, actor: User) -> None:
    """It is off every conversation, too."""
    business_id, tag_id = tag.business_id, tag.pk
    list(Tag.objects.select_for_update(no_key=True).filter(pk=tag_id).values_list("pk"))  # as who merges it
    Tag.objects.filter(pk=tag_id).delete()
    events.record(business_id, [events.tag_changed(tag, actor_id=actor.pk, deleted=True)])


@transaction.atomic
def merge_tags(*, tag: Tag, into: Tag, actor: User) -> Tag:
    """Whatever has the one has the other from now on, asks for it or puts it on, and the first is gone.

    Raises Invalid for one and the same.
    """
    if tag.pk == into.pk or tag.business_id != into.business_id:
        raise Invalid(_("Choose another tag."))
    list(Tag.objects.select_for_update(no_key=True).filter(pk__in=[tag.pk, into.pk]).order_by("pk").values_list("pk"))
    has_it = ConversationTag.objects.filter(tag=tag).values_list("conversation_id", flat=True)
    # Somebody may put the other on at the same time.
    ConversationTag.objects.bulk_create(
        [ConversationTag(conversation_id=pk, tag=into) for pk in has_it], batch_size=BATCH, ignore_conflicts=True
    )
    ask_for_other_tag(tag.business_id, tag_id=tag.pk, into_id=into.pk)
    _rename_in_macros(tag, into.name)
    Tag.objects.filter(pk=tag.pk).delete()
    gone = events.tag_changed(tag, actor_id=actor.pk, deleted=True, into_id=into.pk)
    events.record(tag.business_id, [gone])
    return into


def _rename_in_macros(tag: Tag, name: str) -> None:
    """Macros keep names: under the old one they would make the tag anew."""
    for macro in Macro.objects.select_for_update().filter(business_id=tag.business_id).order_by("pk"):
        names: dict[str, str] = {}
        for each in macro.tags:
            each = name if each.lower() == tag.name.lower() else each
            names.setdefault(each.lower(), each)
        if list(names.values()) != macro.tags:
            macro.tags = list(names.values())
            macro.save(update_fields=["tags"])


@events.gathered()
def set_tags(*, conversation: Conversation, names: Sequence[str], actor: User) -> Handled:
    """Exactly these, by their names whatever their case; a name that is new becomes a tag. Raises Unprocessable."""
    return _retag(conversation, actor, lambda _before: list(names))


@events.gathered()
def add_tag(*, conversation: Conversation, name: str, actor: User) -> Handled:
    return _retag(conversation, actor, lambda before: [*before, name])


@events.gathered()
def remove_tag(*, conversation: Conversation, name: str, actor: User) -> Handled:
    return _retag(conversation, actor, lambda before: [each for each in before if each.lower() != name.strip().lower()])


def _retag(conversation: Conversation, actor: User, choose: Any) -> Handled:
    conversation = locked(conversation)
    before = list(conversation.tags.all())
    names = {checked_name(name).lower(): checked_name(name) for name in choose([tag.name for tag in before])}
    if len(names) > MOST_ON_ONE:
        raise Unprocessable(_("At most %(most)d tags.") % {"most": MOST_ON_ONE}, field="tags")
    after = _tags_of(conversation, names, actor)
    added = [tag for tag in after if tag not in before]
    gone = [tag for tag in before if tag not in after]
    if not added and not gone:
        return Handled(conversation=conversation, changed=False)
    ConversationTag.objects.filter(conversation=conversation, tag__in=gone).delete()
    ConversationTag.objects.bulk_create([ConversationTag(conversation=conversation, tag=tag) for tag in added])
    if added:
        tell(conversation, ActivityKind.TAGGED, actor=actor, tags=[tag.name for tag in added])
    if gone:
        tell(conversation, ActivityKind.UNTAGGED, actor=actor, tags=[tag.name for tag in gone])
    conversation.updated_at = timezone.now()
    conversation.save(update_fields=["updated_at"])
    conversation = Conversation.objects.for_reading().get(pk=conversation.pk)
    events.record(conversation.business_id, [events.conversation_updated(conversation, actor_id=actor.pk)])
    return Handled(conversation=conversation, changed=True)


def _tags_of(conversation: Conversation, names: dict[str, str], actor: User) -> list[Tag]:
    """names: by their lower case. Those that are new are made."""
    business = conversation.business
    found = {
        tag.name.lower(): tag
        for tag in Tag.objects.filter(business=business).annotate(lower=Lower("name")).filter(lower__in=names)
    }
    return [found.get(lower) or create_tag(business=business, name=name, actor=actor) for lower, name in names.items()]


def checked_name(name: str) -> str:
    """Raises Unprocessable."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= MAX_NAME or not is_clean(name) or "," in name:
        text = _("1 to %(most)d characters, without a comma.") % {"most": MAX_NAME}
        raise Unprocessable(text, field="name")
    return name


def _save(tag: Tag) -> None:
    try:
        with transaction.atomic():
            tag.save()
    except IntegrityError:
        raise Invalid(_("There is a tag “%(name)s” already.") % {"name": tag.name}) from None


def _next_color(number: int) -> TagColor:
    colors = list(TagColor)[1:]
    return colors[number % len(colors)]
