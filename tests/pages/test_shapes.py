"""What people mean by signs around their words is shown; everything else is text."""

import pytest

from foundation.shapes import plain
from pingback.templatetags.look import linked


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("*Soon*, (_very_) `x = 1` **now**.", "<b>Soon</b>, (<i>very</i>) <code>x = 1</code> <b>now</b>."),
        ("*<b>*", "<b>&lt;b&gt;</b>"),
        ("*a* *b c*", "<b>a</b> <b>b c</b>"),
        *((same, same) for same in ("2*3*4", "snake_case_name", "__init__.py", "* item * item", "*.txt *.md")),
        ("*a\nb*", "*a\nb*"),
        ("*a " * 3000, "*a " * 3000),
    ],
)
def test_words_between_signs_that_stand_apart_are_bold_slanted_or_code(text: str, shown: str) -> None:
    assert linked(text) == shown


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("*Soon*, (_very_) `x = 1` **now**.", "Soon, (very) x = 1 now."),
        ("https://acme.example/_a_ *b*", "https://acme.example/_a_ b"),
        *((same, same) for same in ("2*3*4", "snake_case_name", "* item", "plain")),
    ],
)
def test_in_a_line_of_plain_words_the_signs_are_gone(text: str, words: str) -> None:
    assert plain(text) == words


def test_an_address_is_an_address_whatever_signs_it_holds() -> None:
    assert 'href="https://acme.example/a_b_c*d*"' in linked("see https://acme.example/a_b_c*d* _now_")
    assert "<i>now</i>" in linked("see https://acme.example/a_b_c*d* _now_")
