"""What a person has to do, so that mail comes in."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from channels_app.adapters.base import SetupStep


def steps(callback_url: str, *, has_mailbox: bool, signs: bool) -> Sequence[SetupStep]:
    """callback_url: where a mail service posts, "" where none can. signs: answers come to help+7k2x@."""
    in_the_end = [SetupStep(text=_about_signs())] if signs else []
    in_the_end.append(SetupStep(text=_about_the_domain()))
    if not callback_url:
        text = _("Enter the server of your mailbox, or choose a secret so that your mail service can post to us.")
        return in_the_end if has_mailbox else [SetupStep(text=text)]
    post = _("Let your mail service post incoming mail to this address; below is where each takes it.")
    return [
        SetupStep(text=post, value=callback_url),
        *(SetupStep(text=text) for text in _services()),
        *in_the_end,
    ]


def _services() -> tuple[str, ...]:
    """Where each takes the address, and what the secret is there."""
    return (
        _("Postmark: Servers, Inbound, Settings, Webhook, with the secret as password (https://pingback:SECRET@...)."),
        _(
            "Mailgun: Receiving, Create route, Forward, the address with /mime at its end; the secret is the HTTP "
            "webhook signing key."
        ),
        _("SendGrid: Settings, Inbound Parse, with POST the raw, full MIME message, and the secret as password."),
        _("MailerSend: Inbound routing; the secret is the route's."),
        _("Mandrill: Inbound, Routes; the secret is the webhook's key."),
        _("Resend: Webhooks, Add webhook, email.received; the secret is its signing secret."),
        _(
            "Amazon SES: Email receiving, rule sets, the action “Publish to Amazon SNS topic” with encoding Base64; in "
            "SNS a subscription of that topic with the address and ?key=SECRET behind it. We confirm it. Only what the "
            "topic brings is taken in, up to 150 KB a mail: what SES puts into S3 we cannot fetch. For mails with "
            "bigger files choose a mailbox or another service."
        ),
        _("Postal: Routing, HTTP endpoints, the address with ?key=SECRET behind it, raw message, in the body as JSON."),
    )


def _about_signs() -> str:
    return _(
        "Answers come to your address with a sign for the conversation behind a plus, like help+7k2x@. Most "
        "services take these in; where yours asks for it, switch sub-addressing on. Send a mail to such an "
        "address: if it comes back, switch the sign off here."
    )


def _about_the_domain() -> str:
    return _(
        "So that your answers do not end as spam, your domain's DNS has to say who sends for it: an SPF record that "
        "names the outgoing server, a DKIM key that this server signs with, and a DMARC record. Whoever runs the "
        "outgoing server has them ready to copy."
    )
