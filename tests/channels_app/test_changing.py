"""What the team changes at the provider: other words, taken back, a sign on a customer's message."""

import re
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from channels_app.models import Channel
from conversations.models import ChannelType, Conversation, Message
from tests import builders
from tests.channels_app.cases import CASES, Case
from tests.channels_app.test_contract import case, channel, fake, work, writes  # noqa: F401
from tests.fakes.server import Fake
from tests.fakes.telegram import error

pytestmark = pytest.mark.django_db(transaction=True)


def of(*types: ChannelType) -> pytest.MarkDecorator:
    found = [one for one in CASES if one.type in types]
    return pytest.mark.parametrize("case", found, indirect=True, ids=lambda one: str(one.type))


on_telegram = of(ChannelType.TELEGRAM)
with_signs = of(ChannelType.TELEGRAM, ChannelType.WHATSAPP, ChannelType.INSTAGRAM)


def said(fake: Fake, words: str) -> list[dict[str, Any]]:  # noqa: F811
    return [call.fields for call in fake.calls if words in call.path or words in str(call.fields)]


def path_of(message: Message) -> str:
    return f"/api/v1/conversations/{message.conversation_id}/messages/{message.pk}"


@pytest.fixture
def answer(case: Case, channel: Channel, fake: Fake, ada: User) -> Message:  # noqa: F811
    message = builders.answers(ada, writes(case, channel, "Hello?"), "We open at nien.")
    work()
    return message


@on_telegram
def test_other_words_are_other_words_there_too(answer: Message, ada: User, fake: Fake) -> None:  # noqa: F811
    changed = builders.api(ada).patch(path_of(answer), {"content": "We open at nine."})
    assert (changed.status_code, changed.json()["content"]) == (200, "We open at nine.")
    ((edited,),) = (said(fake, "editMessageText"),)
    external = answer.external.get().external_id
    assert f"{edited['chat_id']}:{edited['message_id']}" == external
    assert edited["text"] == "We open at nine."

    assert builders.api(ada).delete(path_of(answer)).json()["deleted_at"]
    assert [f"{one['chat_id']}:{one['message_id']}" for one in said(fake, "deleteMessage")] == [external]


@on_telegram
def test_what_is_not_there_yet_is_offered_for_no_change(
    case: Case,  # noqa: F811
    channel: Channel,  # noqa: F811
    fake: Fake,  # noqa: F811
    ada: User,
) -> None:
    conversation = writes(case, channel, "Hello?")
    waiting = builders.answers(ada, conversation, "We open at nien.")
    page = Client()
    page.force_login(ada)
    change = f"/inbox/{conversation.pk}/messages/{waiting.pk}/"

    assert f'href="{change}"' not in opened(page, conversation)
    refused = builders.api(ada).patch(path_of(waiting), {"content": "We open at nine."})
    assert (refused.status_code, "not at the provider" in refused.json()["detail"]) == (400, True)

    work()
    assert f'href="{change}"' in opened(page, conversation)


@on_telegram
def test_what_its_provider_does_not_change_is_changed_nowhere(
    answer: Message,
    ada: User,
    ben: User,
    fake: Fake,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert builders.api(ben).patch(path_of(answer), {"content": "x"}).status_code == 403
    assert builders.api(ada).patch(path_of(answer), {"content": "x" * 4097}).status_code == 422
    assert not said(fake, "editMessageText")
    monkeypatch.setattr(type(fake), "answer", lambda *_given: error(400, "Bad Request: message can't be edited"))
    refused = builders.api(ada).patch(path_of(answer), {"content": "We open at nine."})
    assert (refused.status_code, refused.json()) == (400, {"detail": "Telegram refused it: message can't be edited"})
    monkeypatch.setattr(type(fake), "answer", lambda *_given: error(502, "Bad Gateway"))
    assert builders.api(ada).delete(path_of(answer)).status_code == 503

    answer.refresh_from_db()
    assert (answer.content, answer.edited_at, answer.deleted_at) == ("We open at nien.", None, None)


@on_telegram
def test_what_is_as_wished_there_already_is_no_trouble(
    answer: Message,
    ada: User,
    fake: Fake,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(type(fake), "answer", lambda *_given: error(400, "Bad Request: message to delete not found"))
    assert builders.api(ada).delete(path_of(answer)).status_code == 200


@with_signs
def test_a_sign_on_a_customers_message_is_put_there_and_taken_off(
    case: Case,  # noqa: F811
    channel: Channel,  # noqa: F811
    fake: Fake,  # noqa: F811
    ada: User,
    mallory: User,
) -> None:
    conversation = writes(case, channel, "Thank you!")
    message = Message.objects.get()
    page = Client()
    page.force_login(ada)
    link = next(iter(re.findall(r'href="([^"]+/reaction/)"', opened(page, conversation))))
    first = re.findall(r'name="emoji" value="([^"]+)"', page.get(link).content.decode())[0]

    put = builders.api(ada).put(f"{path_of(message)}/reaction", {"emoji": first})
    assert (put.status_code, put.json()["reaction"]) == (200, first)
    assert said(fake, message.external.get().external_id.rpartition(":")[2])
    assert "Your team's reaction" in opened(page, conversation)
    assert page.post(link, {"emoji": ""}, headers={"X-Requested-With": "fetch"}).status_code in {204, 302}
    message.refresh_from_db()
    assert message.reaction == ""

    assert builders.api(ada).put(f"{path_of(message)}/reaction", {"emoji": "🦖"}).status_code == 422
    assert builders.api(mallory).put(f"{path_of(message)}/reaction", {"emoji": first}).status_code == 404
    own = builders.answers(ada, conversation, "You are welcome.")
    assert builders.api(ada).put(f"{path_of(own)}/reaction", {"emoji": first}).status_code == 400


@of(ChannelType.SMS, ChannelType.X, ChannelType.EMAIL)
def test_where_a_channel_has_no_signs_and_no_changes_none_are_offered(
    case: Case,  # noqa: F811
    channel: Channel,  # noqa: F811
    ada: User,
) -> None:
    conversation = writes(case, channel, "Thank you!")
    own = builders.answers(ada, conversation, "You are welcome.")
    page = Client()
    page.force_login(ada)

    assert "/reaction/" not in opened(page, conversation)
    assert (
        page.get(f"/inbox/{conversation.pk}/messages/{Message.objects.earliest('seq').pk}/reaction/").status_code == 404
    )
    assert builders.api(ada).delete(path_of(own)).status_code == 400


def opened(page: Client, conversation: Conversation) -> str:
    return page.get(f"/inbox/{conversation.pk}/").content.decode()
