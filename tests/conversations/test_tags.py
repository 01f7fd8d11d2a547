"""Tags: words with colours, one of each name, on as many conversations as one likes."""

import pytest

from accounts.models import User
from businesses.models import Business, FeedEvent
from conversations.models import Activity, Conversation, Tag
from conversations.services.tags import change_tag, create_tag, delete_tag, set_tags
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
