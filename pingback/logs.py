"""Log lines: one line each, without control characters, and without what looks like a secret."""

import logging
import re
import traceback
from typing import Any

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_SECRET = re.compile(
    r"""(?ix)
    (\b[\w-]*(?:password|passwd|secret|token|api_key|apikey|authorization|cookie|visitor_key)\b["']?\s*[:=]\s*)
    (?:bearer\s+)?["']?[^\s"',;&}]+
    """
)
_TOKEN = re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]+|\bv1\.[\w-]{40,}\.[\w-]+|\bpbt_\w+|\bbot\d+:[\w-]{20,}")
# What lies behind a mailed link opens an account, so the address that a request failed at is cut short.
_LINK = re.compile(r"(/(?:password/reset|verify-email|invitation)/)[\w-]+")


class Masked(logging.Filter):
    """Masks values behind keys named like secrets, our tokens and visitor keys, and tokens in addresses."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        masked = masked_text(text)
        if masked != text:
            record.msg, record.args = masked, ()
        return True


class OneLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """The message on one line; only a traceback, which is our own text, keeps its lines."""
        record.msg, record.args = _CONTROL.sub(" ", record.getMessage()), ()
        return masked_text(super().format(record))

    def formatException(self, ei: Any) -> str:
        """The frames, which are our own text, and the exception's words on one line: they may be somebody's."""
        kind, error, trace = ei
        return "".join(traceback.format_tb(trace)) + f"{kind.__name__}: {_CONTROL.sub(' ', str(error))}"


def masked_text(text: str) -> str:
    return _LINK.sub(r"\1***", _TOKEN.sub("***", _SECRET.sub(r"\1***", text)))
