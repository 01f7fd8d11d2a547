"""Message templates as Meta lists them, and as they are sent. Source: channels.md 3.7; Meta's message templates."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from channels_app.adapters.json import dicts, inner, list_of, text_of

_BLANK = re.compile(r"\{\{\s*(\w+)\s*\}\}")


def template_of(found: Mapping[str, Any]) -> dict[str, Any] | None:
    """None unless it is approved. body: all of its words, with {{1}}, {{2}}... for its blanks in their order. slots:
    where each is and what Meta calls it. refused: why it cannot be sent from here; "" = it can."""
    parts = {text_of(part, "type").upper(): part for part in dicts(found.get("components"))}
    if found.get("status") != "APPROVED" or not text_of(parts.get("BODY", {}), "text"):
        return None
    slots: list[dict[str, str]] = []

    def numbered(name: str) -> str:
        text = text_of(parts.get(name, {}), "text")
        for blank in dict.fromkeys(_BLANK.findall(text)):
            slots.append({"part": name.lower(), "name": blank, "example": _example(parts[name], name, blank)})
        own = [slot["name"] if slot["part"] == name.lower() else "" for slot in slots]
        return _BLANK.sub(lambda blank: f"{{{{{own.index(blank[1]) + 1}}}}}", text)

    words = [numbered(name) for name in ("HEADER", "BODY", "FOOTER")]
    return {
        "name": str(found.get("name")),
        "language": str(found.get("language")),
        "body": "\n\n".join(filter(None, words)),
        "blanks": len(slots),
        "slots": slots,
        "buttons": [text_of(each, "text") for each in dicts(parts.get("BUTTONS", {}).get("buttons"))],
        "refused": _refused(found, parts),
    }


def components_of(template: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Of one that is filled. Those that were queued before slots were kept have blanks in their body alone."""
    blanks = [str(text) for text in list_of(template.get("blanks"))]
    slots = dicts(template.get("slots")) or [{"part": "body", "name": str(n + 1)} for n in range(len(blanks))]
    filled: dict[str, list[dict[str, str]]] = {}
    for slot, text in zip(slots, blanks, strict=False):
        named = {} if slot["name"].isdigit() else {"parameter_name": slot["name"]}
        filled.setdefault(slot["part"], []).append({"type": "text", **named, "text": text})
    return [{"type": part, "parameters": parameters} for part, parameters in filled.items()]


def _refused(found: Mapping[str, Any], parts: Mapping[str, Mapping[str, Any]]) -> str:
    head = text_of(parts.get("HEADER", {}), "format").upper()
    heads = {"IMAGE": _("a picture"), "VIDEO": _("a video"), "DOCUMENT": _("a document"), "LOCATION": _("a place")}
    if head not in {"", "TEXT"}:
        return _("It begins with %(what)s, which PingBack cannot send along.") % {"what": heads.get(head, head.lower())}
    if found.get("category") == "AUTHENTICATION":
        return _("It brings a code for signing in, which PingBack has none of.")
    buttons = dicts(parts.get("BUTTONS", {}).get("buttons"))
    if any(_BLANK.search(text_of(each, "url")) for each in buttons):
        return _("One of its buttons needs an address of its own for each customer, which PingBack cannot fill in.")
    if any(text_of(each, "type").upper() in {"COPY_CODE", "OTP", "FLOW", "CATALOG", "MPM"} for each in buttons):
        return _("It has a kind of button that PingBack cannot send.")
    if others := parts.keys() - {"HEADER", "BODY", "FOOTER", "BUTTONS"}:
        return _("It has a part that PingBack cannot send: %(what)s.") % {"what": ", ".join(sorted(others)).lower()}
    return ""


def _example(part: Mapping[str, Any], name: str, blank: str) -> str:
    """What Meta was told that could stand there."""
    given = inner(part, "example")
    for each in dicts(given.get(f"{name.lower()}_text_named_params")):
        if each.get("param_name") == blank:
            return text_of(each, "example")
    texts: Sequence[Any] = list_of(given.get(f"{name.lower()}_text"))
    row = list_of(texts[0]) if texts and isinstance(texts[0], list) else texts
    at = int(blank) - 1 if blank.isascii() and blank.isdigit() and len(blank) < 4 else -1
    return str(row[at]) if 0 <= at < len(row) else ""
