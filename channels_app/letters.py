"""What a mail is beside its words, kept with its message."""

import re
from dataclasses import asdict

from channels_app.adapters.events import Letter
from conversations.models import MailOriginal, Message
from foundation.text import storable

# Of answers and forwarded mails, in some languages.
_SUBJECT_MARKS = re.compile(r"^(?:\s*(?:re|aw|antw|sv|fw|fwd|wg|tr|rv)\s*:\s*)+", re.I)


def keep(message: Message, letter: Letter) -> None:
    """Its subject only when it is news in the conversation."""
    mail = MailOriginal(message=message, **{name: storable(text).strip() for name, text in asdict(letter).items()})
    before = MailOriginal.objects.filter(message__conversation=message.conversation_id).exclude(subject="")
    last = before.order_by("-message__seq").values_list("subject", flat=True).first()
    if last is not None and _SUBJECT_MARKS.sub("", last) == _SUBJECT_MARKS.sub("", mail.subject):
        mail.subject = ""
    mail.save(force_insert=True)
