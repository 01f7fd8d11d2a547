"""With a customer go the words that Theo kept of them."""

import pytest

from accounts.models import User
from businesses.models import Business
from conversations.models import Conversation
from conversations.services.deleting import delete_conversation, delete_customer
from tests import builders
from theo.answering import Answer, Source
from theo.articles import create_article
from theo.indexing import index_article
from theo.learning import add_example
from theo.models import Article, Example, IndexState, Mode, Outcome, Unanswered
from theo.outcomes import conclude, remember
from theo.unanswered import note_unanswered

pytestmark = pytest.mark.django_db


def asks(business: Business, words: str) -> Conversation:
    conversation = builders.conversation(business, content=words)
    unknown = Answer(question=words, up_to_seq=1, reply=None, confidence=0.1, mode=Mode.AUTO, is_unknown=True)
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
