"""What an owner chooses for a widget: checked at every door, complete for every reader."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from businesses.models import Business
from foundation.errors import Unprocessable
from tests import builders
from widgets.api.serializers import UpdateWidgetInput
from widgets.forms import WidgetLook
from widgets.options import DEFAULTS, checked, options_of, paths, with_options

FORM = {"domain": "acme.com", "name": "Acme", "welcome_heading": "Hello", "primary_color": "#7650FF"}


def test_what_nobody_chose_is_the_default_and_what_is_no_longer_good_counts_as_not_chosen() -> None:
    assert options_of({}) == DEFAULTS
    stale = {"theme": "sepia", "gone": 1, "offset_x": 12, "greeting": {"delay": "soon", "text": "Hello"}}
    assert options_of(stale) == {
        **DEFAULTS,
        "offset_x": 12,
        "greeting": {**DEFAULTS["greeting"], "text": "Hello"},
    }


def test_every_default_is_a_choice_that_may_be_stored() -> None:
    assert checked(dict(DEFAULTS)) == DEFAULTS


@pytest.mark.parametrize(
    ("config", "where"),
    [
        ({"theme": "sepia"}, ["theme"]),
        ({"theme": ["dark"]}, ["theme"]),
        ({"offset_x": -1}, ["offset_x"]),
        ({"offset_x": 301}, ["offset_x"]),
        ({"offset_x": True}, ["offset_x"]),
        ({"offset_x": 1.5}, ["offset_x"]),
        ({"sound": "yes"}, ["sound"]),
        ({"locale": "Deutsch!"}, ["locale"]),
        ({"launcher_text": "x" * 41}, ["launcher_text"]),
        ({"launcher_text": "a\0"}, ["launcher_text"]),
        ({"greeting": True}, ["greeting"]),
        ({"greeting": {"when": 1}}, ["greeting", "when"]),
        ({"greeting": {"page": "shop"}}, ["greeting", "page"]),
        ({"greeting": {"text": None}}, ["greeting", "text"]),
        ({"prechat": {"questions": {}}}, ["prechat", "questions"]),
        ({"prechat": {"questions": [{"label": "x"}] * 5}}, ["prechat", "questions"]),
        ({"prechat": {"questions": [{"label": " "}]}}, ["prechat", "questions"]),
        ({"prechat": {"questions": [{"label": "x" * 81}]}}, ["prechat", "questions"]),
        ({"prechat": {"questions": [{"label": "x", "kind": ["text"]}]}}, ["prechat", "questions"]),
        ({"prechat": {"questions": [{"label": "x", "rows": 2}]}}, ["prechat", "questions"]),
        ({"prechat": {"questions": [{"label": "x", "kind": "choice", "choices": ["a"]}]}}, ["prechat", "questions"]),
        (
            {"prechat": {"questions": [{"label": "x", "kind": "choice", "choices": ["a", "a"]}]}},
            ["prechat", "questions"],
        ),
        ({"prechat": {"questions": [{"label": "x", "kind": "choice", "choices": [{}, 1]}]}}, ["prechat", "questions"]),
    ],
)
def test_what_is_no_option_is_refused_with_the_way_to_it(config: Any, where: list[str]) -> None:
    with pytest.raises(Unprocessable) as refused:
        checked(config)
    assert refused.value.loc == ["body", "config", *where]


def test_a_key_of_the_callers_own_is_kept() -> None:
    assert checked({"colour": {"of": ["red"]}}) == {"colour": {"of": ["red"]}}


@pytest.mark.django_db
def test_the_api_stores_what_was_chosen_and_tells_visitors_all_of_it(ada: User, acme: Business) -> None:
    config = {"theme": "dark", "greeting": {"enabled": True, "page": "/shop/*"}}
    made = builders.api(ada).post("/api/v1/widget/create", {"domain": "acme.com", "config": config}).json()

    assert made["config"] == config
    seen = builders.api().get(f"/api/v1/widget/{made['id']}").json()
    assert seen["options"]["theme"] == "dark"
    assert seen["options"]["greeting"] == {**DEFAULTS["greeting"], **config["greeting"]}

    refused = builders.api(ada).put(f"/api/v1/widget/update/{made['id']}", {"config": {"greeting": {"delay": -1}}})
    assert refused.status_code == 422
    assert refused.json()["detail"][0]["loc"] == ["body", "config", "greeting", "delay"]


def test_settings_have_a_field_for_every_option() -> None:
    assert {*paths(), *UpdateWidgetInput().fields} - {"config"} == set(WidgetLook.base_fields)


def test_a_form_stores_what_differs_from_the_default_and_an_empty_field_is_the_default(db: None) -> None:
    sent = {**FORM, "theme": "dark", "offset_x": "", "offset_y": "20", "greeting_delay": "0"}
    sent |= dict.fromkeys(("sound", "rating", "transcript", "mail_answers"), "on")
    form = WidgetLook(sent)
    assert form.is_valid(), form.errors
    stored = {"sound": False, "theme": "light", "greeting": {"page": "/shop/*"}, "colour": {}}
    assert with_options(stored, form.changes()["options"]) == {"theme": "dark", "greeting": {"delay": 0}, "colour": {}}


@pytest.mark.django_db
def test_a_refused_option_is_shown_at_its_field(ada: User, acme: Business) -> None:
    client = Client()
    client.force_login(ada)

    answer = client.post("/settings/widget/new/", {**FORM, "greeting_page": "shop"})

    assert answer.status_code == 422
    assert "A path like /pricing or /shop/*." in answer.content.decode()


@pytest.mark.django_db
def test_all_that_is_wrong_on_the_settings_page_is_said_at_once_in_our_words(ada: User, acme: Business) -> None:
    client = Client()
    client.force_login(ada)
    wrong = {"primary_color": "red", "logo_url": "http://acme.com/x.png", "offset_x": "9999", "greeting_delay": "-1"}

    answer = client.post("/settings/widget/new/", {**FORM, **wrong})

    page = answer.content.decode()
    assert answer.status_code == 422
    for words in (
        "Write a colour like #7650FF.",
        "Write an address that starts with https://.",
        "A whole number from 0 to 300.",
        "A whole number from 0 to 600.",
    ):
        assert words in page


@pytest.mark.django_db
def test_the_settings_page_leaves_a_callers_own_keys_alone(ada: User, acme: Business) -> None:
    widget = builders.widget(ada, config={"colour": "red", "theme": "light"})
    client = Client()
    client.force_login(ada)

    client.post(f"/settings/widget/{widget.pk}/", {**FORM, "theme": "dark", "sound": "on", "rating": "on"})

    widget.refresh_from_db()
    assert widget.config["colour"] == "red"
    assert widget.config["theme"] == "dark"


@pytest.mark.django_db
def test_the_settings_page_stores_what_was_changed_on_it_and_not_what_another_window_has_changed_since(
    ada: User, acme: Business
) -> None:
    widget = builders.widget(ada, config={"greeting": {"enabled": True, "text": "Hello"}, "offset_x": 40})
    client = Client()
    client.force_login(ada)
    address = f"/settings/widget/{widget.pk}/"
    form = client.get(address).context["form"]
    sent = {name: value for name, value in form.initial.items() if value not in (False, [])} | {"was": form.was}
    changes = {"primary_color": "#0F5F59", "config": {"greeting": {"enabled": True, "text": "Ahoy"}, "theme": "dark"}}
    builders.api(ada).put(f"/api/v1/widget/update/{widget.pk}", changes)

    assert client.post(address, sent | {"welcome_heading": "Good day", "greeting_delay": "0"}).status_code == 302

    widget.refresh_from_db()
    assert (widget.welcome_heading, widget.primary_color) == ("Good day", "#0F5F59")
    assert widget.config == {"greeting": {"enabled": True, "text": "Ahoy", "delay": 0}, "theme": "dark"}


@pytest.mark.django_db
@pytest.mark.parametrize("was", ["", "[]", "{", "[" * 100_000])
def test_a_form_that_does_not_say_what_it_showed_is_stored_whole(ada: User, acme: Business, was: str) -> None:
    widget = builders.widget(ada, config={"theme": "light"})
    client = Client()
    client.force_login(ada)

    client.post(f"/settings/widget/{widget.pk}/", {**FORM, "theme": "dark", "was": was})

    widget.refresh_from_db()
    assert widget.config["theme"] == "dark"


@pytest.mark.django_db
def test_an_owners_own_questions_go_through_the_form_and_come_back(ada: User, acme: Business) -> None:
    client = Client()
    client.force_login(ada)
    widget = builders.widget(ada, "acme.com")
    address = f"/settings/widget/{widget.pk}/"
    rows = {
        "prechat_questions-0-label": "Order number",
        "prechat_questions-0-kind": "text",
        "prechat_questions-0-required": "on",
        "prechat_questions-1-label": "",
        "prechat_questions-3-label": "What is it about?",
        "prechat_questions-3-kind": "choice",
        "prechat_questions-3-choices": "Delivery\n\n Coffee \n",
    }
    asked = [
        {"label": "Order number", "kind": "text", "required": True},
        {"label": "What is it about?", "kind": "choice", "required": False, "choices": ["Delivery", "Coffee"]},
    ]

    assert client.post(address, FORM | rows).status_code == 302
    widget.refresh_from_db()
    assert widget.options["prechat"]["questions"] == asked

    page = client.get(address).content.decode()
    assert 'value="Order number"' in page
    assert "Delivery\nCoffee</textarea>" in page
    refused = client.post(address, FORM | rows | {"prechat_questions-3-choices": "Delivery"})
    assert refused.status_code == 422
    assert "Question 2: 2 to 10 different choices, please." in refused.content.decode()
