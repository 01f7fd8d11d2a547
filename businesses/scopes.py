"""What an API token may do: the one table, asked by the one permission class (businesses/api/permissions.py).

A scope is `read` or `write` for everything, or `<resource>:read` or `<resource>:write`. Reading and writing are apart:
a program that only drops messages off need not see any. The role of whoever made the token limits it further.
"""

from collections.abc import Collection, Iterable

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from foundation.errors import Unprocessable

READ, WRITE = "read", "write"
# Who am I, and where: open to every token.
ME = "me"


class Resource(models.TextChoices):
    """What a view declares as its `resource`; a view that declares none is closed to API tokens."""

    CONVERSATIONS = "conversations", lazy("Conversations and messages")
    CHANNELS = "channels", lazy("Channels")
    WIDGET = "widget", lazy("Widgets")
    KNOWLEDGE = "knowledge", lazy("Knowledge")
    TEAM = "team", lazy("Team")
    ANALYTICS = "analytics", lazy("Reports")


# Nothing is changed in reports.
SCOPES = [
    READ,
    WRITE,
    *(
        f"{resource}:{verb}"
        for resource in Resource.values
        for verb in (READ, WRITE)
        if (resource, verb) != (Resource.ANALYTICS, WRITE)
    ),
]


def needed(resource: str | None, *, is_safe: bool) -> str | None:
    """The scope that opens it; None = closed to every token, as what changes the person is."""
    if resource is None or (resource == ME and not is_safe):
        return None
    return f"{resource}:{READ if is_safe else WRITE}"


def grants(scopes: Collection[str], scope: str) -> bool:
    """Whether a token with these scopes may do what needs that one."""
    resource, _colon, verb = scope.partition(":")
    return scope in scopes or verb in scopes or (resource == ME and verb == READ)


def checked(scopes: Iterable[str]) -> list[str]:
    """Known ones, each once, in the table's order. Raises Unprocessable."""
    wanted = set(scopes)
    if not wanted:
        raise Unprocessable(_("Choose at least one thing that the token may do."), field="scopes")
    if wanted - set(SCOPES):
        raise Unprocessable(_("There is no such scope."), field="scopes", kind="unknown_scope")
    return [scope for scope in SCOPES if scope in wanted]
