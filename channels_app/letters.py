"""What a mail is beside its words, kept with its message."""

from dataclasses import asdict

from channels_app.adapters.email.headers import topic_of
from channels_app.adapters.events import Letter
from conversations.models import MailOriginal, Message
from foundation.text import storable


def keep(message: Message, letter: Letter) -> None:
    """Its subject only when it is news in the conversation."""
    mail = MailOriginal(message=message, **{name: storable(text).strip() for name, text in asdict(letter).items()})
    before = MailOriginal.objects.filter(message__conversation=message.conversation_id).exclude(subject="")
    last = before.order_by("-message__seq").values_list("subject", flat=True).first()
    if last is not None and topic_of(last) == topic_of(mail.subject):
        mail.subject = ""
    mail.save(force_insert=True)
