"""Tags: words with colours, one of each name, on as many conversations as one likes."""

import pytest
from django.test import Client

from accounts.models import User
from businesses.models import Business, FeedEvent
from conversations.models import Activity, Conversation, Tag
from conversations.saved_views.services import Count, counts, create_view, update_view
from conversations.services.macros import create_macro
from conversations.services.tags import add_tag, change_tag, create_tag, delete_tag, merge_tags, set_tags
from tests import builders

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def conversation(acme: Business) -> Conversation:
    return builders.conversation(acme)


def names(conversation: Conversation) -> list[str]:
    return [tag.name for tag in conversation.tags.all()]


def test_names_are_one_whatever_their_case_and_new_ones_become_tags(conversation: Conversation, ada: User) -> None:
    set_tags(conversation=conversation, names=["Billing", "billing ", "VIP"], actor=ada)
    set_tags(conversation=conversation, names=["BILLING", "late"], actor=ada)

    assert names(conversation) == ["billing", "late"]
    assert Tag.objects.count() == 3
    told = [(line.kind, line.data) for line in Activity.objects.order_by("created_at", "id")]
    assert told[1:] == [("tagged", {"tags": ["late"]}), ("untagged", {"tags": ["VIP"]})]


def test_the_same_set_again_tells_nobody(conversation: Conversation, ada: User, published: list[FeedEvent]) -> None:
    set_tags(conversation=conversation, names=["Billing"], actor=ada)
    before = len(published)
    set_tags(conversation=conversation, names=["billing"], actor=ada)
    assert len(published) == before


def test_over_the_api(acme: Business, conversation: Conversation, ada: User, mallory: User) -> None:
    api, theirs = builders.api(ada), builders.api(mallory)
    tag = api.post("/api/v1/tags", {"name": "Refund", "color": "red"}).json()
    assert api.post("/api/v1/tags", {"name": "refund"}).status_code == 400
    assert theirs.post("/api/v1/tags", {"name": "refund"}).status_code == 201

    answer = api.put(f"/api/v1/conversations/{conversation.pk}/tags", {"tags": ["refund"]})
    assert answer.json() == {"tags": [tag]}
    assert api.get(f"/api/v1/conversations/{conversation.pk}").json()["tags"] == [tag]
    assert theirs.put(f"/api/v1/conversations/{conversation.pk}/tags", {"tags": []}).status_code == 404

    bulk = {"ids": [str(conversation.pk)], "value": "Refund"}
    assert api.post("/api/v1/conversations/bulk", {**bulk, "action": "untag"}).json()["done"] == bulk["ids"]
    assert names(conversation) == []


def test_a_tag_that_goes_is_off_every_conversation(acme: Business, conversation: Conversation, ada: User) -> None:
    tag = create_tag(business=acme, name="Old", actor=ada)
    set_tags(conversation=conversation, names=["Old"], actor=ada)
    change_tag(tag=tag, name="Older", actor=ada)
    assert names(conversation) == ["Older"]

    delete_tag(tag=tag, actor=ada)
    assert names(conversation) == []


def test_two_tags_become_one_over_the_api_and_the_page(acme: Business, ada: User, mallory: User) -> None:
    one, other = (create_tag(business=acme, name=name, actor=ada) for name in ("Late", "Tardy"))
    conversation, both = builders.conversation(acme), builders.conversation(acme)
    add_tag(conversation=conversation, name="Tardy", actor=ada)
    set_tags(conversation=both, names=["Late", "Tardy"], actor=ada)
    path = f"/api/v1/tags/{one.pk}/merge"
    theirs = create_tag(business=mallory.memberships.get().business, name="X", actor=mallory)
    assert builders.api(ada).post(path, {"other_id": str(theirs.pk)}).status_code == 400
    assert builders.api(mallory).post(path, {"other_id": str(other.pk)}).status_code == 404
    assert builders.api(ada).post(path, {"other_id": str(other.pk)}).json()["name"] == "Late"
    for row in (conversation, both):
        assert [tag.name for tag in row.tags.all()] == ["Late"]

    client = Client()
    client.force_login(ada)
    client.post("/settings/tags/", {"name": "Slow", "color": "red"})
    slow = Tag.objects.get(name="Slow")
    assert client.post(f"/settings/tags/{slow.pk}/", {"name": "late", "color": "red"}).status_code == 400
    client.post(f"/settings/tags/{one.pk}/merge/", {"into": slow.pk})
    assert [tag.name for tag in conversation.tags.all()] == ["Slow"]
    assert "Slow" in client.get("/settings/tags/").content.decode()
    client.post(f"/settings/tags/{slow.pk}/delete/")
    assert not conversation.tags.exists()


def test_what_asked_for_a_tag_or_put_it_on_has_the_one_that_it_became(acme: Business, ada: User) -> None:
    conversation = builders.conversation(acme)
    add_tag(conversation=conversation, name="refund", actor=ada)
    refund, into = Tag.objects.get(), create_tag(business=acme, name="Refunds", actor=ada)
    asked = {"any": [{"field": "tag", "op": "is", "value": str(refund.pk)}]}
    view = create_view(actor=ada, name="Refunds", filter={"all": [asked]})
    macro = create_macro(business=acme, author=ada, name="Pay back", tags=["Refund", "refunds", "late"])

    merge_tags(tag=refund, into=into, actor=ada)

    view.refresh_from_db()
    macro.refresh_from_db()
    assert counts(ada, [view.filter]) == [Count(1, more=False)]
    assert update_view(actor=ada, view_id=view.pk, filter=view.filter).filter == view.filter
    assert macro.tags == ["Refunds", "late"]
    assert FeedEvent.objects.latest("seq").data == {
        "tag_id": str(refund.pk),
        "deleted": True,
        "into_id": str(into.pk),
    }
    change_tag(tag=into, name="Money back", actor=ada)
    macro.refresh_from_db()
    assert macro.tags == ["Money back", "late"]


def test_a_view_whose_tag_is_gone_says_so(acme: Business, ada: User) -> None:
    tag = create_tag(business=acme, name="VIP", actor=ada)
    asked = {"field": "tag", "op": "is", "value": str(tag.pk)}
    view = create_view(actor=ada, name="VIPs", filter={"all": [asked]})
    client = Client()
    client.force_login(ada)
    there = f"/inbox/?list=view-{view.pk}"
    assert "is gone" not in client.get(there).content.decode()
    delete_tag(tag=tag, actor=ada)
    assert "is gone" in client.get(there).content.decode()
    assert "There is no such choice." in client.get(f"/inbox/views/{view.pk}/").content.decode()


def test_one_follows_by_ones_own_wish(acme: Business, ada: User, mallory: User) -> None:
    conversation = builders.conversation(acme)
    path = f"/api/v1/conversations/{conversation.pk}/follow"
    assert builders.api(mallory).put(path).status_code == 404
    assert builders.api(ada).put(path).json() == {"following": True}
    client = Client()
    client.force_login(ada)
    assert "Follow no longer" in client.get(f"/inbox/{conversation.pk}/").content.decode()
    client.post(f"/inbox/{conversation.pk}/handle/", {"do": "unfollow"})
    assert not conversation.followers.exists()
