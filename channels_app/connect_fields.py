"""How it is said what a channel needs to be connected (connect_forms.py), and how what somebody gave is read."""

from dataclasses import dataclass
from typing import Any, Literal

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from conversations.models import ChannelType
from foundation.errors import Invalid, Unprocessable
from foundation.text import is_clean

Kind = Literal["text", "secret", "email", "number", "checkbox"]
Value = str | int | bool
Words = str | Promise

_TRUE, _FALSE = {"true", "on", "1"}, {"false", "off", "0", ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Entries that belong together on the page. folded: out of sight until somebody needs them."""

    title: Words
    help: Words = ""
    folded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One entry of a channel's config.

    required: refused without it. needed: stored without it, and the channel stays incomplete until it is there.
    alias: another name that the contract gives the same thing. max_length: characters, or the largest number.
    group: None = what the page begins with.
    """

    name: str
    label: Words
    kind: Kind = "text"
    required: bool = False
    needed: bool = False
    alias: str = ""
    help: Words = ""
    max_length: int = 200
    default: Value | None = None
    group: Group | None = None

    @property
    def secret(self) -> bool:
        """Sealed in the row, and shown as its last characters."""
        return self.kind == "secret"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectForm:
    """before: what to do at the provider first, with the names of its menus."""

    type: ChannelType
    title: Words
    description: Words
    before: tuple[Words, ...] = ()
    fields: tuple[Field, ...] = ()

    @property
    def secrets(self) -> frozenset[str]:
        return frozenset(field.name for field in self.fields if field.secret)

    def clean(self, config: dict[str, Any]) -> dict[str, Value]:
        """The named entries of `config` with their types, defaults filled in; blanks and unknown names fall out.

        Raises Invalid (400, a required entry is missing), Unprocessable (422, an entry is not what it must be).
        """
        values: dict[str, Value] = {}
        for field in self.fields:
            value = _clean(field, _given(field, config))
            if value is None and field.required:
                raise Invalid(_("%(label)s (%(name)s) is missing.") % {"label": field.label, "name": field.name})
            if value is None:
                value = field.default
            if value is not None:
                values[field.name] = value
        return values

    def missing(self, names: set[str]) -> list[Field]:
        """What is still needed before anything can be sent, given the names that are there."""
        return [field for field in self.fields if (field.needed or field.required) and field.name not in names]


def _given(field: Field, config: dict[str, Any]) -> Any:
    value = config.get(field.name)
    return config.get(field.alias) if value in (None, "") and field.alias else value


def _clean(field: Field, value: Any) -> Value | None:
    """The value with its type, None when there is none. Texts from forms count for numbers and switches."""
    if value is None:
        return None
    if field.kind == "checkbox":
        return _switch(field, value)
    if field.kind == "number":
        return _number(field, value)
    if not isinstance(value, str):
        raise _flaw(field, _("Write a text."), "invalid")
    text = value.strip()
    if len(text) > field.max_length:
        raise _flaw(field, _("At most %(most)d characters.") % {"most": field.max_length}, "max_length")
    if not is_clean(text):
        raise _flaw(field, _("The text holds a character that cannot be stored."), "value_error")
    if text and field.kind == "email" and not _looks_like_an_address(text):
        raise _flaw(field, _("Write an e-mail address."), "invalid")
    return text or None


def _switch(field: Field, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _TRUE | _FALSE:
        return value.lower() in _TRUE
    raise _flaw(field, _("Say true or false."), "invalid")


def _number(field: Field, value: Any) -> int | None:
    if value == "":
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= field.max_length:
        raise _flaw(field, _("Write a whole number up to %(most)d.") % {"most": field.max_length}, "invalid")
    return value


def _looks_like_an_address(text: str) -> bool:
    name, at, host = text.rpartition("@")
    return bool(name and at and host) and not any(character.isspace() for character in text)


def _flaw(field: Field, detail: str, kind: str) -> Unprocessable:
    flaw = Unprocessable(detail, field="config", kind=kind)
    flaw.loc.append(field.name)
    return flaw
