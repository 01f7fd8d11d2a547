"""What a visitor answers to the mail that brought them an answer: it comes into their conversation on the web."""

from typing import Any

import pytest
from django.core import mail as outgoing

from accounts.models import User
from businesses.models import Business
from channels_app.models import Channel, ChannelState, Contact, Thread
from channels_app.services import update_channel
from conversations.models import Conversation, Customer, SenderType, Status
from conversations.services.handling import resolve_conversation
from tests import builders
from tests.channels_app.mailing import comes, mail
from widgets.away import mail_answers
from widgets.receiving import Received

pytestmark = pytest.mark.django_db(transaction=True)
UNREAD = "Answers to this mail are not read."


@pytest.fixture
def cleo(acme: Business, ada: User) -> Received:
    widget = builders.widget(ada, "acme.com")
    received = builders.visitor_writes(acme, "Do you ship?", widget=widget, claims={"email": "Cleo@example.com"})
    Customer.objects.filter(pk=received.conversation.customer_id).update(verified=True, proven_email="cleo@example.com")
    received.conversation.refresh_from_db()
    return received


@pytest.fixture
def connected(email: Channel) -> Channel:
    Channel.objects.filter(pk=email.pk).update(state=ChannelState.CONNECTED)
    return email


def mailed(ada: User, cleo: Received, settings: Any) -> Any:
    """The mail with an answer of the team's."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    builders.answers(ada, cleo.conversation, "We do.")
    assert mail_answers(conversation_id=cleo.conversation.pk)
    return outgoing.outbox[-1]


def test_an_answer_to_the_mail_joins_the_chat_and_opens_it_again(
    ada: User, connected: Channel, cleo: Received, settings: Any
) -> None:
    sent = mailed(ada, cleo, settings)
    to = sent.extra_headers["Reply-To"]
    assert to.startswith("help+")
    assert "You can also answer this mail." in sent.body
    assert UNREAD not in sent.body
    resolve_conversation(conversation=cleo.conversation, actor=ada)

    words = "To Madeira, too?\r\n\r\nOn Mon, Acme wrote:\r\n> We do.\r\n"
    assert comes(mail(words, sender="Cleo <cleo@example.com>", to=to, Subject="Re: Acme has answered you")) == 200

    conversation = Conversation.objects.get()
    answer = conversation.messages.order_by("-seq")[0]
    assert (answer.content, answer.sender_type) == ("To Madeira, too?", SenderType.CUSTOMER)
    assert conversation.status == Status.OPEN
    assert "To Madeira, too?" in builders.browser(ada).get(f"/inbox/{conversation.pk}/").content.decode()
    # An address that was only given proves nobody: what is written from it elsewhere is nobody's that is known.
    assert not Contact.objects.exists()
    assert not Thread.objects.exists()


def test_who_answers_from_another_address_begins_a_conversation_as_before(
    ada: User, mallory: User, connected: Channel, cleo: Received, settings: Any
) -> None:
    to = mailed(ada, cleo, settings).extra_headers["Reply-To"]

    comes(mail("It is me, really.", sender="mallory@evil.example", to=to, Message_ID="<1@evil.example>"))

    begun = Conversation.objects.exclude(pk=cleo.conversation.pk).get()
    assert begun.channel == connected
    assert not cleo.conversation.messages.filter(content__contains="really").exists()


@pytest.mark.parametrize("without", ["none", "off", "no sign", "nothing comes in", "only claimed"])
def test_where_no_channel_takes_answers_in_the_mail_says_that_nobody_reads_them(
    without: str, ada: User, connected: Channel, cleo: Received, settings: Any
) -> None:
    if without == "none":
        connected.delete()
    elif without == "off":
        update_channel(actor=ada, channel=connected, is_active=False)
    elif without == "no sign":
        Channel.objects.filter(pk=connected.pk).update(config={**connected.config, "reply_sign": False})
    elif without == "nothing comes in":
        Channel.objects.filter(pk=connected.pk).update(credentials={})
    else:  # whoever claims an address would read in the chat what its owner answers
        Customer.objects.update(proven_email="")

    sent = mailed(ada, cleo, settings)

    assert "Reply-To" not in sent.extra_headers
    assert UNREAD in sent.body
    assert UNREAD in sent.alternatives[0][0]
