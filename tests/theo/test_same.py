"""What a language model may say unread: no more than a sentence of the article does."""

import pytest

from theo.same import says_the_same

DECAF = "Do you have decaf?\nYes: the Harbour blend comes without caffeine, too. It tastes of cocoa."
DELIVERY = (
    "How much is delivery?\nWithin the UK delivery takes one to two working days and costs £3.50; from £25 on it is "
    "free. What you order before noon leaves us the same day."
)
RETURNS = (
    "How do I return something?\nUnopened bags and unused gear can be returned within 30 days. The refund is on your "
    "card within three working days after it has arrived."
)
CANCELLING = "How do I cancel?\nUnder Account, without notice. What is paid for still comes."


@pytest.mark.parametrize(
    ("article", "reply"),
    [
        (DECAF, "Hello! Yes: the Harbour blend comes without caffeine."),
        (DELIVERY, "Delivery takes one to two working days within the UK and costs £3.50. From £25 on it is free."),
        (RETURNS, "You can return unused gear within 30 days."),
        (CANCELLING, "What is paid for still comes."),
    ],
)
def test_what_is_shorter_than_the_article_may_be_sent(article: str, reply: str) -> None:
    assert says_the_same(reply, ["Gift cards\nThey are valid for two years.", article])


@pytest.mark.parametrize(
    ("article", "reply"),
    [
        (DECAF, "No, we do not have decaf."),
        (DECAF, "The Harbour blend does not come without caffeine."),
        (DECAF, "The Harbour blend never comes without caffeine."),
        (DECAF, "No: the Harbour blend comes without caffeine, too."),
        (DECAF, "Yes, every blend comes without caffeine."),
        (DECAF, "No."),
        (DELIVERY, "Delivery is free."),
        (DELIVERY, "Delivery costs £25; from £3.50 on it is free."),
        (DELIVERY, "Delivery costs £3.50 a day."),
        (DELIVERY, "Delivery takes one to two working hours."),
        (DELIVERY, "Delivery takes two to one working weeks."),
        (DELIVERY, "What you order after noon leaves us the same day."),
        (RETURNS, "You can return opened bags and used gear within 30 days."),
        (RETURNS, "You can return unused gear within three days."),
        (RETURNS, "The refund is on your card within 30 working days after it has arrived."),
        (RETURNS, "The refund is on your card three working days before it has arrived."),
        (CANCELLING, "What is paid for no longer comes."),
    ],
)
def test_what_turns_the_article_around_or_adds_to_it_may_not(article: str, reply: str) -> None:
    assert not says_the_same(reply, [article])
