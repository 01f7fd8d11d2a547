"""What visitors do with a conversation beside writing: rate it, have it mailed. Their own alone, and not too often."""

import uuid
from email import message_from_bytes
from email.policy import default
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core import mail

from accounts.models import User
from businesses.models import Business, FeedEvent
from conversations.models import Customer, Rating
from conversations.services.handling import close_conversation, reopen_conversation, resolve_conversation
from tests import builders
from widgets.models import Widget
from widgets.receiving import Received

pytestmark = pytest.mark.django_db

NOT_FOUND = (404, b'{"detail":"Not found"}')


@pytest.fixture
def widget(acme: Business, ada: User) -> Widget:
    return builders.widget(ada, "acme.com")


@pytest.fixture
def cleo(acme: Business, ada: User, widget: Widget) -> Received:
    """She asked, Ada answered and resolved it."""
    cleo = builders.visitor_writes(acme, "My hopper is <b>broken</b>.", widget=widget)
    builders.answers(ada, cleo.conversation, "A new one is on its way & free.")
    resolve_conversation(conversation=cleo.conversation, actor=ada)
    return cleo


def post(widget: Widget, cleo: Received, what: str, body: Any, **other: Any) -> Any:
    conversation_id = other.get("conversation_id", cleo.conversation.pk)
    address = f"/api/v1/widget/{widget.pk}/conversations/{conversation_id}/{what}"
    return builders.api().post(address, body, headers={"X-Visitor-Key": other.get("key", cleo.visitor_key)})


def listed(widget: Widget, cleo: Received) -> Any:
    address = f"/api/v1/widget/{widget.pk}/conversations"
    return builders.api().get(address, headers={"X-Visitor-Key": cleo.visitor_key}).json()


# Ratings --------------------------------------------------------------------------------------------------


def test_a_rating_is_kept_changed_and_seen_by_both_sides(
    acme: Business, ada: User, widget: Widget, cleo: Received, client: Any
) -> None:
    place = cleo.conversation.updated_at
    first = post(widget, cleo, "rating", {"score": 2})
    assert (first.status_code, first.json()["score"], first.json()["comment"]) == (200, 2, "")
    second = post(widget, cleo, "rating", {"score": 5, "comment": "  Quick & <kind>  "})
    assert second.json()["comment"] == "Quick & <kind>"
    assert listed(widget, cleo)["results"][0]["rating"]["score"] == 5
    member = builders.api(ada).get(f"/api/v1/conversations/{cleo.conversation.pk}/rating").json()
    assert member["rating"] == second.json()
    client.force_login(ada)
    page = client.get(f"/inbox/{cleo.conversation.pk}/").content.decode()
    assert "rated this conversation 5 of 5" in page
    assert "Quick &amp; &lt;kind&gt;" in page
    cleo.conversation.refresh_from_db()
    assert cleo.conversation.updated_at >= place
    assert FeedEvent.objects.filter(business=acme).latest("seq").kind == "conversation.updated"


def test_a_rating_keeps_the_conversations_place_in_every_list(widget: Widget, cleo: Received) -> None:
    cleo.conversation.refresh_from_db()
    place = cleo.conversation.updated_at
    post(widget, cleo, "rating", {"score": 1})
    cleo.conversation.refresh_from_db()
    assert cleo.conversation.updated_at == place


def test_only_what_was_answered_and_is_over_is_rated(acme: Business, ada: User, widget: Widget, cleo: Received) -> None:
    reopen_conversation(conversation=cleo.conversation, actor=ada)
    assert post(widget, cleo, "rating", {"score": 5}).status_code == 400
    other = builders.visitor_writes(acme, "Hello?", widget=widget)
    close_conversation(conversation=other.conversation, actor=ada)
    assert post(widget, other, "rating", {"score": 5}).status_code == 400
    assert not Rating.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"score": 0},
        {"score": 6},
        {"score": "great"},
        {"score": 5, "comment": "x" * 1001},
        {"score": 5, "comment": 1},
    ],
)
def test_what_is_no_rating_is_refused(widget: Widget, cleo: Received, body: Any) -> None:
    assert post(widget, cleo, "rating", body).status_code == 422
    assert not Rating.objects.exists()


def test_ratings_and_mails_are_counted(widget: Widget, cleo: Received, settings: Any) -> None:
    settings.THROTTLE_RATES = {**settings.THROTTLE_RATES, "RATING": (2, 3600), "TRANSCRIPT": (1, 3600)}
    assert [post(widget, cleo, "rating", {"score": 5}).status_code for _ in range(3)] == [200, 200, 429]
    body = {"email": "cleo@example.com"}
    assert [post(widget, cleo, "transcript", body).status_code for _ in range(2)] == [200, 429]


@pytest.mark.parametrize("what", ["rating", "transcript"])
def test_E3_a_key_opens_only_the_visitors_own_conversations(
    acme: Business, ada: User, widget: Widget, cleo: Received, mallory: User, what: str
) -> None:
    other = builders.visitor_writes(acme, "Hi", widget=widget)
    strange = builders.visitor_writes(mallory.memberships.get().business, "Hi")
    body = {"score": 5, "email": "mallory@example.com"}
    answers = [
        post(widget, cleo, what, body, conversation_id=other.conversation.pk),
        post(widget, cleo, what, body, conversation_id=strange.conversation.pk),
        post(widget, cleo, what, body, conversation_id=uuid.uuid4()),
        post(widget, cleo, what, body, conversation_id="x"),
        post(widget, cleo, what, body, key=strange.visitor_key),
        post(widget, cleo, what, body, key=other.visitor_key),
        post(widget, cleo, what, body, key=cleo.visitor_key[:-1]),
        post(widget, cleo, what, body, key=""),
        post(builders.widget(mallory, "umbrella.com"), cleo, what, body),
    ]
    assert {(answer.status_code, answer.content) for answer in answers} == {NOT_FOUND}
    assert not Rating.objects.exists()
    assert mail.outbox == []
    stranger = builders.api(mallory).get(f"/api/v1/conversations/{cleo.conversation.pk}/rating")
    assert (stranger.status_code, stranger.content) == NOT_FOUND


# Transcripts ----------------------------------------------------------------------------------------------


@pytest.fixture
def mailed(django_capture_on_commit_callbacks: Any) -> Any:
    """Posts, and gives the answer with the mails that went out."""

    def posted(widget: Widget, cleo: Received, body: Any) -> tuple[Any, list[Any]]:
        before = len(mail.outbox)
        with django_capture_on_commit_callbacks(execute=True):
            answer = post(widget, cleo, "transcript", body)
        return answer, mail.outbox[before:]

    return posted


@pytest.mark.parametrize(("named", "counts"), [("Asia/Kolkata", "Asia/Kolkata"), ("", "UTC"), ("Mars/Dune", "UTC")])
def test_a_mailed_conversation_has_its_readers_times(
    widget: Widget, cleo: Received, mailed: Any, named: str, counts: str
) -> None:
    answer, [sent] = mailed(widget, cleo, {"email": "cleo@example.com", "time_zone": named})

    assert answer.status_code == 200
    assert f"Times are in {counts}." in sent.body
    assert f"{cleo.message.created_at.astimezone(ZoneInfo(counts)):%Y-%m-%d %H:%M}" in sent.body


def test_a_conversation_goes_to_the_visitors_address_and_nothing_in_it_is_markup(
    widget: Widget, cleo: Received, mailed: Any
) -> None:
    answer, mails = mailed(widget, cleo, {"email": "cleo@example.com"})

    assert (answer.status_code, answer.json()["message"]) == (200, "Sent to cleo@example.com.")
    [sent] = mails
    [(html, _type)] = sent.alternatives
    assert sent.to == ["cleo@example.com"]
    assert "My hopper is <b>broken</b>." in sent.body
    assert "My hopper is &lt;b&gt;broken&lt;/b&gt;." in html
    assert "A new one is on its way &amp; free." in html
    assert Customer.objects.get(pk=cleo.visitor.customer_id).email == "cleo@example.com"
    assert listed(widget, cleo)["has_email"] is True
    again, mails = mailed(widget, cleo, {})
    assert (again.status_code, [each.to for each in mails]) == (200, [["cleo@example.com"]])


def test_a_mail_comes_from_the_company_in_name_and_colour_and_from_our_address(
    acme: Business, widget: Widget, cleo: Received, mailed: Any, settings: Any
) -> None:
    settings.DEFAULT_FROM_EMAIL = "PingBack <no-reply@pingback.test>"
    Business.objects.filter(pk=acme.pk).update(name='Café "Ünal", Söhne')
    Widget.objects.filter(pk=widget.pk).update(primary_color="#0f5f59")

    _answer, [sent] = mailed(widget, cleo, {"email": "cleo@example.com"})

    written = message_from_bytes(sent.message().as_bytes(), policy=default)
    [sender] = written["From"].addresses
    assert (sender.display_name, sender.addr_spec) == ('Café "Ünal", Söhne', "no-reply@pingback.test")
    [(html, _type)] = sent.alternatives
    assert "#0f5f59" in html
    assert "PingBack" not in html
    assert "#7650ff" not in html


def test_what_was_proven_stays_and_nobody_else_is_written_to(widget: Widget, cleo: Received, mailed: Any) -> None:
    Customer.objects.filter(pk=cleo.visitor.customer_id).update(email="cleo@example.com", verified=True)

    answer, mails = mailed(widget, cleo, {"email": "victim@example.com"})

    assert (answer.status_code, mails) == (422, [])
    assert mailed(widget, cleo, {})[1][0].to == ["cleo@example.com"]


def test_nothing_is_mailed_before_somebody_answered_without_an_address_or_without_mail(
    acme: Business, widget: Widget, cleo: Received, mailed: Any, settings: Any
) -> None:
    unanswered = builders.visitor_writes(acme, "Buy pills", widget=widget)
    assert mailed(widget, unanswered, {"email": "victim@example.com"})[0].status_code == 400
    assert mailed(widget, cleo, {})[0].status_code == 422
    assert mailed(widget, cleo, {"email": "no address\r\nBcc: all@example.com"})[0].status_code == 422
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    assert mailed(widget, cleo, {"email": "cleo@example.com"})[0].status_code == 400
    assert mail.outbox == []


def test_one_address_gets_a_few_a_day_whoever_asks(
    acme: Business, ada: User, widget: Widget, mailed: Any, settings: Any
) -> None:
    settings.THROTTLE_RATES = {**settings.THROTTLE_RATES, "TRANSCRIPT_ADDRESS": (2, 86400)}
    statuses = []
    for _ in range(3):
        visitor = builders.visitor_writes(acme, "Hi", widget=widget)
        builders.answers(ada, visitor.conversation, "Hello")
        statuses.append(mailed(widget, visitor, {"email": "Victim@example.com"})[0].status_code)
    assert statuses == [200, 200, 429]
