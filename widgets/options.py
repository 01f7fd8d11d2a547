"""What an owner chooses for a widget beyond the contract's own fields: `Widget.config`, one place for every key.

OPTIONS says each option's kind, bounds and default. `checked` refuses a value that is none of its; a key that we do
not know is the caller's own and is kept (contract/api.md 8: `config` is an object, no more is said). `options_of`
gives all options, with the default where the owner chose nothing, which is what the widget and its pages read. Stored
is only what was chosen. All of it is public: visitors' browsers read it.
"""

import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Protocol

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from foundation.errors import Unprocessable
from foundation.text import is_clean


class Option(Protocol):
    @property
    def default(self) -> Any: ...

    def flaw(self, value: object) -> str | None:
        """What is wrong with a value, for people; None when it is good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    default: bool

    def flaw(self, value: object) -> str | None:
        return None if isinstance(value, bool) else _("true or false, please.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    values: tuple[str, ...]
    default: str

    def flaw(self, value: object) -> str | None:
        return None if value in self.values else _("One of %(values)s.") % {"values": ", ".join(self.values)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """A whole number from `least` to `most`."""

    least: int
    most: int
    default: int

    def flaw(self, value: object) -> str | None:
        if type(value) is int and self.least <= value <= self.most:
            return None
        return _("A whole number from %(least)d to %(most)d.") % {"least": self.least, "most": self.most}


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A text of at most `most` characters; one that is not empty fits `pattern`, or `advice` is given."""

    most: int
    default: str = ""
    pattern: str = ""
    advice: str | Promise = ""

    def flaw(self, value: object) -> str | None:
        if not isinstance(value, str) or len(value) > self.most or not is_clean(value):
            return _("A text of at most %(most)d characters.") % {"most": self.most}
        if value and self.pattern and not re.fullmatch(self.pattern, value):
            return str(self.advice)
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """A list of at most `most` times {"label", "kind"?, "required"?, "choices"?}; a text of one line, not required."""

    most: int

    @property
    def default(self) -> list[dict[str, Any]]:
        return []

    def flaw(self, value: object) -> str | None:
        if not isinstance(value, list) or len(value) > self.most:
            return _("A list of at most %(most)d questions.") % {"most": self.most}
        for number, question in enumerate(value, start=1):
            if flaw := _flaw_of(question):
                return _("Question %(number)d: %(flaw)s") % {"number": number, "flaw": flaw}
        return None


_QUESTION: Mapping[str, Option] = {
    "label": Words(most=80),
    "kind": Choice(values=("text", "lines", "choice"), default="text"),
    "required": Flag(default=False),
}
FEWEST_CHOICES, MOST_CHOICES = 2, 10
_CHOICE = Words(most=60)


def _flaw_of(question: object) -> str | None:
    if not isinstance(question, dict) or not {"label"} <= question.keys() <= {*_QUESTION, "choices"}:
        return _("label, kind, required and choices, please.")
    for name, option in _QUESTION.items():
        if name in question and (flaw := option.flaw(question[name])):
            return flaw
    choices = question.get("choices", [])
    if not question["label"].strip():
        return _("Say what is asked.")
    if not isinstance(choices, list) or any(_CHOICE.flaw(each) or not each.strip() for each in choices):
        return _("Choices are texts of at most %(most)d characters.") % {"most": _CHOICE.most}
    if question.get("kind") == "choice" and not FEWEST_CHOICES <= len(set(choices)) == len(choices) <= MOST_CHOICES:
        return _("%(least)d to %(most)d different choices, please.") % {
            "least": FEWEST_CHOICES,
            "most": MOST_CHOICES,
        }
    return None


MAX_QUESTIONS = 4
Group = Mapping[str, Option]

# Of an unknown key, so much is said back.
MAX_NAMED = 60

# A language as browsers name it ("de", "pt-BR"), or "" for the page's own.
_LANGUAGE = r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?"

OPTIONS: Mapping[str, Option | Group] = {
    # The loader's: what stands on the page.
    "theme": Choice(values=("auto", "light", "dark"), default="auto"),
    "position": Choice(values=("right", "left"), default="right"),
    "offset_x": Whole(least=0, most=300, default=20),
    "offset_y": Whole(least=0, most=300, default=20),
    "launcher": Choice(values=("icon", "text", "none"), default="icon"),
    "launcher_icon": Choice(values=("chat", "help", "mail"), default="chat"),
    "launcher_text": Words(most=40),
    "locale": Words(most=12, pattern=_LANGUAGE, advice=gettext_lazy("A language like de or pt-BR.")),
    "sound": Flag(default=True),
    # A bubble beside the launcher, `delay` seconds after the visitor came to a page whose path fits `page`
    # ("/pricing", "/shop/*"; "" for every page).
    "greeting": {
        "enabled": Flag(default=False),
        "text": Words(most=200),
        "delay": Whole(least=0, most=600, default=5),
        "page": Words(most=200, pattern=r"/\S*", advice=gettext_lazy("A path like /pricing or /shop/*.")),
    },
    # The frame's: what a stranger is asked before the first message, and what for.
    "prechat": {
        "enabled": Flag(default=False),
        "text": Words(most=300),
        "name": Choice(values=("off", "optional", "required"), default="optional"),
        "email": Choice(values=("off", "optional", "required"), default="required"),
        # What else; the answers go along with the first message.
        "questions": Questions(most=MAX_QUESTIONS),
    },
    # A new conversation outside the business hours begins with the visitor's address.
    "offline_form": Flag(default=False),
    "offline_text": Words(most=300),
    # At the end of a conversation.
    "rating": Flag(default=True),
    "transcript": Flag(default=True),
    # What is answered once the visitor has left, to the address that they gave.
    "mail_answers": Flag(default=True),
    # Only who the site has signed in (docs/widget.md, "Identity") may write.
    "verified_only": Flag(default=False),
}

DEFAULTS: Mapping[str, Any] = {
    name: {key: part.default for key, part in option.items()} if isinstance(option, Mapping) else option.default
    for name, option in OPTIONS.items()
}


def checked(config: object) -> dict[str, Any]:
    """What was chosen, as it may be stored. Raises Unprocessable, with the way to the value in its `loc`."""
    return _checked(config, OPTIONS, ())


def with_options(config: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """What is stored once single options change; all else in it stays.

    changes: by the names of `paths`; None and "" stand for the default, which is not stored.
    """
    stored = deepcopy(dict(config))
    for name, value in changes.items():
        *group, key = paths()[name]
        place = stored.setdefault(group[0], {}) if group else stored
        if value in (DEFAULTS[group[0]][key] if group else DEFAULTS[key], None, ""):
            place.pop(key, None)
        else:
            place[key] = value
    return {name: value for name, value in stored.items() if value != {} or name not in OPTIONS}


def paths() -> dict[str, tuple[str, ...]]:
    """Each single option as a form names it, and the way to it: {"greeting_delay": ("greeting", "delay")}."""
    ways: dict[str, tuple[str, ...]] = {}
    for name, option in OPTIONS.items():
        for way in [(name, key) for key in option] if isinstance(option, Mapping) else [(name,)]:
            ways["_".join(way)] = way
    return ways


def options_of(config: object) -> dict[str, Any]:
    """Every option. What is stored and no longer good (an option that is gone) counts as not chosen."""
    return _complete(config, OPTIONS)


def option_of(config: object, name: str) -> Any:
    """One of `options_of`, without the others."""
    return _complete(config, {name: OPTIONS[name]})[name]


def _checked(config: object, options: Mapping[str, Option | Group], path: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(config, dict):
        raise _refusal(_("An object, please."), path)
    for name, value in config.items():
        option = options.get(name)
        if option is None and not path:
            continue
        if option is None:
            raise _refusal(_("There is no such option."), (*path, str(name)[:MAX_NAMED]))
        if isinstance(option, Mapping):
            _checked(value, option, (*path, name))
        elif flaw := option.flaw(value):
            raise _refusal(flaw, (*path, name))
    return config


def _refusal(detail: str, path: tuple[str, ...]) -> Unprocessable:
    return Unprocessable(detail, field="config", path=path)


def _complete(config: object, options: Mapping[str, Option | Group]) -> dict[str, Any]:
    chosen = config if isinstance(config, dict) else {}
    complete: dict[str, Any] = {}
    for name, option in options.items():
        value = chosen.get(name)
        if isinstance(option, Mapping):
            complete[name] = _complete(value, option)
        else:
            complete[name] = option.default if name not in chosen or option.flaw(value) else value
    return complete
