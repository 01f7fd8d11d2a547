"""What stands beside the inbox: every list of the reader's, how much is in it, and how much they have not read."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from businesses.models import Business, Team
from channels_app.models import Channel
from conversations import sidebar
from conversations.models import ChannelType, Conversation
from conversations.saved_views.services import create_view
from conversations.services import handling
from conversations.services.assigning import assign_conversation
from conversations.services.tags import add_tag
from tests import builders
from tests.pages.conftest import SignIn

pytestmark = pytest.mark.django_db


def unread(user: User) -> dict[str, int]:
    entries = [entry for group in sidebar.groups_of(user) for entry in group.entries]
    return {str(entry.listing.title): entry.unread for entry in entries if entry.unread}


def test_each_list_says_how_many_of_its_conversations_the_reader_has_not_read(
    ada: User, ben: User, acme: Business
) -> None:
    night = Team.objects.create(business=acme, name="Night")
    first, second, answered = (builders.conversation(acme, content="Hello") for _ in range(3))
    assign_conversation(conversation=first, agent_id=ada.pk, team_id=night.pk, actor=ada)
    add_tag(conversation=first, name="Refund", actor=ada)
    create_view(actor=ada, name="New to me", filter={"all": [{"field": "unread", "op": "is", "value": "yes"}]})
    handling.mark_read(conversation=answered, user=ada, seq=answered.last_seq)

    assert unread(ada) == {
        "Mine": 1,
        "Unassigned": 1,
        "All open": 2,
        "Everything": 2,
        "Night": 1,
        "Refund": 1,
        "New to me": 2,
    }
    assert unread(ben)["All open"] == 3

    for each in (first, second):
        handling.mark_read(conversation=each, user=ada, seq=each.last_seq)
    assert unread(ada) == {}


def test_two_channels_of_a_type_are_two_lists_and_one_is_called_by_its_type(
    ada: User, acme: Business, sign_in: SignIn
) -> None:
    numbers = [
        Channel.objects.create(business=acme, type=ChannelType.WHATSAPP, setup={"account": account})
        for account in ("+49 30 1", "+49 30 2")
    ]
    Channel.objects.create(business=acme, type=ChannelType.EMAIL, config={"address": "help@acme.example"})
    first, second = (builders.conversation(acme, type=ChannelType.WHATSAPP) for _ in range(2))
    for conversation, channel in zip((first, second), numbers, strict=True):
        Conversation.objects.filter(pk=conversation.pk).update(channel=channel)

    (channels,) = [group for group in sidebar.groups_of(ada) if group.name == "channels"]
    titles = {entry.listing.title: entry.count for entry in channels.entries}
    assert titles == {"E-mail": 0, "WhatsApp +49 30 1": 1, "WhatsApp +49 30 2": 1}

    client = sign_in(ada)
    shown = client.get(f"/inbox/?list=channel-{numbers[0].pk}").content.decode()
    assert str(first.pk) in shown
    assert str(second.pk) not in shown
    assert client.get("/inbox/?list=channel-whatsapp").status_code == 404


def test_it_takes_as_many_questions_whatever_there_is(ada: User, acme: Business) -> None:
    def asked() -> int:
        reader = User.objects.get(pk=ada.pk)
        with CaptureQueriesContext(connection) as queries:
            sidebar.groups_of(reader)
        return len(queries)

    create_view(actor=ada, name="New", filter={"all": [{"field": "unread", "op": "is", "value": "yes"}]})
    builders.conversation(acme, content="Hello")
    few = asked()
    now = timezone.now()
    Conversation.objects.bulk_create(
        Conversation(
            business=acme,
            channel_type=ChannelType.WIDGET,
            created_at=now,
            updated_at=now - timedelta(seconds=number),
        )
        for number in range(1_000)
    )
    for number in range(10):
        Team.objects.create(business=acme, name=f"Team {number}")

    assert asked() == few
