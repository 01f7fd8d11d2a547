from typing import Any

import pytest

from foundation.sealed import CannotUnseal, has_its_key, seal, unseal

OLD, NEW = "o" * 40, "n" * 40
PLACE = "channel:acme:telegram:bot_token"


def test_what_was_sealed_opens_in_its_place() -> None:
    assert unseal(seal("1234:tidewater ünïcode", context=PLACE), context=PLACE) == "1234:tidewater ünïcode"


def test_the_sealed_text_shows_nothing_and_never_repeats() -> None:
    first, second = seal("tidewater", context=PLACE), seal("tidewater", context=PLACE)

    assert "tidewater" not in first
    assert first != second


def test_i4_a_sealed_text_does_not_open_in_another_place() -> None:
    with pytest.raises(CannotUnseal):
        unseal(seal("tidewater", context=PLACE), context=PLACE.replace("acme", "umbrella"))


@pytest.mark.parametrize(
    "broken",
    [
        lambda sealed: "",
        lambda sealed: "tidewater",
        lambda sealed: sealed.replace("v1.", "v2."),
        lambda sealed: sealed[:-8],
        lambda sealed: sealed + "AAAA",
        lambda sealed: sealed[:-6] + ("A" if sealed[-6] != "A" else "B") + sealed[-5:],
        lambda sealed: sealed[:12] + "%%%",
        lambda sealed: sealed[:12],
    ],
)
def test_what_was_changed_does_not_open(broken: Any) -> None:
    with pytest.raises(CannotUnseal):
        unseal(broken(seal("tidewater", context=PLACE)), context=PLACE)


def test_an_old_key_still_opens_and_the_new_one_seals(settings: Any) -> None:
    settings.FIELD_KEYS = [OLD]
    before = seal("tidewater", context=PLACE)
    settings.FIELD_KEYS = [NEW, OLD]
    after = seal("tidewater", context=PLACE)

    assert unseal(before, context=PLACE) == unseal(after, context=PLACE) == "tidewater"
    settings.FIELD_KEYS = [NEW]
    assert (has_its_key(before), has_its_key(after)) == (False, True)
    with pytest.raises(CannotUnseal):
        unseal(before, context=PLACE)


def test_a_refusal_says_nothing_of_the_secret() -> None:
    with pytest.raises(CannotUnseal) as caught:
        unseal(seal("tidewater", context=PLACE), context="elsewhere")

    assert "tidewater" not in repr(caught.value) + repr(caught.value.__cause__)
