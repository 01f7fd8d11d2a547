"""What an agent has begun to write, kept for whichever screen they sit down at next."""

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from accounts.models import User
from conversations.models import Conversation, ReplyDraft
from conversations.services.message_drafts import MAX_CONTENT
from foundation.errors import Unprocessable
from foundation.prepared import Given, prepared
from foundation.text import is_clean


def keep_draft(*, conversation: Conversation, user: User, content: str, is_note: bool = False) -> None:
    """Instead of the one before; "" = there is none any more. Nobody else ever sees it; the user's own screens hear.

    Raises Unprocessable.
    """
    if len(content) > MAX_CONTENT or not is_clean(content):
        raise Unprocessable(_("At most %(most)d characters.") % {"most": MAX_CONTENT}, field="content")
    if not content.strip():
        if ReplyDraft.objects.filter(conversation=conversation, user=user).delete()[0]:
            _tell(conversation, user, content="", is_note=is_note)
        return
    ReplyDraft.objects.update_or_create(
        conversation=conversation,
        user=user,
        defaults={"content": content, "is_note": is_note, "updated_at": timezone.now()},
    )
    _tell(conversation, user, content=content, is_note=is_note)


def _tell(conversation: Conversation, user: User, *, content: str, is_note: bool) -> None:
    def publish() -> None:
        import_string(settings.DRAFT_PUBLISHER)(conversation=conversation, user=user, content=content, is_note=is_note)

    transaction.on_commit(publish, robust=True)


def draft_of(conversation: Conversation, user: User) -> ReplyDraft | None:
    return _draft().one(conversation=conversation.pk, user=user.pk)


@prepared
def _draft() -> QuerySet[ReplyDraft]:
    return ReplyDraft.objects.filter(conversation_id=Given("conversation"), user_id=Given("user"))
