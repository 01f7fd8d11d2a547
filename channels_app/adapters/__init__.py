"""The types of channel that can send and take in, one line each. A type that is not here is stored, and says so."""

from channels_app.adapters import email, sms, x
from channels_app.adapters.base import ChannelAdapter
from channels_app.adapters.instagram import InstagramAdapter
from channels_app.adapters.telegram import TelegramAdapter
from channels_app.adapters.whatsapp import WhatsAppAdapter
from conversations.models import ChannelType

ADAPTERS: dict[ChannelType, type[ChannelAdapter]] = {
    ChannelType.EMAIL: email.EmailAdapter,
    ChannelType.SMS: sms.SmsAdapter,
    ChannelType.X: x.XAdapter,
    ChannelType.TELEGRAM: TelegramAdapter,
    ChannelType.WHATSAPP: WhatsAppAdapter,
    ChannelType.INSTAGRAM: InstagramAdapter,
}
