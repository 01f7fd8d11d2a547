"""People, and the sessions that their tokens and cookies name."""

import contextlib
import secrets
import unicodedata
from datetime import datetime, timedelta
from typing import Any, ClassVar

import idna
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from foundation.ids import new_id, parse_id
from foundation.prepared import Given


def normal_email(email: str) -> str:
    """One spelling per mailbox: capitals, full-width look-alikes and the two ways to write a domain with umlauts
    make no second account."""
    local, _at, domain = unicodedata.normalize("NFKC", email).strip().lower().rpartition("@")
    if not domain.isascii():
        with contextlib.suppress(UnicodeError):  # no domain, so no address: whoever validates it says so
            domain = idna.encode(domain, uts46=True).decode()
    return f"{local}@{domain}" if _at else domain


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, email: str | None) -> "User":
        return self.get(email=normal_email(email or ""))

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """An operator, for Django admin (`manage.py createsuperuser`)."""
        user = self.model(email=normal_email(email), is_staff=True, is_superuser=True, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser, PermissionsMixin):
    """One person; what the person may do in a workspace is a membership's business."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    email = models.EmailField(_("e-mail"), max_length=254, unique=True)
    full_name = models.CharField(_("name"), max_length=200)
    is_active = models.BooleanField(_("may sign in"), default=True)
    is_staff = models.BooleanField(_("is an operator"), default=False)
    is_verified = models.BooleanField(_("e-mail verified"), default=True)
    is_google_account = models.BooleanField(_("signs in with Google"), default=False)
    # Google's own id of the person who may sign in with it: `sub` of its ID tokens.
    google_sub = models.CharField(max_length=255, unique=True, null=True, blank=True, editable=False)
    # A picture elsewhere, as Google names it; one that was uploaded counts first (accounts/profile.py).
    avatar_url = models.URLField(_("avatar"), max_length=2048, blank=True)
    avatar_version = models.CharField(max_length=16, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["full_name"]

    # Set by whatever signed the caller in; None for a user that was merely loaded.
    auth_session: "AuthSession | None" = None

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")

    def __str__(self) -> str:
        return self.email

    def clean(self) -> None:
        """Forms, Django admin's too, spell an address as registering does."""
        super().clean()
        self.email = normal_email(self.email)

    @property
    def picture(self) -> str:
        """For our own pages: the address of the picture, "" when there is none."""
        if self.avatar_version:
            return f"/avatars/{self.pk}/{self.avatar_version}.webp"
        return self.avatar_url

    @property
    def picture_url(self) -> str | None:
        """For everybody else: the whole address."""
        return f"{settings.PUBLIC_BASE_URL}{self.picture}" if self.avatar_version else self.picture or None

    def get_full_name(self) -> str:
        return self.full_name

    def get_short_name(self) -> str:
        return self.full_name.split(" ")[0]


class AuthSessionQuerySet(models.QuerySet["AuthSession"]):
    def alive(self) -> "AuthSessionQuerySet":
        """Not idle too long, not past its end, and of a person who may sign in."""
        now = timezone.now()
        return self.alive_at(now, used_since=now - timedelta(seconds=settings.SESSION_IDLE_SECONDS))

    def alive_at(self, now: datetime | Given, *, used_since: datetime | Given) -> "AuthSessionQuerySet":
        return self.select_related("user").filter(user__is_active=True, expires_at__gt=now, last_used_at__gt=used_since)

    def named(self, session_id: object) -> "AuthSession | None":
        """The one that a claim names; None for anything that is no id."""
        found = parse_id(session_id)
        return self.filter(pk=found).first() if found else None


def new_jti() -> str:
    return secrets.token_hex(16)


def session_end() -> datetime:
    return timezone.now() + timedelta(seconds=settings.SESSION_MAX_SECONDS)


class AuthSession(models.Model):
    """One sign-in. A token or a cookie is good for as long as the row that it names is alive."""

    # `last_used_at` moves at most this often, so that reading does not write.
    TOUCH_AFTER = timedelta(minutes=5)

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="auth_sessions")
    user_agent = models.CharField(_("browser or program"), max_length=300, blank=True)
    ip = models.GenericIPAddressField(_("address"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    last_used_at = models.DateTimeField(_("last used"), default=timezone.now)
    expires_at = models.DateTimeField(_("ends"), default=session_end)
    # The token that is good now, and for a little while the one before it (accounts/refresh.py).
    # "" in sessions older than this column: any token that names them.
    jti = models.CharField(max_length=32, blank=True, default=new_jti, editable=False)
    previous_jti = models.CharField(max_length=32, blank=True, editable=False)
    refreshed_at = models.DateTimeField(_("token changed"), null=True, editable=False)
    # When the person showed again who they are; None = only when it began (accounts/fresh.py).
    proven_at = models.DateTimeField(_("confirmed"), null=True, editable=False)
    # The workspace that this sign-in works in; None, or one that the person has left = the first joined.
    current_business_id = models.UUIDField(_("current workspace"), null=True, blank=True, editable=False)

    # Of the token that named this session just now; None behind a cookie.
    presented_jti: str | None = None

    objects = AuthSessionQuerySet.as_manager()

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")

    def __str__(self) -> str:
        return f"{self.user} since {self.created_at:%Y-%m-%d %H:%M}"

    @property
    def is_alive(self) -> bool:
        """As `alive` asks the database, of a row that was read with its user."""
        now = timezone.now()
        idle = now - self.last_used_at
        return self.user.is_active and self.expires_at > now and idle.total_seconds() < settings.SESSION_IDLE_SECONDS

    @property
    def is_due(self) -> bool:
        """Whether its use is worth writing down."""
        return timezone.now() - self.last_used_at > self.TOUCH_AFTER

    def touch(self) -> None:
        if self.is_due:
            AuthSession.objects.filter(pk=self.pk).update(last_used_at=timezone.now())


class MailLink(models.Model):
    """A link that was mailed: good once, for a while, and only the newest of its kind. See accounts.links."""

    class Purpose(models.TextChoices):
        RESET = "reset", _("new password")
        VERIFY = "verify", _("verification")
        ADDRESS = "address", _("new address")

    user = models.ForeignKey(User, models.CASCADE, related_name="mail_links")
    purpose = models.CharField(_("purpose"), max_length=10, choices=Purpose)
    # SHA-256 of what the link holds: who reads this table opens nothing with it.
    digest = models.CharField(max_length=64, unique=True)
    # Where it was sent: it proves this address and no later one.
    email = models.EmailField(_("e-mail"), max_length=254)
    expires_at = models.DateTimeField(_("ends"))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "purpose"], name="newest_mail_link_only")]

    def __str__(self) -> str:
        return f"{self.purpose} for {self.email}"


# Django looks for an app's tables here.
from accounts.factors.models import Authenticator, Passkey, RecoveryCode  # noqa: E402

__all__ = ["AuthSession", "Authenticator", "MailLink", "Passkey", "RecoveryCode", "User", "normal_email", "session_end"]
