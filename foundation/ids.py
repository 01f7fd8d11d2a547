"""Primary keys: UUID version 7, so that rows written together lie together, and in the order they were made."""

import os
import time
import uuid
from datetime import datetime


def new_id() -> uuid.UUID:
    """A UUIDv7: 48 bits of Unix milliseconds, 12 bits of what is beyond them, then 62 random bits.

    Source: RFC 9562, sections 5.7 and 6.2, method 3. Python has it from 3.14 on.
    """
    milliseconds, beyond = divmod(time.time_ns(), 1_000_000)
    random = int.from_bytes(os.urandom(8), "big")
    value = (milliseconds & (1 << 48) - 1) << 80 | 0x7 << 76 | (beyond << 12) // 1_000_000 << 64 | random
    value = value & ~(0x3 << 62) | 0x2 << 62
    return uuid.UUID(int=value)


def least_id(at: datetime) -> uuid.UUID:
    """Below every id that was made since then."""
    return uuid.UUID(int=int(at.timestamp() * 1000) << 80)


def parse_id(text: object) -> uuid.UUID | None:
    """The UUID that a caller wrote in its canonical form, or None."""
    if not isinstance(text, str) or len(text) != 36:
        return None
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
