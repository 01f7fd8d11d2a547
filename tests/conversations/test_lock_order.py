"""Two who change the same at once wait for each other one after the other, never in a circle."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError
from django.utils import timezone

from accounts.models import User
from businesses.models import Business, Role
from businesses.teams import create_team, delete_team
from channels_app import intake
from channels_app.adapters.events import Routed
from channels_app.models import Channel, RawEvent
from channels_app.services import delete_channel
from conversations.models import ChannelType, Conversation, Macro, Priority, ScheduledMessage
from conversations.services.assigning import assign_conversation, claim_conversation
from conversations.services.deleting import delete_conversation, delete_customer
from conversations.services.later import send_due, send_later
from conversations.services.macro_runs import run_macro
from conversations.services.macros import create_macro
from conversations.services.merging import merge_conversations
from conversations.services.messages import post_messages
from foundation.errors import Invalid, NotFound
from tests import builders
from tests.channels_app.test_intake import writes
from tests.conversations.test_batches import from_cleo
from tests.conversations.test_gathered import in_turns, needs_services
from theo.answering import Answer, Source
from theo.articles import change_article, create_article, delete_article
from theo.indexing import index_article
from theo.learning import add_example
from theo.models import Article, Mode, Reply, Unanswered
from theo.outcomes import call_wrong, remember
from theo.unanswered import note_unanswered

pytestmark = [needs_services, pytest.mark.django_db(transaction=True)]

TIMES = 10


def giving(business: Business, author: User, to: User) -> Macro:
    return create_macro(business=business, author=author, name=f"To {to.full_name}", assign=f"person:{to.pk}")


def test_two_who_give_each_other_work_by_macros(acme: Business, ada: User) -> None:
    mia = builders.person("Mia")
    builders.member(acme, mia, Role.ADMIN)
    hers, theirs = builders.conversation(acme), builders.conversation(acme)
    to_mia, to_ada = giving(acme, ada, mia), giving(acme, mia, ada)

    def gives(_number: int) -> None:
        run_macro(macro=to_mia, conversation=hers, actor=ada)
        assign_conversation(conversation=hers, agent_id=None, actor=ada)

    def gives_back(_number: int) -> None:
        run_macro(macro=to_ada, conversation=theirs, actor=mia)
        assign_conversation(conversation=theirs, agent_id=None, actor=mia)

    assert in_turns(gives, gives_back, times=TIMES) == []


def test_who_takes_what_is_being_given_to_them(acme: Business, ada: User, ben: User) -> None:
    conversation, to_ben = builders.conversation(acme), giving(acme, ada, ben)

    def gives(_number: int) -> None:
        run_macro(macro=to_ben, conversation=conversation, actor=ada)

    def takes(_number: int) -> None:
        claim_conversation(conversation=conversation, user=ben)

    assert in_turns(gives, takes, times=TIMES) == []


def test_who_gives_work_to_a_team_that_is_being_deleted(acme: Business, ada: User) -> None:
    conversation = builders.conversation(acme)
    teams = [create_team(actor=ada, name=f"Team {number}") for number in range(TIMES)]
    macros = [
        create_macro(business=acme, author=ada, name=team.name, assign=f"team:{team.pk}", priority=Priority.HIGH)
        for team in teams
    ]
    for team in teams:
        assign_conversation(conversation=conversation, team_id=team.pk, actor=ada)

    def gives(number: int) -> None:
        with suppress(Invalid):  # it was gone
            run_macro(macro=macros[number], conversation=conversation, actor=ada)

    assert in_turns(gives, lambda number: delete_team(actor=ada, team_id=teams[number].pk), times=TIMES) == []


def merged(acme: Business, ada: User) -> tuple[Conversation, Conversation]:
    """A conversation, and the one that it is merged into, which is older."""
    cleo = builders.customer(acme)
    older, newer = (builders.conversation(acme, customer=cleo) for _number in range(2))
    merge_conversations(conversation=newer, into=older, actor=ada)
    return newer, older


def test_who_writes_in_a_merged_conversation_that_is_deleted_with_its_customer(acme: Business, ada: User) -> None:
    pairs = [merged(acme, ada) for _number in range(TIMES)]

    def writes_on(number: int) -> None:
        with suppress(NotFound):
            post_messages([from_cleo(pairs[number][0])])

    def deletes(number: int) -> None:
        delete_customer(customer=pairs[number][0].customer, actor=ada)

    assert in_turns(writes_on, deletes, times=TIMES) == []
    assert not Conversation.objects.exists()


def test_who_writes_in_one_of_two_that_are_merged_into_what_is_deleted(acme: Business, ada: User) -> None:
    pairs = [merged(acme, ada) for _number in range(TIMES)]
    for _newer, older in pairs:
        another = builders.conversation(acme, customer=older.customer)
        merge_conversations(conversation=another, into=older, actor=ada)
    another_of = {each.merged_into_id: each for each in Conversation.objects.filter(merged_into__isnull=False)}

    def writes_on(number: int) -> None:
        post_messages([from_cleo(another_of[pairs[number][1].pk])])

    def deletes(number: int) -> None:
        delete_conversation(conversation=pairs[number][1], actor=ada)

    assert in_turns(writes_on, deletes, times=TIMES) == []


def nobody_knows(question: str) -> Answer:
    return Answer(question=question, up_to_seq=1, reply=None, confidence=0.1, mode=Mode.AUTO, unknown=(question,))


def test_what_nobody_could_answer_is_counted_while_a_conversation_that_shows_there_is_deleted(
    acme: Business, ada: User
) -> None:
    pairs = [merged(acme, ada) for _number in range(TIMES)]
    for number, (newer, _older) in enumerate(pairs):
        note_unanswered(conversation=newer, found=nobody_knows(f"Is there a jacuzzi in room {number}?"))

    def counts(number: int) -> None:
        note_unanswered(conversation=pairs[number][1], found=nobody_knows(f"Is there parking for room {number}?"))

    def deletes(number: int) -> None:
        delete_conversation(conversation=pairs[number][0], actor=ada)

    assert in_turns(counts, deletes, times=TIMES) == []
    assert not any("jacuzzi" in group.question for group in Unanswered.objects.all())


def test_what_is_due_in_a_conversation_that_is_deleted(
    acme: Business, ada: User, caplog: pytest.LogCaptureFixture
) -> None:
    conversations = [builders.conversation(acme) for _number in range(TIMES)]
    soon = timezone.now() + timedelta(hours=1)
    for conversation in conversations:
        send_later(conversation=conversation, author=ada, content="Soon", send_at=soon, seen_seq=1)

    def sends(number: int) -> None:
        ScheduledMessage.objects.filter(conversation=conversations[number]).update(send_at=timezone.now())
        send_due()

    def deletes(number: int) -> None:
        delete_conversation(conversation=conversations[number], actor=ada)

    assert in_turns(sends, deletes, times=TIMES) == []
    assert caplog.text == ""


def test_what_a_channel_tells_while_it_is_deleted(acme: Business, ada: User) -> None:
    channels = [Channel.objects.create(business=acme, type=ChannelType.WHATSAPP) for _number in range(TIMES)]
    for channel in channels:
        writes(channel, f"First to {channel.pk}", number="15550001")

    def tells(number: int) -> None:
        channel = channels[number]
        message = {"from": "15550001", "id": str(channel.pk), "type": "text", "text": {"body": "Second"}}
        with suppress(IntegrityError):  # it was gone
            intake.store(channel, [Routed(dedup_key=f"wamid:{channel.pk}", payload={"message": message})])
        intake.work()

    assert in_turns(tells, lambda number: delete_channel(actor=ada, channel=channels[number]), times=TIMES) == []
    assert not RawEvent.objects.exists()


# Articles -------------------------------------------------------------------------------------------------


def answered(acme: Business, number: int) -> Article:
    """An article that a draft is from, and that has its question as an example."""
    article = create_article(business=acme, title=f"Returns {number}", content="Within 30 days.")
    said = Answer(
        question="Can I return shoes?",
        up_to_seq=1,
        reply=article.content,
        confidence=0.6,
        mode=Mode.ASSIST,
        sources=[Source(id=article.pk, title=article.title)],
    )
    remember(conversation=builders.conversation(acme), found=said)
    add_example(article=article, question="Can I return shoes?")
    return article


def calls_its_draft_wrong(article: Article) -> None:
    if reply := Reply.objects.filter(article=article).first():
        call_wrong(reply)


def changes_it(article: Article) -> None:
    with suppress(Article.DoesNotExist):
        change_article(article=article, content="Within a month.")


def adds_an_example(article: Article) -> None:
    add_example(article=article, question="May I give them back?")


@pytest.mark.parametrize(
    "act", [calls_its_draft_wrong, changes_it, adds_an_example, index_article], ids=lambda act: act.__name__
)
def test_who_has_to_do_with_an_article_that_is_deleted(
    settings: Any, acme: Business, act: Callable[[Article], object]
) -> None:
    settings.THEO_ENGINE = "minilm"
    articles = [answered(acme, number) for number in range(TIMES)]

    def deletes(number: int) -> None:
        delete_article(article=articles[number])

    assert in_turns(lambda number: act(articles[number]), deletes, times=TIMES) == []
    assert not Article.objects.exists()
