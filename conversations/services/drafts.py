"""What an agent has begun to write, kept for whichever screen they sit down at next."""

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from conversations.models import Conversation, ReplyDraft
from conversations.services.message_drafts import MAX_CONTENT
from foundation.errors import Unprocessable
from foundation.text import is_clean


def keep_draft(*, conversation: Conversation, user: User, content: str, is_note: bool = False) -> None:
    """Instead of the one before; "" = there is none any more. Nobody else ever sees it, so nobody is told.

    Raises Unprocessable.
    """
    if len(content) > MAX_CONTENT or not is_clean(content):
        raise Unprocessable(_("At most %(most)d characters.") % {"most": MAX_CONTENT}, field="content")
    if not content.strip():
        ReplyDraft.objects.filter(conversation=conversation, user=user).delete()
        return
    ReplyDraft.objects.update_or_create(
        conversation=conversation,
        user=user,
        defaults={"content": content, "is_note": is_note, "updated_at": timezone.now()},
    )


def draft_of(conversation: Conversation, user: User) -> ReplyDraft | None:
    return ReplyDraft.objects.filter(conversation=conversation, user=user).first()
