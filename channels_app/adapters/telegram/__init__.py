"""Telegram's Bot API. Source: channels.md 5."""

from channels_app.adapters.telegram.adapter import TelegramAdapter

__all__ = ["TelegramAdapter"]
