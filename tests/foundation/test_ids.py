"""Primary keys."""

from foundation.ids import new_id


def test_ids_are_version_7_differ_and_are_in_the_order_they_were_made() -> None:
    made = [new_id() for _number in range(2_000)]

    assert {each.version for each in made} == {7}
    assert len(set(made)) == len(made)
    # By all but their dice, of which two within a quarter of a microsecond would differ.
    assert made == sorted(made, key=lambda each: each.int >> 64)
