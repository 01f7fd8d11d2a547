"""E-mail: reading what arrives, sending what goes out. Source: channels.md 8; RFC 5322, 2045, 3464, 3834."""

from channels_app.adapters.email.adapter import EmailAdapter

__all__ = ["EmailAdapter"]
