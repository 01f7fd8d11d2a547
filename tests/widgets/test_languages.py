"""In which language the chat speaks to whom, before and after it is opened."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from businesses.models import Business
from tests import builders
from widgets.forms import WidgetLook
from widgets.languages import LANGUAGES, language_of
from widgets.models import Widget


@pytest.fixture
def widget(ada: User, acme: Business) -> Widget:
    return builders.widget(ada, "acme.com")


def told(widget: Widget, query: str = "", browser: str = "") -> Any:
    """What a page is told that asks for the widget."""
    return Client(headers={"accept-language": browser}).get(f"/api/v1/widget/{widget.pk}?{query}").json()


def test_the_first_that_is_spoken_counts_and_english_when_none_is() -> None:
    assert language_of("", "tlh", "pt-BR", "de").code == "pt"
    assert language_of("", "de_AT").code == "de"
    assert language_of("iw").code == "he"
    assert language_of("", accepted="tlh, fr-CA;q=0.9, de;q=0.8").code == "fr"
    assert language_of("", accepted="x" * 5_000).code == "en"
    assert language_of("../../secret").code == "en"


def test_the_page_the_owner_the_pages_own_language_and_the_browser_are_asked_in_this_order(
    ada: User, acme: Business, widget: Widget
) -> None:
    assert told(widget, browser="ru")["language"] == "ru"
    assert told(widget, "lang=de-CH", browser="ru")["language"] == "de"
    widget.config = {"locale": "ar"}
    widget.save()
    assert told(widget, "lang=de", browser="ru")["language"] == "ar"
    assert told(widget, "locale=fr&lang=de", browser="ru")["language"] == "fr"


def test_the_launchers_words_come_with_the_settings_and_english_is_built_in(widget: Widget) -> None:
    assert told(widget, "lang=en")["texts"] is None
    words = told(widget, "lang=pl")["texts"]

    assert words["open"] == "Otwórz czat"
    assert set(words["unread"]) == {"one", "few", "many", "other"}


def test_the_frame_says_its_language_and_direction_and_fetches_no_english(widget: Widget) -> None:
    def frame(language: str) -> str:
        return Client().get(f"/widget/{widget.pk}/frame?lang={language}").content.decode()

    assert '<html lang="ar" dir="rtl">' in frame("ar-EG")
    assert "widget/languages/ar." in frame("ar-EG")
    assert '<html lang="en" dir="ltr">' in frame("en-GB")
    assert "languages" not in frame("en-GB")
    assert "Accept-Language" in Client().get(f"/widget/{widget.pk}/frame")["Vary"]


def test_an_owner_chooses_among_those_and_keeps_another_that_was_asked_for_over_the_api(widget: Widget) -> None:
    def values(form: WidgetLook) -> list[str]:
        return [value for value, _name in form.fields["locale"].choices]  # type: ignore[attr-defined]

    assert values(WidgetLook(initial=WidgetLook.initial_of(widget))) == ["", *LANGUAGES]
    widget.config = {"locale": "sv"}
    assert values(WidgetLook(initial=WidgetLook.initial_of(widget)))[-1] == "sv"
