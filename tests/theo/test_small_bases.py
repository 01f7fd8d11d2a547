"""A base of one or two articles: what comes nearest there is near to nothing, and Theo knows."""

from typing import Any

import pytest

from businesses.models import Business
from theo import indexing
from theo.articles import create_article
from theo.models import Assistant

pytestmark = pytest.mark.django_db
DELIVERY = ("Delivery", "Orders arrive in two working days. Express delivery costs 6 EUR.")
RETURNS = ("Returns", "Send an item back within 30 days. The refund takes three days.")
CANCELLING = ("Cancel your membership", "Cancel in the app under Account. It ends with the month.")
PARKING = ("Parking", "There are forty places behind the house. They are free for guests.")


@pytest.mark.parametrize(
    ("shelf", "question"),
    [
        ([DELIVERY, RETURNS], "What are your opening hours?"),
        ([DELIVERY, RETURNS], "Do you have gift cards?"),
        ([DELIVERY, RETURNS], "Where is your shop?"),
        ([DELIVERY], "What are your opening hours?"),
        ([DELIVERY], "Can I pay by invoice?"),
        ([CANCELLING, PARKING], "What are your opening hours?"),
        ([CANCELLING, PARKING], "How much is a membership?"),
        ([CANCELLING, PARKING], "Is there a sauna?"),
        ([PARKING, RETURNS], "Wann habt ihr geöffnet?"),
        ([PARKING], "Do you serve breakfast?"),
        ([PARKING], "what is the capital of France"),
    ],
)
def test_what_no_article_answers_is_not_sent(
    settings: Any, acme: Business, shelf: list[tuple[str, str]], question: str
) -> None:
    settings.THEO_ENGINE = "full"
    for title, content in shelf:
        indexing.index_article(create_article(business=acme, title=title, content=content))

    assert indexing.find(acme.pk, question)[0].confidence < Assistant.LEAST_THRESHOLD


@pytest.mark.parametrize(
    ("shelf", "question", "title"),
    [
        ([DELIVERY, RETURNS], "How long does delivery take?", "Delivery"),
        ([DELIVERY, RETURNS], "Within how many days can I send an item back?", "Returns"),
        ([CANCELLING, PARKING], "How do I cancel my membership?", "Cancel your membership"),
        ([PARKING], "Is parking free?", "Parking"),
    ],
)
def test_what_one_answers_is_found_and_may_be_sent(
    settings: Any, acme: Business, shelf: list[tuple[str, str]], question: str, title: str
) -> None:
    settings.THEO_ENGINE = "full"
    made = {each[0]: create_article(business=acme, title=each[0], content=each[1]) for each in shelf}
    for article in made.values():
        indexing.index_article(article)

    best = indexing.find(acme.pk, question)[0]
    assert best.key == str(made[title].pk)
    assert best.confidence >= Assistant.LEAST_THRESHOLD
