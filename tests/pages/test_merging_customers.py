"""Two customers who are one person: shown as one, moved nowhere, and exactly two again."""

import re
from typing import Any

from accounts.models import User
from businesses.models import Business, FeedEvent
from conversations.models import Conversation, Customer
from tests import builders
from tests.pages.conftest import SignIn

URL = "/api/v1/customers"


def _rows() -> list[Any]:
    return [list(Customer.objects.order_by("pk").values()), list(Conversation.objects.order_by("pk").values())]


def test_merged_they_are_shown_as_one_and_undone_nothing_is_left_of_it(
    ada: User, acme: Business, sign_in: SignIn
) -> None:
    grace, twin = builders.customer(acme, "Grace"), builders.customer(acme, "Gracie", email="g@example.com")
    builders.conversation(acme, customer=grace, content="from the site")
    other = builders.conversation(acme, customer=twin, content="from the phone")
    before, api, client = _rows(), builders.api(ada), sign_in(ada)

    merged = api.post(f"{URL}/{grace.pk}/merge", {"other_id": str(twin.pk)})
    page = client.get(f"/customers/{grace.pk}/").content.decode()
    thread = client.get(f"/inbox/{other.pk}/").content.decode()

    assert merged.status_code == 200
    assert api.get(f"{URL}/{twin.pk}").json()["merged_into_id"] == str(grace.pk)
    assert "from the site" in page
    assert "from the phone" in page
    assert "from the site" in thread
    assert "merged this customer into Grace" in thread
    assert [row["name"] for row in api.get(URL, {"q": "g@example"}).json()["results"]] == ["Grace"]
    assert Conversation.objects.get(pk=other.pk).customer_id == twin.pk
    kinds = list(FeedEvent.objects.order_by("-seq").values_list("kind", flat=True)[:3])
    assert kinds == ["customer.updated", "customer.updated", "conversation.updated"]

    assert client.post(f"/customers/{twin.pk}/unmerge/").status_code == 302
    assert _rows() == before
    assert "from the phone" not in client.get(f"/customers/{grace.pk}/").content.decode()


def test_undone_their_conversations_are_apart_too_and_no_others(ada: User, acme: Business) -> None:
    grace, twin = builders.customer(acme, "Grace"), builders.customer(acme, "Gracie")
    graces, gracies, again, own = (builders.conversation(acme, customer=who) for who in (grace, twin, twin, twin))
    api, before = builders.api(ada), _rows()
    api.post(f"{URL}/{grace.pk}/merge", {"other_id": str(twin.pk)})

    def merge(one: Conversation, into: Conversation) -> int:
        path = f"/api/v1/conversations/{into.pk}/merge"
        return api.post(path, {"other_id": str(one.pk)}).status_code

    assert [merge(gracies, graces), merge(own, again)] == [200, 200]

    assert api.delete(f"{URL}/{twin.pk}/merge").status_code == 200

    merged = dict(Conversation.objects.filter(merged_into__isnull=False).values_list("pk", "merged_into"))
    assert merged == {own.pk: again.pk}
    assert api.delete(f"/api/v1/conversations/{own.pk}/merge").status_code == 200
    assert _rows() == before
    assert merge(gracies, graces) == 400


def test_nobody_is_merged_into_themselves_into_a_chain_or_elsewhere(ada: User, mallory: User, acme: Business) -> None:
    one, two, three = (builders.customer(acme, name) for name in ("A", "B", "C"))
    theirs = builders.customer(mallory.memberships.get().business, "M")
    api = builders.api(ada)

    def merge(other: Customer, into: Customer) -> int:
        return api.post(f"{URL}/{into.pk}/merge", {"other_id": str(other.pk)}).status_code

    assert merge(two, one) == merge(two, one) == 200
    assert [merge(one, one), merge(one, three), merge(two, three), merge(three, two), merge(theirs, one)] == [400] * 5
    assert merge(one, theirs) == 404
    assert builders.api(mallory).delete(f"{URL}/{two.pk}/merge").status_code == 404
    assert api.delete(f"{URL}/{two.pk}/merge").json()["merged_into_id"] is None


def test_whom_one_merges_is_looked_for_on_a_page_and_the_toast_undoes_it(
    ada: User, acme: Business, sign_in: SignIn
) -> None:
    grace, twin = builders.customer(acme, "Grace"), builders.customer(acme, "Gracie")
    client = sign_in(ada)
    found = client.get(f"/customers/{grace.pk}/merge/?q=grac").content.decode()
    assert str(twin.pk) in found
    assert client.post(f"/customers/{grace.pk}/merge/", {"other": str(twin.pk)}).status_code == 302
    twin.refresh_from_db()
    assert twin.merged_into_id == grace.pk

    toast = client.get(f"/customers/{grace.pk}/").content.decode().split("data-toasts")[1]
    (undo,) = re.findall(r'<form method="post" action="([^"]+)"', toast)
    assert client.post(undo).status_code == 302
    twin.refresh_from_db()
    assert twin.merged_into_id is None


def test_whoever_is_deleted_takes_along_whom_they_were_merged_with(ada: User, acme: Business) -> None:
    grace, twin = builders.customer(acme, "Grace"), builders.customer(acme, "Gracie")
    builders.conversation(acme, customer=twin)
    api = builders.api(ada)
    api.post(f"{URL}/{grace.pk}/merge", {"other_id": str(twin.pk)})
    assert api.delete(f"{URL}/{grace.pk}").status_code == 200
    assert not Customer.objects.exists()
    assert not Conversation.objects.exists()
