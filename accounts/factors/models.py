"""What a person can show beside the password."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from foundation.ids import new_id


class AuthenticatorQuerySet(models.QuerySet["Authenticator"]):
    def in_use(self) -> "AuthenticatorQuerySet":
        """Proven by a first code, not only shown."""
        return self.filter(confirmed_at__isnull=False)


class Authenticator(models.Model):
    """An app that shows a new code every 30 seconds (TOTP, RFC 6238). See accounts.factors.totp."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="authenticator")
    # foundation/sealed.py, for `totp.context(user)`.
    sealed_secret = models.TextField(_("secret"))
    # None: shown, and not yet proven by a first code.
    confirmed_at = models.DateTimeField(_("in use since"), null=True)
    # The time step of the newest code that was used: it and earlier ones are good no more.
    last_step = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField(_("created"), default=timezone.now)

    objects = AuthenticatorQuerySet.as_manager()

    class Meta:
        verbose_name = _("authenticator app")
        verbose_name_plural = _("authenticator apps")

    def __str__(self) -> str:
        return f"authenticator of {self.user}"


class RecoveryCode(models.Model):
    """For when everything else is lost. The row goes when the code is used. See accounts.factors.recovery."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="recovery_codes")
    # SHA-256; the code has 80 random bits, so nobody counts through them.
    digest = models.CharField(max_length=64)
    created_at = models.DateTimeField(_("created"), default=timezone.now)

    class Meta:
        verbose_name = _("recovery code")
        verbose_name_plural = _("recovery codes")
        constraints = [models.UniqueConstraint(fields=["user", "digest"], name="recovery_code_once")]

    def __str__(self) -> str:
        return f"recovery code of {self.user}"


class Passkey(models.Model):
    """A key pair of a device (WebAuthn); only its public half is here. See accounts.factors.passkeys."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="passkeys")
    name = models.CharField(_("name"), max_length=60)
    # The host that the device bound it to.
    rp_id = models.CharField(_("host"), max_length=253)
    # In URL-safe base64, as browsers write it; at most 1,023 bytes.
    credential_id = models.CharField(_("credential"), max_length=1400, unique=True)
    public_key = models.BinaryField()
    # Of the device; 0 for devices that do not count.
    sign_count = models.PositiveBigIntegerField(_("times used"), default=0)
    transports = models.JSONField(default=list)
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    last_used_at = models.DateTimeField(_("last used"), null=True)

    class Meta:
        verbose_name = _("passkey")
        verbose_name_plural = _("passkeys")

    def __str__(self) -> str:
        return self.name
