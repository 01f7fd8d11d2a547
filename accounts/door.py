"""The one place between a right first answer and a session.

Whoever proved who they are (by a password, by Google's word) comes through here, over API and pages alike.
"""

from django.utils.translation import gettext as _

from accounts.models import User
from foundation.errors import NotSignedIn


def admit(user: User) -> None:
    """Let the person have a session. Raises NotSignedIn for somebody who may not sign in."""
    if not user.is_active:
        raise NotSignedIn(_("This account may not sign in."))
