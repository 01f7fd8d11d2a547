"""WhatsApp's Cloud API. Source: channels.md 3."""

from channels_app.adapters.whatsapp.adapter import WhatsAppAdapter

__all__ = ["WhatsAppAdapter"]
