"""Customers over the API."""

import pytest

from accounts.models import User
from businesses.models import Business, FeedEvent
from conversations.models import Customer
from tests import builders

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/api/v1/customers"


def test_made_found_and_changed(acme: Business, ada: User, mallory: User) -> None:
    api, theirs = builders.api(ada), builders.api(mallory)
    made = api.post(URL, {"name": "Grace", "email": "grace@example.com"}).json()
    api.post(URL, {"name": "Linus"})
    one = f"{URL}/{made['id']}"

    assert api.get(URL, {"q": "GRACE@"}).json() == {"results": [made], "next": None}
    assert api.patch(one, {"name": "Grace H."}).json() == made | {"name": "Grace H."}
    assert FeedEvent.objects.order_by("seq").last().kind == "customer.updated"  # type: ignore[union-attr]
    assert api.get(one).json()["name"] == "Grace H."
    assert theirs.get(one).status_code == theirs.patch(one, {"name": "x"}).status_code == 404
    assert theirs.get(URL).json()["results"] == []


def test_attributes_are_set_and_taken_away_one_by_one(acme: Business, ada: User) -> None:
    api = builders.api(ada)
    made = api.post(URL, {"name": "Grace", "phone": "+49 30 1", "attributes": {"plan": "Pro", "seats": 3}}).json()
    changed = api.patch(f"{URL}/{made['id']}", {"attributes": {"seats": None, "beta": True}}).json()

    assert made["attributes"] == {"plan": "Pro", "seats": 3}
    assert changed == made | {"attributes": {"plan": "Pro", "beta": True}}
    for bad in ({"a": {}}, {"a": []}, {"a": "x" * 501}, {"": 1}, {"x" * 51: 1}, {"a": 2**60}, "x"):
        assert api.patch(f"{URL}/{made['id']}", {"attributes": bad}).status_code == 422
    many = {f"a{number}": number for number in range(51)}
    assert api.post(URL, {"attributes": many}).status_code == 422


def test_whoever_writes_was_seen_and_whoever_is_answered_was_not(acme: Business, ada: User) -> None:
    conversation = builders.conversation(acme)
    customer = conversation.customer
    assert customer
    Customer.objects.update(last_seen_at=None)

    builders.answers(ada, conversation, "Hi")
    customer.refresh_from_db()
    assert customer.last_seen_at is None
    builders.says(conversation, "Hello")
    customer.refresh_from_db()
    assert customer.last_seen_at is not None


def test_bounds_and_what_is_proven(acme: Business, ada: User) -> None:
    api = builders.api(ada)
    for bad in ({"name": "x" * 201}, {"email": "nobody"}, {"external_id": "x" * 201}, {"name": 1}):
        assert api.post(URL, bad).status_code == 422
    assert api.get(URL, {"q": "x" * 201}).status_code == 422
    proven = Customer.objects.create(business=acme, name="A", email="a@example.com", external_id="7", verified=True)
    assert api.patch(f"{URL}/{proven.pk}", {"external_id": "8"}).status_code == 422
    assert api.patch(f"{URL}/{proven.pk}", {"name": "B"}).status_code == 200


def test_the_list_pages_in_as_many_queries_whatever_there_is(
    acme: Business, ada: User, django_assert_max_num_queries: pytest.FixtureRequest
) -> None:
    Customer.objects.bulk_create(Customer(business=acme, name=f"C{number}") for number in range(30))
    api = builders.api(ada)
    with django_assert_max_num_queries(5):  # type: ignore[operator]
        first = api.get(URL, {"limit": 20}).json()
    second = api.get(URL, {"limit": 20, "cursor": first["next"]}).json()
    assert len({row["id"] for row in first["results"] + second["results"]}) == 30
    assert second["next"] is None
