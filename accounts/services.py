"""Registering, signing in and out. Everything that changes a person or a session goes through here."""

from contextvars import copy_context
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth import login, logout
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from accounts import door, events, verification
from accounts.models import AuthSession, User, normal_email
from foundation import throttles
from foundation.errors import Invalid, NotSignedIn, Unprocessable
from foundation.later import later
from foundation.text import is_clean

MIN_PASSWORD, MAX_PASSWORD = 8, 128
MAX_EMAIL = 254
# Each sign-in of a script is a session too: beyond so many of one person, the oldest end.
MOST_SESSIONS = 200


def register(*, email: str, full_name: str, password: str) -> User:
    """A new account, verified at once unless the operator asks for more: then a link is mailed.

    Raises as `new_account` and `store`. Source: contract/quickstart.txt, step 1.
    """
    return store(new_account(email=email, full_name=full_name, password=password))


def new_account(*, email: str, full_name: str, password: str, proven: bool = False) -> User:
    """Checked, counted and hashed, for `store`: what is slow or must not be rolled back, so before a transaction.

    proven: the address is known to be theirs, as when they follow an invitation that came by mail.
    Raises Invalid when the e-mail is taken, Unprocessable when e-mail, name or password is not acceptable, TooFast
    when the address that asks has tried too many (it learns who has an account here).
    """
    verified = proven or not settings.REQUIRE_VERIFIED_EMAIL
    user = User(email=normal_email(email), full_name=full_name.strip(), is_verified=verified)
    try:
        if len(user.email) > MAX_EMAIL:  # what is written short may be long once it is spelled out
            raise ValidationError("too long")
        validate_email(user.email)
    except ValidationError as error:
        raise Unprocessable(_("Write an e-mail address like ada@example.com."), field="email") from error
    if not user.full_name:
        raise Unprocessable(_("Write your name."), field="full_name")
    check_new_password(password, user=user)
    throttles.count_address("REGISTER")
    if User.objects.filter(email=user.email).exists():
        raise Invalid(_("This e-mail is already registered."))
    user.set_password(password)
    return user


def store(user: User) -> User:
    """Raises Invalid when the e-mail has been taken meanwhile."""
    try:
        with transaction.atomic():
            user.save(force_insert=True)
            events.tell("account.registered", user=user)
            if not user.is_verified:
                verification.mail_link(user)
    except IntegrityError as error:  # two sign-ups at once: the constraint decides
        raise Invalid(_("This e-mail is already registered.")) from error
    return user


def check_new_password(password: str, *, user: User, field: str = "password") -> None:
    """Raises Unprocessable for `field`; the length comes first, so that a megabyte is never hashed."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        text = _("Use %(least)d to %(most)d characters.") % {"least": MIN_PASSWORD, "most": MAX_PASSWORD}
        raise Unprocessable(text, field=field, kind="password_length")
    if not is_clean(password):
        raise Unprocessable(_("This password holds a character that cannot be stored."), field=field)
    try:
        validate_password(password, user=user)
    except ValidationError as error:
        text = _("This password is too common. Choose another.")
        raise Unprocessable(text, field=field, kind="password_common") from error


def check_password(*, email: str, password: str) -> User | None:
    """The person, or None: alike, also in time, for unknown, wrong and disabled."""
    user = User.objects.filter(email=normal_email(email)).first()
    if user is None:
        make_password(password)  # as slow as a real check
    elif user.check_password(password) and user.is_active:
        return user
    # Beside the answer, whose time would else say whether somebody has the address, and works in how many workspaces.
    context = copy_context()
    later(lambda: context.run(_tell_of_failure, user, normal_email(email)))
    return None


def _tell_of_failure(user: User | None, email: str) -> None:
    events.tell("session.failed", user=user, email=email)


@transaction.atomic
def open_session(*, user: User, user_agent: str = "", ip: str | None = None) -> AuthSession:
    """A new sign-in; the oldest beyond MOST_SESSIONS end.

    user: as they were when they showed who they are. Raises NotSignedIn when the password is another one since, or
    they may not sign in any more: whoever ended all sessions meanwhile ended this one, too.
    """
    rows = User.objects.select_for_update(no_key=True)
    if rows.filter(pk=user.pk, password=user.password, is_active=True).first() is None:
        raise NotSignedIn(_("This account has just changed. Log in again."))
    session = AuthSession.objects.create(user=user, user_agent=user_agent[:300], ip=ip)
    newest_first = AuthSession.objects.filter(user=user).order_by("-created_at", "-pk")
    _end(list(newest_first.values_list("pk", flat=True)[MOST_SESSIONS:]))
    user.auth_session = session
    events.tell("session.started", user=user)
    return session


def sign_in(request: HttpRequest, user: User, *, code: str = "", factor_shown: bool = False) -> None:
    """Give the browser a session cookie; the row behind it comes from `accounts.signals`.

    Raises what `door.admit` does: pages come through `accounts.entering`, which knows what follows.
    """
    door.admit(user, code=code, factor_shown=factor_shown)
    try:
        login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    except NotSignedIn:
        logout(request)  # nothing of the half-made cookie stays
        raise


def end_session(session_id: UUID, *, actor: User | None = None) -> None:
    """The token or cookie is dead at the next request, and its sockets are cut.

    actor: whoever ends it from elsewhere, the person or an operator; None = the session signs itself out.
    """
    with transaction.atomic():
        session = AuthSession.objects.select_related("user").filter(pk=session_id).first()
        ended, _rows = AuthSession.objects.filter(pk=session_id).delete()
        if session and ended:  # of two at once, one ends it
            session.user.auth_session = session
            if actor:
                events.tell("session.revoked", user=session.user, actor=actor)
            else:
                events.tell("session.ended", user=session.user)
        transaction.on_commit(lambda: tell_sockets(session_id), robust=True)


@transaction.atomic
def end_sessions_of(user: User, *, keep: AuthSession | None = None, actor: User | None = None) -> None:
    """Everywhere at once: after a new password, or when the person may no longer sign in.

    keep: the one that lives on, of whoever asked for it. actor: an operator who ends them; None = the person.
    """
    User.objects.select_for_update(no_key=True).filter(pk=user.pk).first()  # no session opens meanwhile
    rows = AuthSession.objects.filter(user=user)
    if keep is not None:
        rows = rows.exclude(pk=keep.pk)
    session_ids = list(rows.order_by("pk").values_list("pk", flat=True))
    if session_ids:
        _end(session_ids)
        events.tell("session.revoked", user=user, actor=actor or user, count=len(session_ids))


def _end(session_ids: list[UUID]) -> None:
    """In one statement for a thousand, as thousands would hold a database with one writer; the sockets afterwards."""
    for start in range(0, len(session_ids), 1000):
        AuthSession.objects.filter(pk__in=session_ids[start : start + 1000]).delete()

    def tell() -> None:
        for session_id in session_ids:
            tell_sockets(session_id)

    if session_ids:
        transaction.on_commit(tell, robust=True)


def purge_sessions(*, most: int = 1000) -> int:
    """Delete sessions that ended by themselves, and cookies' data that nobody can use any more; returns how many."""
    now = timezone.now()
    idle = now - timedelta(seconds=settings.SESSION_IDLE_SECONDS)
    over = AuthSession.objects.filter(Q(expires_at__lt=now) | Q(last_used_at__lt=idle)).values_list("pk", flat=True)
    cookies = Session.objects.filter(expire_date__lt=now).values_list("pk", flat=True)
    ended, _rows = AuthSession.objects.filter(pk__in=list(over[:most])).delete()
    return ended + Session.objects.filter(pk__in=list(cookies[:most])).delete()[0]


def tell_sockets(session_id: UUID) -> None:
    """Cut what hangs on a session that has ended, in every process. After the commit."""
    import_string(settings.SESSION_ENDED_PUBLISHER)(session_id)
