"""Mails of ours: one template folder a mail, with text and HTML, through Django's mail framework (EMAIL_URL)."""

import logging
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string

log = logging.getLogger("pingback.mail")


def send_mail(template: str, *, to: str, **context: Any) -> None:
    """Send after the commit; a mail server that is away is logged, and takes nothing back.

    template: `accounts/mail/reset` = that folder's `subject.txt`, `body.txt` and `body.html`.
    """
    context = {"site": settings.PUBLIC_BASE_URL, **context}
    mail = EmailMultiAlternatives(
        subject=" ".join(render_to_string(f"{template}/subject.txt", context).split()),
        body=render_to_string(f"{template}/body.txt", context),
        to=[to],
    )
    mail.attach_alternative(render_to_string(f"{template}/body.html", context), "text/html")

    def deliver() -> None:
        try:
            mail.send()
        except OSError:  # smtplib's errors are OSErrors
            log.exception("A mail was not sent: %s", template)

    transaction.on_commit(deliver, robust=True)
