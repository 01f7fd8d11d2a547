"""Another e-mail address for an account: it counts once the link that was mailed there is followed."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts import events, links
from accounts.fresh import require_fresh
from accounts.models import MailLink, User, normal_email
from foundation import throttles
from foundation.errors import Invalid, Unprocessable
from foundation.mail import send_mail


def ask_for_change(*, user: User, email: str) -> None:
    """Mail a link to the new address. Until it is followed the old one counts.

    The caller learns nothing about who else has that address; whoever reads its mail does, at the link.
    Raises NotFresh, Unprocessable for what is no address, Invalid for the one that the account has, TooFast after three
    an hour.
    """
    require_fresh(user)
    new = normal_email(email)
    try:
        validate_email(new)
    except ValidationError as error:
        raise Unprocessable(_("Write an e-mail address."), field="email") from error
    if new == user.email:
        raise Invalid(_("This is your address already."))
    throttles.count("CHANGE_EMAIL", user.pk)
    with transaction.atomic():
        link = links.make(user, MailLink.Purpose.ADDRESS, "confirm-address", email=new)
        send_mail("accounts/mail/address_confirm", to=new, name=user.get_short_name(), address=link)


@transaction.atomic
def change(token: str) -> User:
    """The address that the link was mailed to is the account's now, and the one before is told.

    Raises Invalid, with the same words for unknown, used, replaced and late links; and when another account has the
    address by now.
    """
    link = links.find(token, MailLink.Purpose.ADDRESS)
    user = links.use(link)
    before, user.email, user.is_verified = user.email, link.email, True
    try:
        with transaction.atomic():
            user.save(update_fields=["email", "is_verified"])
    except IntegrityError as error:
        raise Invalid(_("Another account has this address.")) from error
    changed: dict[str, Any] = {"from": before, "to": user.email}
    events.tell("email.changed", user=user, **changed)
    send_mail("accounts/mail/address_changed", to=before, name=user.get_short_name(), email=user.email)
    return user
