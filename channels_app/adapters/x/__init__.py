"""X: direct messages, and mentions as public threads. Wire: channels.md 6; X's API v2."""

from channels_app.adapters.x.adapter import XAdapter

__all__ = ["XAdapter"]
