"""The second factor of a person: whether there is one, proving it, and what changes it.

A factor is an authenticator app or a passkey. Recovery codes stand in for either, and go with the last of them.
"""

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts import events
from accounts.factors import recovery, totp
from accounts.factors.models import Authenticator, Passkey, RecoveryCode
from accounts.fresh import make_fresh, require_fresh
from accounts.models import User
from foundation import throttles
from foundation.errors import Invalid, NotSignedIn
from foundation.mail import send_mail

# The longest that anybody answers: a code of an app, a recovery code or a password.
MAX_ANSWER = 128
APP = gettext_noop("authenticator app")


class SecondFactorRequired(NotSignedIn):
    """The first answer was right, and the second factor is still to be shown."""

    error = "second_factor_required"

    def __init__(self) -> None:
        super().__init__(_("This account has a second factor: send a code of the authenticator app as well."))


def exists(user_id: str) -> Q:
    """A condition for rows that name a person: whether that person has a second factor.

    user_id: the column, like "pk" of a User or "user_id" of a membership. Works in `filter` and in `annotate`.
    """
    apps = Authenticator.objects.in_use().filter(user_id=OuterRef(user_id))
    return Q(Exists(apps)) | Q(Exists(Passkey.objects.filter(user_id=OuterRef(user_id))))


def has_one(user: User) -> bool:
    return User.objects.filter(exists("pk"), pk=user.pk).exists()


def doors_of(user: User) -> list[str]:
    """What opens the account beside the password, in words for people."""
    names = [_(APP)] if totp.is_on(user) else []
    names += [called(passkey) for passkey in user.passkeys.order_by("created_at")]
    if user.google_sub:
        names.append(_("your Google account"))
    return names


def called(passkey: Passkey) -> str:
    return _("passkey “%(name)s”") % {"name": passkey.name}


def check(user: User, code: str) -> None:
    """Use up a code of the app, or a recovery code. Raises NotSignedIn for a wrong one, TooFast after five of those."""
    throttles.count("SECOND_FACTOR", user.pk)
    if not _use(user, code):
        events.tell("second_factor.failed", user=user)
        raise NotSignedIn(_("This code is not right, or it was used before."))
    throttles.forget("SECOND_FACTOR", user.pk)


def prove(user: User, *, code: str = "", password: str = "") -> None:
    """Before a protection is taken away: a stolen session alone must not do it.

    code: of the app, or a recovery code, which is used up by it. Either is enough.
    Raises Invalid when neither is right, TooFast after five of those.
    """
    throttles.count("SECOND_FACTOR", user.pk)
    if not (_use(user, code) or (password and user.check_password(password))):
        events.tell("second_factor.failed", user=user)
        raise Invalid(_("That is neither your password nor a code that is still good."))
    throttles.forget("SECOND_FACTOR", user.pk)


def prove_again(user: User, *, code: str = "", password: str = "") -> None:
    """From now on the caller's session is as good as a new one, for what needs that. Raises as `prove`."""
    prove(user, code=code, password=password)
    make_fresh(user)


def _use(user: User, code: str) -> bool:
    if not 0 < len(code) <= MAX_ANSWER:
        return False
    if totp.use(user, code):
        return True
    with transaction.atomic():
        if not recovery.use(user, code):
            return False
        events.tell("recovery_code.used", user=user)
        send_mail("accounts/mail/recovery_code", to=user.email, name=user.get_short_name(), left=recovery.left(user))
    return True


# The authenticator app ---------------------------------------------------------------------------------------


@transaction.atomic
def start_app(user: User) -> str:
    """Begin to set up an app; returns the secret.

    Raises NotFresh; Invalid when one is in use: that one is taken away first.
    """
    require_fresh(user)
    User.objects.select_for_update().get(pk=user.pk)
    if totp.is_on(user):
        raise Invalid(_("You have an authenticator app already. Remove it first."))
    return totp.start(user)


def confirm_app(user: User, code: str) -> list[str]:
    """The first code turns it on. Returns recovery codes to show once; none when there are some already.

    Raises NotFresh, Invalid for a wrong code or when nothing is being set up, TooFast after five of those.
    """
    require_fresh(user)
    throttles.count("SECOND_FACTOR", user.pk)
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        if not totp.confirm(user, code):
            raise Invalid(_("This is not the code that the app should show now. Is the clock of the phone right?"))
        codes = added(user, _(APP))
    throttles.forget("SECOND_FACTOR", user.pk)
    return codes


def remove_app(user: User, *, code: str = "", password: str = "") -> None:
    """Raises Invalid when there is none or nothing is proven, TooFast."""
    if not totp.is_on(user):
        raise Invalid(_("You have no authenticator app."))
    prove(user, code=code, password=password)
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        if totp.remove(user):
            removed(user, _(APP))


# Recovery codes ----------------------------------------------------------------------------------------------


def renew_codes(user: User, *, code: str = "", password: str = "") -> list[str]:
    """Ten new ones, to show once; the ones before are dead. Raises Invalid without a factor or a proof, TooFast."""
    if not has_one(user):
        raise Invalid(_("Recovery codes come with a second factor. Add one first."))
    prove(user, code=code, password=password)
    with transaction.atomic():
        events.tell("recovery_codes.made", user=user)
        _mail(user, _("New recovery codes were made for your account. The ones before do not work any more."))
        return recovery.make(user)


# Whatever changes --------------------------------------------------------------------------------------------


def added(user: User, factor: str) -> list[str]:
    """What comes with a new factor, in its transaction, with the person's row locked. Returns recovery codes to show
    once; none when there are some already.
    """
    events.tell("factor.added", user=user, factor=factor)
    _mail(user, _("A second factor was added to your account: %(what)s.") % {"what": factor})
    return [] if recovery.left(user) else recovery.make(user)


def removed(user: User, factor: str) -> None:
    """What goes with a factor, in its transaction, with the person's row locked."""
    if not has_one(user):
        RecoveryCode.objects.filter(user=user).delete()
    events.tell("factor.removed", user=user, factor=factor)
    _mail(user, _("A second factor was removed from your account: %(what)s.") % {"what": factor})


@transaction.atomic
def reset(user: User, *, actor: User) -> None:
    """An operator takes every factor away, for somebody who lost them all: the password alone signs in again."""
    User.objects.select_for_update().get(pk=user.pk)
    for rows in (Authenticator.objects, Passkey.objects, RecoveryCode.objects):
        rows.filter(user=user).delete()
    events.tell("factors.reset", user=user, actor=actor)
    _mail(user, _("Whoever runs this server removed every second factor from your account."))


def _mail(user: User, what: str) -> None:
    send_mail("accounts/mail/factors", to=user.email, name=user.get_short_name(), what=what)
