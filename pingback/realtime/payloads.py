"""What clients send, checked strictly: a dict of the fields we know, each of its type; others are ignored."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from foundation.errors import Invalid
from foundation.ids import parse_id
from foundation.text import flaw_of

MAX_SEQ = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Fields:
    """Reads named fields of one payload. Each reader raises Invalid, naming the field and never the value."""

    values: dict[str, Any]

    @classmethod
    def of(cls, arguments: tuple[Any, ...]) -> "Fields":
        if len(arguments) != 1 or not isinstance(arguments[0], dict):
            raise Invalid(_("Send one object."))
        if flaw := flaw_of(arguments[0]):
            raise Invalid(flaw)
        return cls(arguments[0])

    def id(self, name: str) -> UUID:
        found = parse_id(self.values.get(name))
        if found is None:
            raise Invalid(_("%(field)s: a UUID, please.") % {"field": name})
        return found

    def optional_id(self, name: str) -> UUID | None:
        return None if self.values.get(name) is None else self.id(name)

    def text(self, name: str) -> str:
        return str(self._typed(name, str))

    def optional_text(self, name: str) -> str | None:
        return None if self.values.get(name) is None else self.text(name)

    def flag(self, name: str) -> bool:
        return bool(self._typed(name, bool))

    def optional_flag(self, name: str) -> bool:
        return False if self.values.get(name) is None else self.flag(name)

    def number(self, name: str) -> int:
        """A whole number from 0 on."""
        value = self.values.get(name)
        if type(value) is not int or not 0 <= value <= MAX_SEQ:
            raise Invalid(_("%(field)s: a whole number from 0 on, please.") % {"field": name})
        return value

    def optional_number(self, name: str) -> int | None:
        return None if self.values.get(name) is None else self.number(name)

    def optional_object(self, name: str) -> dict[str, Any]:
        return {} if self.values.get(name) is None else dict(self._typed(name, dict))

    def optional_list(self, name: str) -> list[Any]:
        return [] if self.values.get(name) is None else list(self._typed(name, list))

    def _typed(self, name: str, kind: type) -> Any:
        value = self.values.get(name)
        if not isinstance(value, kind):
            raise Invalid(_("%(field)s is missing or not of its type.") % {"field": name})
        return value
