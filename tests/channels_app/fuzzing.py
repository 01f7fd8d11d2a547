"""Every adapter's door and parser, with what atheris makes of real payloads: nothing escapes but a refusal, and what
comes out can be stored.

    python -m tests.channels_app.fuzzing CORPUS -runs=100000

and libFuzzer's other options. The first byte of an input picks the adapter, the second how its body is called.
"""

import json
import os
import random
import sys
from contextlib import suppress
from dataclasses import fields, is_dataclass
from typing import Any

import atheris

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pingback.settings")
with atheris.instrument_imports(include=["channels_app.adapters"]):
    import django

    django.setup()
    from channels_app.adapters import ADAPTERS
    from channels_app.adapters.events import Incoming
    from channels_app.models import Channel

from django.core.exceptions import SuspiciousOperation

from foundation.text import is_clean
from tests.channels_app.seeds import KINDS, TYPES

SECRETS = dict.fromkeys(("api_secret", "app_secret", "auth_token", "inbound_secret"), "x")
# Of what is shown, `intake` takes out what cannot be stored; the rest are keys.
SHOWN = {"text", "letter", "media", "name", "handle", "filename", "reason", "emoji"}


# What stands in the place of something else.
ODD: list[Any] = [None, True, -1, 2**70, 1e300, "", "9" * 400, "\0", "\ud800", "<a@b>", [], {}, [[]], [{}], {"id": {}}]


def mutate(data: bytes, max_size: int, seed: int) -> bytes:
    """Bytes as libFuzzer does it; of JSON mostly what it says, so that it gets past the first brace."""
    chance = random.Random(seed)
    with suppress(ValueError, RecursionError):
        if chance.random() < 0.9:
            told = json.loads(data[2:])
            for _time in range(chance.randint(1, 3)):
                told = changed(told, chance)
            if len(made := data[:2] + json.dumps(told).encode()) <= max_size:
                return made
    return bytes(atheris.Mutate(data, max_size))


def changed(told: Any, chance: random.Random) -> Any:
    if isinstance(told, dict | list) and told and chance.random() < 0.85:
        key = chance.choice(list(told) if isinstance(told, dict) else range(len(told)))
        told[key] = changed(told[key], chance)
        return told
    return chance.choice(ODD)


def take(data: bytes) -> None:
    if len(data) < 2:
        return
    type = TYPES[data[0] % len(TYPES)]
    headers = {"content-type": KINDS[data[1] % len(KINDS)]}
    incoming = Incoming(method="POST", url="https://desk.example/", headers=headers, query={}, body=data[2:])
    adapter = ADAPTERS[type](Channel(type=type, config={"address": "help@acme.example"}), SECRETS)
    try:
        items = adapter.route(incoming)
    except SuspiciousOperation:
        return
    with suppress(SuspiciousOperation):
        adapter.verify(incoming)
    for item in items:
        events = adapter.parse(item.payload)
        check((item.dedup_key, item.account, list(events)))


def check(value: Any) -> None:
    """Every key, however deep, can go into a row and be looked up there."""
    if isinstance(value, str):
        assert is_clean(value), value
    elif isinstance(value, list | tuple):
        for each in value:
            check(each)
    elif is_dataclass(value):
        for field in fields(value):
            if field.name not in SHOWN:
                check(getattr(value, field.name))


if __name__ == "__main__":
    atheris.Setup(sys.argv, take, custom_mutator=mutate)
    atheris.Fuzz()
