"""A conversation by e-mail, to the visitor who had it and to nobody else.

The address is the one that the customer is known by. While that is only a claim, the visitor may name it here; what was
proven stays. So that nobody writes to strangers through us, a mail goes out only once the team has answered, a few an
hour for a visitor, and a few a day to an address, whoever asks. Source: promises 4 and 7.
"""

from zoneinfo import ZoneInfo, available_timezones

from django.db import transaction
from django.utils.translation import gettext as _

from conversations.models import Conversation, Customer, Message
from conversations.selectors import messages_before
from foundation import mail, throttles
from foundation.errors import Invalid, Unprocessable
from widgets.claims import checked_claims, note_claims
from widgets.languages import Language
from widgets.links import language_for, look_of, site_of
from widgets.models import Visitor

# The newest of a long conversation.
MOST = 200


def send_transcript(*, visitor: Visitor, conversation: Conversation, email: str, time_zone: str = "") -> str:
    """Mail the conversation; returns the address that it goes to.

    email: "" for the one that is known. time_zone: the reader's; what is none counts as the workspace's.
    Raises Invalid (nobody has answered, or no mails leave this installation), Unprocessable (no address, or another
    than the proven one), TooFast.
    """
    if not mail.is_on():
        raise Invalid(_("No mails are sent from here."))
    if conversation.first_response_at is None:
        raise Invalid(_("Nobody has answered yet."))
    address = _address(visitor.customer, email)
    throttles.count("TRANSCRIPT", visitor.pk)
    throttles.count("TRANSCRIPT_ADDRESS", address.lower())
    zone = time_zone if time_zone in available_timezones() else conversation.business.time_zone
    with transaction.atomic():
        if address != visitor.customer.email:
            note_claims(visitor.customer, {"email": address})
        language = language_for(visitor)
        mail.send_mail(
            "widgets/mail/transcript",
            to=address,
            **look_of(visitor),
            spoken=language,
            says=language.written(business=conversation.business.name, zone=zone, site=site_of(visitor)),
            lines=[
                line_of(message, zone, language)
                for message in messages_before(conversation, None, limit=MOST)
                if not message.deleted_at
            ],
        )
    return address


def _address(customer: Customer, email: str) -> str:
    named = checked_claims({"email": email}).get("email", "")
    proven = customer.email if customer.verified else ""
    if proven and named and named.lower() != proven.lower():
        raise Unprocessable(_("Your account has another address."), field="email")
    address = proven or named or customer.email
    if not address:
        raise Unprocessable(_("Write the address that it is sent to."), field="email")
    return address


def line_of(message: Message, zone: str, language: Language) -> dict[str, str]:
    """A message as a mail shows it."""
    files = ", ".join(file["filename"] for file in message.attachments)
    return {
        "who": message.author_name or language.mail["you"],
        "when": f"{message.created_at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}",
        "content": message.content,
        "files": language.written(files=files)["files"] if files else "",
    }
