"""Answers by e-mail to a visitor who left an address, and then the page.

The worker looks for conversations on the web whose last word is the team's, not read by its visitor for
MAIL_ANSWERS_AFTER seconds. One mail brings everything that is unread, with a link back into the chat and a way to have
no more of these. An answer to it comes into the conversation where a channel of the workspace takes it in
(channels_app/web_answers.py). How far that went is noted, under a lock, before the mail leaves: after a crash at that
moment the mail is missing, and never there twice. Source: issue "widget", conversation.
"""

import threading
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone

from channels_app.web_answers import reply_address_of
from conversations.models import WEB, Conversation, Message, Receipts, SenderType
from foundation import mail, throttles
from foundation.errors import TooFast
from widgets.links import language_for, link_for, look_of, site_of
from widgets.models import MailedAnswers, Unsubscribed, Visitor, Widget
from widgets.transcripts import line_of

# Looked for among what changed lately; older than that, an answer is no news.
LATELY = timedelta(days=1)
# Of what is unread, the newest; and so many conversations in one go.
MOST, AT_ONCE = 20, 100
EVERY_SECONDS = 60


def every() -> float:
    """Seconds between two looks."""
    return min(EVERY_SECONDS, settings.MAIL_ANSWERS_AFTER or EVERY_SECONDS)


def mail_waiting(stop: threading.Event) -> None:
    """The worker's chore."""
    if not settings.MAIL_ANSWERS_AFTER or not mail.is_on():
        return
    for conversation_id in waiting():
        if stop.is_set():
            return
        mail_answers(conversation_id=conversation_id)


def waiting() -> list[UUID]:
    """Conversations with unread answers of the team that are due, oldest first. One query."""
    now = timezone.now()
    with_widget = Widget.objects.values("business_id")  # so that the index of each workspace's newest is used
    rows = (
        Conversation.objects.filter(
            business_id__in=with_widget,
            channel_type__in=WEB,
            updated_at__gt=now - LATELY,
            customer__email__gt="",
            last_message__sender_type=SenderType.AGENT,
            last_message__created_at__lte=now - timedelta(seconds=settings.MAIL_ANSWERS_AFTER),
        )
        .annotate(
            read_seq=Coalesce(F("stored_receipts__customer_read_seq"), Value(0)),
            mailed_seq=Coalesce(F("mailed_answers__up_to_seq"), Value(0)),
        )
        .filter(last_message__seq__gt=Greatest("read_seq", "mailed_seq"))
    )
    return list(rows.order_by("updated_at").values_list("pk", flat=True)[:AT_ONCE])


@transaction.atomic
def mail_answers(*, conversation_id: UUID) -> bool:
    """Mail what of a conversation is unread and was not mailed; whether anything was.

    What is not sent because its reader wants none, or got very many today, counts as mailed: it is in the chat.
    """
    MailedAnswers.objects.get_or_create(conversation_id=conversation_id)
    row = MailedAnswers.objects.select_for_update().get(conversation_id=conversation_id)
    conversation = Conversation.objects.select_related("business", "customer").get(pk=conversation_id)
    read = Receipts.objects.filter(conversation_id=conversation_id).values_list("customer_read_seq", flat=True).first()
    unread = Message.objects.select_related("sender").filter(
        conversation_id=conversation_id, sender_type=SenderType.AGENT, seq__gt=max(read or 0, row.up_to_seq)
    )
    newest = list(unread.order_by("-seq")[:MOST])
    if not newest:
        return False
    row.up_to_seq, row.mailed_at = newest[0].seq, timezone.now()
    row.save(update_fields=["up_to_seq", "mailed_at"])
    told = [message for message in reversed(newest) if not message.deleted_at]
    customer = conversation.customer
    visitor = (
        Visitor.objects.select_related("widget", "business").filter(customer=customer).order_by("-last_seen_at").first()
    )
    if not told or customer is None or visitor is None or not _wants(visitor, customer.email):
        return False
    link = link_for(visitor)
    language = language_for(visitor)
    zone = conversation.business.time_zone
    answers_to = reply_address_of(conversation)
    # A press on "unsubscribe" in a mail program (RFC 8058).
    headers = {"List-Unsubscribe": f"<{link.stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    if answers_to:
        headers["Reply-To"] = answers_to
    mail.send_mail(
        "widgets/mail/answers",
        to=customer.email,
        **look_of(visitor),
        headers=headers,
        spoken=language,
        says=language.written(business=conversation.business.name, zone=zone, site=site_of(visitor)),
        lines=[line_of(message, zone, language) for message in told],
        chat_address=link.chat,
        can_answer=bool(answers_to),
        stop_address=link.stop,
    )
    return True


def _wants(visitor: Visitor, email: str) -> bool:
    if not email or (visitor.widget and not visitor.widget.options["mail_answers"]):
        return False
    if Unsubscribed.objects.filter(business_id=visitor.business_id, email=email.lower()).exists():
        return False
    try:
        throttles.count("ANSWERS_ADDRESS", email.lower())
    except TooFast:
        return False
    return True


def unsubscribe(visitor: Visitor) -> None:
    """No more answers by mail to this address, whichever conversation of the workspace they are in."""
    email = visitor.customer.email.lower()
    if email:
        Unsubscribed.objects.get_or_create(business_id=visitor.business_id, email=email)
