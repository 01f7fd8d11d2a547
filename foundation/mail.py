"""Mails of ours: one template folder a mail, with text and HTML, through Django's mail framework (EMAIL_URL)."""

import logging
from email.utils import formataddr, parseaddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template import Context
from django.template.loader import get_template

from foundation.later import later

log = logging.getLogger("pingback.mail")


def is_on() -> bool:
    """Whether mails leave the house; without EMAIL_URL they are printed to the console."""
    return not settings.EMAIL_BACKEND.endswith(".console.EmailBackend")


def send_mail(
    template: str, *, to: str, sender: str = "", headers: dict[str, str] | None = None, **context: Any
) -> None:
    """Send after the commit, beside the request: nobody waits for a mail server, and one that is away is logged.

    template: `accounts/mail/reset` = that folder's `subject.txt`, `body.txt` and `body.html`.
    sender: the name that it comes from, at our address; "" for ours (EMAIL_FROM).
    """
    mail = _composed(template, to=to, headers=headers, context=context)
    if sender:
        mail.from_email = formataddr((" ".join(sender.split()), parseaddr(settings.DEFAULT_FROM_EMAIL)[1]))

    def deliver() -> None:
        try:
            mail.send()
        except OSError:  # smtplib's errors are OSErrors
            log.exception("A mail was not sent: %s", template)

    transaction.on_commit(lambda: later(deliver), robust=True)


def send_now(template: str, *, to: str, headers: dict[str, str] | None = None, **context: Any) -> None:
    """Likewise, for a worker, which waits for the mail server. Raises OSError: it was not taken."""
    _composed(template, to=to, headers=headers, context=context).send()


def _composed(
    template: str, *, to: str, headers: dict[str, str] | None, context: dict[str, Any]
) -> EmailMultiAlternatives:
    context = {"site": settings.PUBLIC_BASE_URL, **context}
    mail = EmailMultiAlternatives(
        subject=" ".join(_text(f"{template}/subject.txt", context).split()),
        body=_text(f"{template}/body.txt", context),
        to=[to],
        headers=headers,
    )
    mail.attach_alternative(get_template(f"{template}/body.html").render(context), "text/html")
    return mail


def _text(name: str, context: dict[str, Any]) -> str:
    """Plain text is not HTML: an ampersand in a name stays one."""
    return str(get_template(name).template.render(Context(context, autoescape=False)))  # type: ignore[attr-defined]
