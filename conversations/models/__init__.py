"""The core: who writes in, the conversation with them, and its messages in one order without gaps.

One noun a file; everybody imports from here.
"""

from conversations.models.activities import Activity
from conversations.models.attachments import Attachment
from conversations.models.canned_responses import CannedResponse, CannedResponseQuerySet
from conversations.models.choices import (
    SPAM,
    UNFINISHED,
    WEB,
    ActivityKind,
    ChannelType,
    HandoffReason,
    MessageStatus,
    Priority,
    SenderType,
    Status,
)
from conversations.models.conversations import Conversation, ConversationQuerySet, Rules, unread_by
from conversations.models.customer_imports import UNDER_WAY, CustomerImport, CustomerImportPart, ImportState
from conversations.models.customers import Customer
from conversations.models.drafts import ReplyDraft
from conversations.models.followers import Follower
from conversations.models.macros import Macro
from conversations.models.mails import MailOriginal
from conversations.models.messages import THEO, Message, MessageQuerySet
from conversations.models.notes import Mention, Note
from conversations.models.ratings import Rating
from conversations.models.reading import ReadMark, Receipts
from conversations.models.scheduled import ScheduledMessage
from conversations.models.tags import ConversationTag, Tag, TagColor
from conversations.saved_views.models import SavedView
from conversations.search.models import IndexedKind, SearchEntry

__all__ = [
    "SPAM",
    "THEO",
    "UNDER_WAY",
    "UNFINISHED",
    "WEB",
    "Activity",
    "ActivityKind",
    "Attachment",
    "CannedResponse",
    "CannedResponseQuerySet",
    "ChannelType",
    "Conversation",
    "ConversationQuerySet",
    "ConversationTag",
    "Customer",
    "CustomerImport",
    "CustomerImportPart",
    "Follower",
    "HandoffReason",
    "ImportState",
    "IndexedKind",
    "Macro",
    "MailOriginal",
    "Mention",
    "Message",
    "MessageQuerySet",
    "MessageStatus",
    "Note",
    "Priority",
    "Rating",
    "ReadMark",
    "Receipts",
    "ReplyDraft",
    "Rules",
    "SavedView",
    "ScheduledMessage",
    "SearchEntry",
    "SenderType",
    "Status",
    "Tag",
    "TagColor",
    "unread_by",
]
