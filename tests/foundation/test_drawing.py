"""What is the same in every answer is drawn once for each language; everything else each time."""

import uuid
from typing import Any

import pytest
from django.template import Context, Engine
from django.template.base import TextNode
from django.urls import reverse
from django.utils import translation

from foundation import drawing
from foundation.drawing import Constant, filled

SIGN = '{% load i18n look static %}<b>{% translate "Delete" %}</b>{% icon "check" 14 %}{% url "inbox" %}'


def engine(**templates: str) -> Engine:
    return Engine(
        loaders=[("foundation.drawing.Loader", [("django.template.loaders.locmem.Loader", templates)])],
        libraries={
            "i18n": "django.templatetags.i18n",
            "look": "pingback.templatetags.look",
            "static": "django.templatetags.static",
        },
    )


def test_words_signs_and_addresses_become_one_part_in_each_language() -> None:
    template = engine(page=SIGN).get_template("page")
    (only,) = template.nodelist
    assert isinstance(only, Constant)
    with translation.override("en"):
        english = template.render(Context())
    with translation.override("de"):
        german = template.render(Context())
        assert template.render(Context()) == german
    assert "<b>Delete</b><svg" in english
    assert "<b>Löschen</b><svg" in german
    assert english.endswith("/inbox/")


def test_a_part_that_has_nothing_in_it_is_taken_in_and_one_that_has_is_not() -> None:
    made = engine(page='{% include "sign" %}{% include "name" %}', sign=SIGN, name="{{ name }}")
    first, second = made.get_template("page").nodelist
    assert isinstance(first, Constant)
    assert not isinstance(second, Constant | TextNode)
    assert made.get_template("page").render(Context({"name": "<Ada>"})).endswith("/inbox/&lt;Ada&gt;")


def test_branches_and_blocks_are_looked_into_and_keep_their_conditions() -> None:
    made = engine(
        base='{% load i18n %}{% block body %}{% translate "Yes" %}{% endblock %}',
        page='{% extends "base" %}{% load i18n look %}{% block body %}'
        '{% for each in those %}{% if each %}{% icon "check" %}!{% else %}{% translate "No" %}{% endif %}{% endfor %}'
        "{% endblock %}",
    )
    template = made.get_template("page")
    drawn = [template.render(Context({"those": those})) for those in ([True], [False], [True])]
    assert drawn[0] == drawn[2]
    assert drawn[0].startswith("<svg")
    assert drawn[1] == "No"


@pytest.mark.parametrize("kind", [lambda one: one, str], ids=["ids", "texts"])
def test_an_address_that_ids_go_into_is_the_one_that_django_makes(kind: Any) -> None:
    ids = [kind(uuid.uuid4()), kind(uuid.uuid4())]
    template = engine(page='{% url "conversation-message" one two %} {% url "conversation" one %}').get_template("page")
    for one, two in (ids, ids[::-1]):
        drawn = template.render(Context({"one": one, "two": two})).split()
        assert drawn == [reverse("conversation-message", args=[one, two]), reverse("conversation", args=[one])]


def test_what_looks_alike_is_drawn_once_and_its_holes_are_filled_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    page = '{{ alike.0 }} {% url "conversation" pk %}{{ query }} {% csrf_token %}'
    drawn: list[str] = []

    def render(_template: str, context: dict[str, Any]) -> str:
        drawn.append(context["alike"][0])
        return engine(page=page).get_template("page").render(Context(context))

    monkeypatch.setattr(drawing, "render_to_string", render)
    first, second = uuid.uuid4(), uuid.uuid4()

    shown = [
        filled("page", ("<Open>",), pk=pk, query="?q=a&b", csrf_token=token)
        for pk, token in ((first, "one"), (second, "two"))
    ]

    for html, pk, token in ((shown[0], first, "one"), (shown[1], second, "two")):
        address = reverse("conversation", args=[pk])
        token_field = f'<input type="hidden" name="csrfmiddlewaretoken" value="{token}">'
        assert html == f"&lt;Open&gt; {address}?q=a&amp;b {token_field}"
    assert filled("page", ("Done",), pk=first, query="", csrf_token="three").startswith("Done /inbox/")
    assert drawn == ["<Open>", "Done"]
