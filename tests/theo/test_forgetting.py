"""With a customer go the words that Theo kept of them."""

import pytest

from accounts.models import User
from businesses.models import Business
from conversations.models import Conversation
from conversations.services.deleting import delete_conversation, delete_customer
from conversations.services.editing import deleted_elsewhere
from tests import builders
from theo.answering import Answer, Source
from theo.articles import create_article
from theo.handoffs import keep_handoff
from theo.indexing import index_article
from theo.learning import add_example
from theo.models import Article, Example, Handoff, IndexState, Mode, Outcome, Reply, Unanswered
from theo.outcomes import conclude, remember
from theo.unanswered import note_unanswered

pytestmark = pytest.mark.django_db


def asks(business: Business, words: str) -> Conversation:
    conversation = builders.conversation(business, content=words)
    unknown = Answer(question=words, up_to_seq=1, reply=None, confidence=0.1, mode=Mode.AUTO, unknown=(words,))
    note_unanswered(conversation=conversation, found=unknown)
    return conversation


def test_an_open_question_goes_with_who_asked_it(ada: User, acme: Business) -> None:
    jacuzzi = asks(acme, "Do you have a jacuzzi?")
    asks(acme, "Is there parking?")
    assert jacuzzi.customer

    delete_customer(customer=jacuzzi.customer, actor=ada)

    assert [group.question for group in Unanswered.objects.all()] == ["Is there parking?"]


def test_of_several_who_asked_only_ones_own_words_go(ada: User, acme: Business) -> None:
    first = asks(acme, "Is a jacuzzi there on the roof?")
    asks(acme, "On the roof, is a jacuzzi there?")
    asks(acme, "Is there a jacuzzi on the roof, please?")
    [group] = Unanswered.objects.all()
    assert (group.question, group.count) == ("Is a jacuzzi there on the roof?", 3)

    delete_conversation(conversation=first, actor=ada)

    group.refresh_from_db()
    assert (group.question, group.wordings) == (
        "On the roof, is a jacuzzi there?",
        ["Is there a jacuzzi on the roof, please?"],
    )
    assert (bytes(group.vector), len(group.asked_in)) == (b"", 2)


def test_an_example_goes_and_its_article_is_read_again_while_an_agents_own_stays(ada: User, acme: Business) -> None:
    article = create_article(business=acme, title="Returns", content="Within 30 days.")
    conversation = builders.conversation(acme, content="My left shoe is too big")
    source = Source(id=article.pk, title=article.title)
    said = Answer(
        question="My left shoe is too big", reply="Within 30 days.", confidence=0.5, mode=Mode.ASSIST, sources=[source]
    )
    reply = remember(conversation=conversation, found=said)
    assert reply
    conclude(reply, Outcome.ACCEPTED, 1.0)
    add_example(article=article, question="Can I return shoes?")
    assert index_article(Article.objects.get())

    delete_conversation(conversation=conversation, actor=ada)

    assert [each.question for each in Example.objects.all()] == ["Can I return shoes?"]
    assert Article.objects.get().index_state == IndexState.PENDING


def test_what_a_customer_takes_back_is_not_shown_to_who_takes_over_nor_kept(acme: Business) -> None:
    conversation = builders.conversation(acme, content="My card is 4111, is a jacuzzi there?")
    article = create_article(business=acme, title="Pool", content="It is on the roof.")
    source = Source(id=article.pk, title=article.title)
    asked = Answer(
        question="My card is 4111, is a jacuzzi there?",
        up_to_seq=1,
        reply="It is on the roof.",
        confidence=0.5,
        mode=Mode.ASSIST,
        sources=[source],
    )
    keep_handoff(conversation, asked)
    assert Handoff.objects.get().draft

    deleted_elsewhere(message=conversation.messages.get())

    assert not Handoff.objects.exists()
    assert not Reply.objects.exists()


def test_what_became_of_an_answer_still_counts_when_its_question_is_taken_back(acme: Business) -> None:
    conversation = builders.conversation(acme, content="Is a jacuzzi there?")
    article = create_article(business=acme, title="Pool", content="It is on the roof.")
    source = Source(id=article.pk, title=article.title)
    asked = Answer(
        question="Is a jacuzzi there?", up_to_seq=1, reply="Yes.", confidence=0.9, mode=Mode.ASSIST, sources=[source]
    )
    kept = remember(conversation=conversation, found=asked)
    assert kept
    conclude(kept, Outcome.ACCEPTED, 1.0)

    deleted_elsewhere(message=conversation.messages.get())

    kept.refresh_from_db()
    assert (kept.question, kept.outcome) == ("", Outcome.ACCEPTED)
