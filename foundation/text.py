"""Bounds of what people may send, checked before it goes anywhere near a row."""

MAX_DEPTH = 32

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


class Clean(str):
    """HTML that passed an allowlist: templates print it as it is."""

    def __html__(self) -> str:
        return self


def is_clean(text: str) -> bool:
    """No NUL (PostgreSQL refuses it) and no lone surrogate (not UTF-8)."""
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False


def storable(text: str) -> str:
    """What `is_clean` of it."""
    return text.replace("\0", "").encode(errors="replace").decode()


def flaw_of(value: object, *, depth: int = 0) -> str | None:
    """What is wrong with a JSON value anywhere inside it, or None.

    Strings and keys must be clean, and nothing nests deeper than MAX_DEPTH.
    """
    if isinstance(value, dict):
        parts = [*value.keys(), *value.values()]
    elif isinstance(value, list):
        parts = value
    else:
        parts, depth = [value], depth - 1
    if parts and depth >= MAX_DEPTH:
        return f"Nested deeper than {MAX_DEPTH} levels."
    if not is_clean("".join([part for part in parts if isinstance(part, str)])):
        return "A text holds a character that cannot be stored."
    inner = [part for part in parts if isinstance(part, dict | list)]
    return next((flaw for part in inner if (flaw := flaw_of(part, depth=depth + 1))), None)
