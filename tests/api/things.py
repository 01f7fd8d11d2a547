"""What an operation may be about, beside what `tests.builders` makes."""

import uuid

from django.utils import timezone

from accounts.models import User
from businesses.models import Business
from channels_app.models import Channel, Contact, RawEvent, RawState
from channels_app.services import create_channel
from conversations.models import ChannelType, Conversation, Customer
from conversations.services.customer_imports import receive_file
from conversations.services.importing_customers import sheet_of
from theo import help_centre
from theo.answering import Answer, Source
from theo.articles import create_article
from theo.models import Mode, SiteImport, Unanswered
from theo.outcomes import remember


def failed_event(channel: Channel) -> RawEvent:
    known = {"dedup_key": "web:1", "payload": {}, "state": RawState.FAILED, "last_error": "KeyError"}
    return RawEvent.objects.create(business=channel.business, channel=channel, **known)


def known_over_two_channels(ada: User, customer: Customer | None) -> uuid.UUID:
    assert customer
    config = {"phone_number": "+15550009999", "account_sid": "AC1", "auth_token": "a-long-token"}
    sms = create_channel(actor=ada, type=ChannelType.SMS, config=config)
    web = customer.business.channels.get(type=ChannelType.WIDGET)
    for channel, key in ((web, "web:1"), (sms, "tel:+15550001111")):
        contact = Contact.objects.create(business=customer.business, channel=channel, customer=customer, key=key)
    return contact.pk


def article_of(ada: User, acme: Business) -> str:
    """In a help centre that is open."""
    help_centre.set_open(actor=ada, is_public=True)
    return str(create_article(business=acme, title="Delivery", content="Two days.").pk)


def question_of(acme: Business) -> uuid.UUID:
    now = timezone.now()
    return Unanswered.objects.create(
        business=acme, question="How?", vector=b"", last_seq=1, first_at=now, last_at=now
    ).pk


def draft_of(conversation: Conversation) -> None:
    article = create_article(business=conversation.business, title="How long?", content="Two days.")
    source = Source(id=article.pk, title=article.title)
    said = Answer(question="Hello?", reply="Two days.", confidence=0.5, mode=Mode.ASSIST, sources=[source])
    remember(conversation=conversation, found=said)


def import_of(acme: Business) -> str:
    """Which is over."""
    now = timezone.now()
    one = SiteImport.objects.create(
        business=acme, url="https://acme.com/sitemap.xml", state="done", status="draft", due_at=now, created_at=now
    )
    return str(one.pk)


def looked_at(ada: User) -> str:
    """An import of customers that waits to be begun."""
    return str(receive_file(actor=ada, sheet=sheet_of("name\nGrace\n"), looks_first=True).pk)
