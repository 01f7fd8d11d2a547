"""What is said on Telegram is read, counted and cut as Telegram does."""

from typing import Any

import pytest

from channels_app.adapters.base import split
from channels_app.adapters.events import InboundEvent, MessageEdited, MessageReceived, ReactionChanged
from channels_app.adapters.telegram import TelegramAdapter
from channels_app.models import Channel
from conversations.models import ChannelType

CHAT = {"id": 7, "type": "private"}
LINK = {"type": "text_link", "offset": 3, "length": 4, "url": "https://acme.example/o/1"}


def events_of(**update: Any) -> list[InboundEvent]:
    return list(TelegramAdapter(Channel(type=ChannelType.TELEGRAM), {}).parse({"update_id": 1, **update}))


def said(**content: Any) -> str:
    (event,) = events_of(message={"message_id": 1, "chat": CHAT, "date": 1_767_225_600, **content})
    assert isinstance(event, MessageReceived)
    return event.text


def test_the_address_behind_words_is_shown_with_them() -> None:
    assert said(text="👋 here it is", entities=[LINK]) == "👋 here (https://acme.example/o/1) it is"
    assert said(caption="👋 here", caption_entities=[LINK], photo=[{"file_id": "1"}]).endswith(
        "(https://acme.example/o/1)"
    )
    (edited,) = events_of(edited_message={"message_id": 1, "chat": CHAT, "text": "👋 here", "entities": [LINK]})
    assert isinstance(edited, MessageEdited)
    assert edited.text == "👋 here (https://acme.example/o/1)"
    beyond = {**LINK, "offset": 90}
    assert said(text="Hi", entities=[beyond, {**LINK, "url": 1}, None]) == "Hi"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (
            {"poll": {"question": "Which?", "options": [{"text": "Red"}, {"text": "Blue"}]}},
            "A poll: Which?\n- Red\n- Blue",
        ),
        ({"story": {"id": 1}}, "(Something that Telegram shows only in its app)"),
        ({"paid_media": {"star_count": 1}}, "(Something that Telegram shows only in its app)"),
    ],
)
def test_what_no_page_shows_is_said_in_words(content: dict[str, Any], words: str) -> None:
    assert said(**content) == words


def test_a_sign_of_telegrams_own_takes_nothing_back() -> None:
    def reacts(*signs: dict[str, str]) -> list[str]:
        found = events_of(message_reaction={"chat": CHAT, "message_id": 1, "new_reaction": list(signs)})
        return [event.emoji for event in found if isinstance(event, ReactionChanged)]

    own = {"type": "custom_emoji", "custom_emoji_id": "5"}
    assert [reacts({"type": "emoji", "emoji": "👍"}), reacts(own), reacts()] == [["👍"], [], [""]]


def test_a_text_is_cut_where_telegram_counts_it_full() -> None:
    can = TelegramAdapter.capabilities
    parts = split("😀" * 5000, can)

    assert [len(part) for part in parts] == [2048, 2048, 904]
    assert [can.length_of(part) for part in parts] == [4096, 4096, 1808]
    assert split("x" * 4096, can) == ["x" * 4096]
