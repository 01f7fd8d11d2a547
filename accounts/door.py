"""The one place between a right first answer and a session.

Whoever proved who they are (by a password, by Google's word) comes through here, over API and pages alike.
"""

from django.utils.translation import gettext as _

from accounts.factors import second_factor
from accounts.factors.second_factor import SecondFactorRequired
from accounts.models import User
from foundation.errors import NotSignedIn


def admit(user: User, *, code: str = "", factor_shown: bool = False) -> None:
    """Let the person have a session.

    code: of the authenticator app, or a recovery code; "" when none was given.
    factor_shown: the second factor was checked already, as a passkey is before we know whose it is.
    Raises NotSignedIn for somebody who may not sign in and for a wrong code, SecondFactorRequired when the person has
    a second factor and did not show it, TooFast after five wrong codes.
    """
    if not user.is_active:
        raise NotSignedIn(_("This account may not sign in."))
    if factor_shown or not second_factor.has_one(user):
        return
    if not code:
        raise SecondFactorRequired
    second_factor.check(user, code)
