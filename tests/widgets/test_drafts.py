"""What a visitor sends into a conversation that it names: the way without a question before it is stored."""

import uuid
from typing import Any

import pytest

from accounts.models import User
from businesses.models import Business
from channels_app.models import Channel
from conversations.models import ChannelType, Conversation, Message
from conversations.services.messages import Posted, post_each
from foundation.errors import Forbidden, NotFound
from tests import builders
from widgets.models import Widget
from widgets.receiving import Received, visitors_draft

pytestmark = pytest.mark.django_db

KEY = str(uuid.UUID(int=7))


@pytest.fixture
def widget(ada: User, acme: Business) -> Widget:
    return builders.widget(ada)


@pytest.fixture
def cleo(acme: Business, widget: Widget) -> Received:
    return builders.visitor_writes(acme, "Hello?", widget=widget, client_message_id=KEY)


def write(who: Received, conversation: Conversation | None = None, **fields: Any) -> Posted | Exception:
    asked = {"content": "Hello?", "client_message_id": None} | fields
    conversation_id = conversation.pk if conversation else who.message.conversation_id
    draft = visitors_draft(visitor=who.visitor, widget=who.visitor.widget, conversation_id=conversation_id, **asked)
    return post_each([draft])[0]


def test_the_first_message_of_a_stranger_sent_again_is_the_same(cleo: Received) -> None:
    """The visitor that it made repeats it under its own key, when the answer got lost."""
    again = write(cleo, client_message_id=KEY)

    assert isinstance(again, Posted)
    assert (again.created, again.message.pk) == (False, cleo.message.pk)
    assert Message.objects.count() == 1


def test_a_first_message_that_another_visitor_sent_under_this_id_is_not_shown(
    acme: Business, widget: Widget, cleo: Received
) -> None:
    other = builders.visitor_writes(acme, "It is me", widget=widget, client_message_id=str(uuid.uuid4()))

    mine = write(other, content="Mine", client_message_id=KEY)

    assert isinstance(mine, Posted)
    assert mine.created
    assert mine.message.conversation_id == other.message.conversation_id


def test_a_chat_that_is_switched_off_takes_no_message(acme: Business, cleo: Received) -> None:
    Channel.objects.filter(business=acme, type=ChannelType.WIDGET).update(is_active=False)

    assert isinstance(write(cleo), Forbidden)
    assert Message.objects.count() == 1


def test_a_conversation_of_the_same_customer_by_mail_is_not_the_visitors(acme: Business, cleo: Received) -> None:
    by_mail = builders.conversation(acme, type=ChannelType.EMAIL, customer=cleo.visitor.customer)

    assert isinstance(write(cleo, by_mail), NotFound)
