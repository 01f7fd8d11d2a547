"""Who is asked for in the words of a note: whole names behind an @."""

import re
from collections.abc import Iterable


def pattern_of(names: Iterable[str]) -> re.Pattern[str]:
    """Finds an @ with one of these names and nothing grown onto either end. names: at least one, none of them blank."""
    # The longest first: one name may begin with another.
    asked = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return re.compile(rf"(?<!\w)(@(?:{asked}))(?!\w)", re.IGNORECASE)
