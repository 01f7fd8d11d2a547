"""Questions over REST: those that nobody could answer, and those that an article is known to answer."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from businesses.models import Business
from tests import builders
from theo.articles import create_article
from theo.models import Unanswered

pytestmark = pytest.mark.django_db


def open_question(business: Business, words: str, **more: Any) -> Unanswered:
    now = timezone.now() - timedelta(minutes=Unanswered.objects.count())
    given = {"business": business, "question": words, "vector": b"", "last_seq": 1, "first_at": now, "last_at": now}
    return Unanswered.objects.create(**(given | more))


def test_open_questions_are_listed_page_by_page_until_they_are_out_of_sight(
    ben: User, mallory: User, acme: Business
) -> None:
    first = open_question(acme, "Do you have a jacuzzi?", wordings=["Is there a jacuzzi?"], count=2)
    open_question(acme, "Is there a bar?")
    open_question(mallory.memberships.get().business, "Ours?")
    ask = builders.api(ben)

    told = ask.get("/api/v1/kb/questions?limit=1").json()
    assert [(one["question"], one["wordings"], one["count"]) for one in told["results"]] == [
        ("Do you have a jacuzzi?", ["Is there a jacuzzi?"], 2)
    ]
    rest = ask.get("/api/v1/kb/questions", {"limit": 1, "cursor": told["next"]}).json()
    assert ([one["question"] for one in rest["results"]], rest["next"]) == (["Is there a bar?"], None)

    assert builders.api(mallory).delete(f"/api/v1/kb/questions/{first.pk}").status_code == 404
    assert ask.delete(f"/api/v1/kb/questions/{first.pk}").status_code == 200
    assert len(ask.get("/api/v1/kb/questions").json()["results"]) == 1


def test_of_what_nobody_could_answer_only_questions_are_kept_each_alone(ben: User, acme: Business) -> None:
    create_article(business=acme, title="Return an item", content="Send it back within 30 days.")
    for said in ("😀 ?", "xxxxxxx xxxx", "Are you there?", "any update?", "12345678", "cleo@example.com", "有人吗"):
        noise = builders.conversation(acme, content=said)
        builders.api(ben).post("/api/v1/ai/reply", {"conversation_id": str(noise.pk)})
    what = "Do you have a jacuzzi? And can I bring my dog along?"
    several = builders.conversation(acme, content=what)
    builders.api(ben).post("/api/v1/ai/reply", {"conversation_id": str(several.pk)})
    builders.says(several, what)
    builders.api(ben).post("/api/v1/ai/reply", {"conversation_id": str(several.pk)})

    told = builders.api(ben).get("/api/v1/kb/questions").json()["results"]
    assert sorted((one["question"], one["count"]) for one in told) == [
        ("Do you have a jacuzzi?", 1),
        ("can I bring my dog along?", 1),
    ]


def test_an_articles_questions_are_added_without_who_asked_and_taken_away(ben: User, acme: Business) -> None:
    article = create_article(business=acme, title="Returns", content="Within 30 days.")
    address, ask = f"/api/v1/kb/articles/{article.pk}/examples", builders.api(ben)

    ask.post(address, {"question": "Can I send it back?"})
    added = ask.post(address, {"question": "May cleo@example.com send it back?"})
    assert (added.status_code, added.json()) == (
        201,
        {"questions": ["May [e-mail] send it back?", "Can I send it back?"]},
    )
    assert ask.post(address, {"question": " "}).status_code == 422

    assert ask.delete(address, {"question": "Can I send it back?"}).json() == {
        "questions": ["May [e-mail] send it back?"]
    }
    assert ask.get(address).json() == {"questions": ["May [e-mail] send it back?"]}
