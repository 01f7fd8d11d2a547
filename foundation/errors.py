"""What a caller can get wrong, said once for the API, the sockets and the pages.

Services raise these; `status` is the HTTP answer (promises: bad input), `code` the word of a socket's
refusal, and `detail` a sentence that people may read.
"""

from collections.abc import Sequence
from typing import Any


class Refused(Exception):
    status = 400
    code = "invalid"
    # A word for programs beside the sentence, where the status does not say enough.
    error = ""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class Invalid(Refused):
    """A rule of the domain says no."""


class Unprocessable(Refused):
    """A field of the body or query is not what it must be."""

    status = 422

    def __init__(
        self, detail: str, *, field: str, path: Sequence[str] = (), source: str = "body", kind: str = "value_error"
    ) -> None:
        """path: the way to the value inside the field, when that is an object."""
        super().__init__(detail)
        self.loc = [source, field, *path]
        self.kind = kind


class KeyReused(Unprocessable):
    """An idempotency key came back with another request."""

    def __init__(self) -> None:
        super().__init__(
            "This key was already used for another request.",
            field="Idempotency-Key",
            source="header",
            kind="idempotency_key_reused",
        )


class NotSignedIn(Refused):
    """We do not know who this is."""

    status = 401
    code = "forbidden"


class Forbidden(Refused):
    status = 403
    code = "forbidden"


class NotFound(Refused):
    """Unknown, or of somebody else: both look alike."""

    status = 404
    code = "not_found"

    def __init__(self, detail: str = "Not found") -> None:
        super().__init__(detail)


class Conflict(Refused):
    """Somebody else was first."""

    status = 409
    code = "conflict"


class Stale(Conflict):
    """Something came in the meantime that the caller has not seen. news: how it looks to the caller."""

    code = "stale"
    error = "stale"

    def __init__(self, detail: str, *, news: list[dict[str, Any]]) -> None:
        super().__init__(detail)
        self.news = news


class TooBig(Refused):
    status = 413
    code = "too_large"


class UnsupportedType(Refused):
    """A file of a kind that is not taken."""

    status = 415


class Unavailable(Refused):
    """Somebody whom we need does not answer."""

    status = 503
    code = "busy"


class TooFast(Refused):
    status = 429
    code = "rate_limited"

    def __init__(self, detail: str, *, retry_after: int) -> None:
        """retry_after: whole seconds to wait."""
        super().__init__(detail)
        self.retry_after = retry_after


class PlanLimit(Refused):
    """The plan does not allow it; `body` is the contract's answer, word for word."""

    status = 402
    code = "plan_limit"

    def __init__(self, body: dict[str, Any], *, status: int = 402) -> None:
        super().__init__(body["message"])
        self.body = body
        self.status = status
