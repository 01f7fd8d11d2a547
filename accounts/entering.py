"""Into the house over pages, whichever door was used: at once, or after the second step.

Between a right first answer and the second factor, the server's side of the browser's session remembers who it was,
for ten minutes. Nobody is signed in by that: no session row exists before the second step.
"""

import time

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts import services
from accounts.factors.second_factor import SecondFactorRequired
from accounts.models import User
from accounts.pages import back

WAITING = "second_step"
PATIENCE_SECONDS = 600


def enter(request: HttpRequest, user: User, *, next: str = "", factor_shown: bool = False) -> HttpResponse:
    """After a right first answer. Raises NotSignedIn for somebody who may not sign in.

    next: where the person was going; followed only when it is ours. factor_shown: as for `door.admit`.
    """
    try:
        services.sign_in(request, user, factor_shown=factor_shown)
    except SecondFactorRequired:
        request.session.cycle_key()  # who planted this browser's session does not share what comes now
        request.session[WAITING] = {
            "user": str(user.pk),
            "hash": user.get_session_auth_hash(),
            "until": int(time.time()) + PATIENCE_SECONDS,
            "next": next,
        }
        return redirect("second-step")
    return back(request, next)


def waiting(request: HttpRequest) -> User | None:
    """Whose second step this browser is at; None when there is none, or it took too long."""
    step = request.session.get(WAITING)
    if not isinstance(step, dict) or step.get("until", 0) < time.time():
        return None
    user = User.objects.filter(pk=step["user"], is_active=True).first()
    # A new password in the meantime means that the first answer is right no more.
    return user if user and user.get_session_auth_hash() == step.get("hash") else None


def second_step(request: HttpRequest, user: User, *, code: str = "", factor_shown: bool = False) -> HttpResponse:
    """After the second answer. Raises NotSignedIn for a wrong one, TooFast."""
    services.sign_in(request, user, code=code, factor_shown=factor_shown)
    step = request.session.pop(WAITING, {})
    return back(request, step.get("next", ""))


def forget(request: HttpRequest) -> None:
    request.session.pop(WAITING, None)
