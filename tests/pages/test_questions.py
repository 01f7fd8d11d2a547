"""How many questions the inbox's pages ask the database: no more at a thousand rows than at ten."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from businesses.models import Business
from conversations.models import ChannelType, Conversation, ConversationTag, Customer, Message, SenderType, Tag
from tests import builders
from tests.pages.conftest import SignIn

pytestmark = pytest.mark.django_db
TEN, THOUSAND = 10, 1_000


def conversations(acme: Business, ada: User, many: int, customer: Customer | None = None) -> list[Conversation]:
    """Each with a customer of its own unless one is given, somebody who has it, a tag and a customer's last message."""
    now, tag = timezone.now(), Tag.objects.get_or_create(business=acme, name="Refund")[0]
    known = [customer or Customer(business=acme, name=f"Cleo {number}") for number in range(many)]
    if customer is None:
        Customer.objects.bulk_create(known)
    made = [
        Conversation(
            business=acme,
            customer=cleo,
            channel_type=ChannelType.WIDGET,
            assignee=ada if number % 2 else None,
            last_seq=1,
            created_at=now,
            updated_at=now - timedelta(seconds=number),
        )
        for number, cleo in enumerate(known)
    ]
    Conversation.objects.bulk_create(made)
    said = [
        Message(conversation=each, seq=1, sender_type=SenderType.CUSTOMER, content="The lamp is broken", created_at=now)
        for each in made
    ]
    Message.objects.bulk_create(said)
    for conversation, message in zip(made, said, strict=True):
        conversation.last_message = message
    Conversation.objects.bulk_update(made, ["last_message"], batch_size=200)
    ConversationTag.objects.bulk_create(ConversationTag(conversation=each, tag=tag) for each in made)
    return made


def messages(conversation: Conversation, ada: User, first: int, last: int) -> None:
    senders = (SenderType.CUSTOMER, None), (SenderType.AGENT, ada)
    now = timezone.now()
    Message.objects.bulk_create(
        Message(
            conversation=conversation,
            seq=seq,
            sender_type=senders[seq % 2][0],
            sender=senders[seq % 2][1],
            content=f"The lamp, again: {seq}",
            created_at=now,
        )
        for seq in range(first, last + 1)
    )
    Conversation.objects.filter(pk=conversation.pk).update(
        last_seq=last, last_message=conversation.messages.get(seq=last)
    )


@pytest.fixture
def asked(ada: User, acme: Business, sign_in: SignIn) -> Callable[[str], int]:
    client = sign_in(ada)

    def questions(address: str) -> int:
        client.get(address)
        Business.objects.filter(pk=acme.pk).update(feed_seq=F("feed_seq") + 1)  # what was counted counts no more
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        return len(queries)

    return questions


@pytest.mark.parametrize(
    "address",
    [
        *("/inbox/", "/inbox/?list=mine", "/inbox/?list=all&sort=waiting", "/inbox/rows/"),
        "/api/v1/conversations/?limit=100",
    ],
)
def test_a_list_asks_as_many(address: str, asked: Callable[[str], int], ada: User, acme: Business) -> None:
    conversations(acme, ada, TEN)
    ten = asked(address)

    conversations(acme, ada, THOUSAND - TEN)

    assert asked(address) == ten


@pytest.mark.parametrize(
    "address", ["/inbox/?q=lamp", "/inbox/?q=cleo", "/inbox/?q=lamp tag:refund status:open", "/api/v1/search?q=lamp"]
)
def test_a_search_asks_for_each_of_its_ranks_once(
    address: str, asked: Callable[[str], int], ada: User, acme: Business
) -> None:
    for many in (TEN, THOUSAND - TEN):
        conversations(acme, ada, many)

        assert asked(address) <= 20


def test_a_thread_and_what_is_new_in_it_ask_as_many(asked: Callable[[str], int], ada: User, acme: Business) -> None:
    conversation = builders.conversation(acme, content="The lamp is broken")
    messages(conversation, ada, 2, TEN)
    pages = [f"/inbox/{conversation.pk}/", f"/inbox/{conversation.pk}/messages/?after=0"]
    ten = [asked(each) for each in pages]

    messages(conversation, ada, TEN + 1, THOUSAND)

    assert [asked(each) for each in pages] == ten


def test_the_panel_of_a_customer_with_many_conversations_asks_as_many(
    asked: Callable[[str], int], ada: User, acme: Business
) -> None:
    cleo = builders.customer(acme)
    (conversation, *_others) = conversations(acme, ada, TEN, cleo)
    pages = [f"/inbox/{conversation.pk}/?view=customer", f"/customers/{cleo.pk}/"]
    ten = [asked(each) for each in pages]

    conversations(acme, ada, THOUSAND - TEN, cleo)

    assert [asked(each) for each in pages] == ten
