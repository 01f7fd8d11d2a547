"""The only place that reads the environment, over django-environ. It refuses what it does not understand."""

import os
import secrets
from collections.abc import Collection
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

_env = environ.Env()
# Theo's matrices are small: threads of numpy's own only wait for each other. It looks at this when it is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def env_str(name: str, default: str = "") -> str:
    return str(_env.str(name, default=default))


def env_bool(name: str, default: bool) -> bool:
    text = env_str(name, str(default)).strip().lower()
    if text not in {"true", "1", "on", "yes", "false", "0", "off", "no"}:
        raise ImproperlyConfigured(f"{name}={text!r} is neither true nor false.")
    return text in {"true", "1", "on", "yes"}


def env_int(name: str, default: int, *, minimum: int = 0) -> int:
    text = env_str(name, str(default))
    if not text.isascii() or not text.isdigit() or int(text) < minimum:
        raise ImproperlyConfigured(f"{name}={text!r} is not a whole number from {minimum}.")
    return int(text)


def env_choice(name: str, default: str, choices: Collection[str]) -> str:
    text = env_str(name, default)
    if text not in choices:
        raise ImproperlyConfigured(f"{name}={text!r} is none of {', '.join(choices)}.")
    return text


def env_rate(name: str, default: str) -> tuple[int, int]:
    """`most/seconds`, like 10/900; `0` = no limit, as (0, 0)."""
    text = env_str(name, default)
    most, _slash, seconds = ("0", "/", "0") if text == "0" else text.partition("/")
    if not all(part.isascii() and part.isdigit() for part in (most, seconds)) or (int(most) and not int(seconds)):
        raise ImproperlyConfigured(f"{name}={text!r} is not like 10/900 (most/seconds), or 0 for no limit.")
    return int(most), int(seconds)


def env_list(name: str, default: tuple[str, ...] = ()) -> list[str]:
    """Comma-separated; blanks fall out."""
    text = env_str(name)
    return [part.strip() for part in text.split(",") if part.strip()] if text else list(default)


def env_database(name: str, *, default: str) -> dict[str, object]:
    return dict(_env.db_url_config(env_str(name) or default))


def env_email(name: str, *, default: str) -> dict[str, object]:
    return dict(_env.email_url_config(env_str(name) or default))


def env_secret(name: str, folder: Path) -> str:
    """The variable NAME, or the file that NAME_FILE names, or a random key made once in `folder` (0600)."""
    if given := env_str(name):
        return given
    path = Path(env_str(f"{name}_FILE") or folder / name.lower())
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        return _make_secret(path)


def _make_secret(path: Path) -> str:
    """Two processes may start at once: the link decides whose key counts, and it appears whole."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(secrets.token_urlsafe(48))
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text().strip()
