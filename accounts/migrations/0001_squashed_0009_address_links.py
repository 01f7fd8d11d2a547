"""What 0001 to 0009 come to, for a database that has none of them."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import accounts.models
import foundation.ids
from foundation.tables import CreateModels


class Migration(migrations.Migration):
    replaces = [
        ("accounts", "0001_initial"),
        ("accounts", "0002_mail_links"),
        ("accounts", "0003_current_workspace"),
        ("accounts", "0004_google_sub"),
        ("accounts", "0005_session_tokens"),
        ("accounts", "0006_factors"),
        ("accounts", "0007_avatar_version"),
        ("accounts", "0008_session_proven"),
        ("accounts", "0009_address_links"),
    ]

    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        CreateModels(
            migrations.CreateModel(
                name="User",
                fields=[
                    ("password", models.CharField(max_length=128, verbose_name="password")),
                    ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                    (
                        "is_superuser",
                        models.BooleanField(
                            default=False,
                            help_text="Designates that this user has all permissions without explicitly "
                            "assigning them.",
                            verbose_name="superuser status",
                        ),
                    ),
                    (
                        "id",
                        models.UUIDField(
                            default=foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                        ),
                    ),
                    ("email", models.EmailField(max_length=254, unique=True, verbose_name="e-mail")),
                    ("full_name", models.CharField(max_length=200, verbose_name="name")),
                    ("is_active", models.BooleanField(default=True, verbose_name="may sign in")),
                    ("is_staff", models.BooleanField(default=False, verbose_name="is an operator")),
                    ("is_verified", models.BooleanField(default=True, verbose_name="e-mail verified")),
                    ("is_google_account", models.BooleanField(default=False, verbose_name="signs in with Google")),
                    ("avatar_url", models.URLField(blank=True, max_length=2048, verbose_name="avatar")),
                    ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                    (
                        "groups",
                        models.ManyToManyField(
                            blank=True,
                            help_text="The groups this user belongs to. "
                            "A user will get all permissions granted to each of their groups.",
                            related_name="user_set",
                            related_query_name="user",
                            to="auth.group",
                            verbose_name="groups",
                        ),
                    ),
                    (
                        "user_permissions",
                        models.ManyToManyField(
                            blank=True,
                            help_text="Specific permissions for this user.",
                            related_name="user_set",
                            related_query_name="user",
                            to="auth.permission",
                            verbose_name="user permissions",
                        ),
                    ),
                    (
                        "google_sub",
                        models.CharField(blank=True, editable=False, max_length=255, null=True, unique=True),
                    ),
                    ("avatar_version", models.CharField(blank=True, editable=False, max_length=16)),
                ],
                options={
                    "verbose_name": "user",
                    "verbose_name_plural": "users",
                },
            ),
            migrations.CreateModel(
                name="AuthSession",
                fields=[
                    (
                        "id",
                        models.UUIDField(
                            default=foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                        ),
                    ),
                    ("user_agent", models.CharField(blank=True, max_length=300, verbose_name="browser or program")),
                    ("ip", models.GenericIPAddressField(blank=True, null=True, verbose_name="address")),
                    ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                    ("last_used_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="last used")),
                    ("expires_at", models.DateTimeField(default=accounts.models.session_end, verbose_name="ends")),
                    (
                        "user",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="auth_sessions",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                    (
                        "current_business_id",
                        models.UUIDField(blank=True, editable=False, null=True, verbose_name="current workspace"),
                    ),
                    (
                        "jti",
                        models.CharField(blank=True, default=accounts.models.new_jti, editable=False, max_length=32),
                    ),
                    ("previous_jti", models.CharField(blank=True, editable=False, max_length=32)),
                    ("refreshed_at", models.DateTimeField(editable=False, null=True, verbose_name="token changed")),
                    ("proven_at", models.DateTimeField(editable=False, null=True, verbose_name="confirmed")),
                ],
                options={
                    "verbose_name": "session",
                    "verbose_name_plural": "sessions",
                },
            ),
            migrations.CreateModel(
                name="MailLink",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    (
                        "purpose",
                        models.CharField(
                            choices=[("reset", "new password"), ("verify", "verification"), ("address", "new address")],
                            max_length=10,
                            verbose_name="purpose",
                        ),
                    ),
                    ("digest", models.CharField(max_length=64, unique=True)),
                    ("email", models.EmailField(max_length=254, verbose_name="e-mail")),
                    ("expires_at", models.DateTimeField(verbose_name="ends")),
                    (
                        "user",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="mail_links",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                ],
                options={
                    "constraints": [models.UniqueConstraint(fields=("user", "purpose"), name="newest_mail_link_only")],
                },
            ),
            migrations.CreateModel(
                name="Authenticator",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    ("sealed_secret", models.TextField(verbose_name="secret")),
                    ("confirmed_at", models.DateTimeField(null=True, verbose_name="in use since")),
                    ("last_step", models.PositiveBigIntegerField(default=0)),
                    ("created_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="created")),
                    (
                        "user",
                        models.OneToOneField(
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="authenticator",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                ],
                options={
                    "verbose_name": "authenticator app",
                    "verbose_name_plural": "authenticator apps",
                },
            ),
            migrations.CreateModel(
                name="RecoveryCode",
                fields=[
                    (
                        "id",
                        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                    ),
                    ("digest", models.CharField(max_length=64)),
                    ("created_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="created")),
                    (
                        "user",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="recovery_codes",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                ],
                options={
                    "verbose_name": "recovery code",
                    "verbose_name_plural": "recovery codes",
                    "constraints": [models.UniqueConstraint(fields=("user", "digest"), name="recovery_code_once")],
                },
            ),
            migrations.CreateModel(
                name="Passkey",
                fields=[
                    (
                        "id",
                        models.UUIDField(
                            default=foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                        ),
                    ),
                    ("name", models.CharField(max_length=60, verbose_name="name")),
                    ("rp_id", models.CharField(max_length=253, verbose_name="host")),
                    ("credential_id", models.CharField(max_length=1400, unique=True, verbose_name="credential")),
                    ("public_key", models.BinaryField()),
                    ("sign_count", models.PositiveBigIntegerField(default=0, verbose_name="times used")),
                    ("transports", models.JSONField(default=list)),
                    ("created_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="created")),
                    ("last_used_at", models.DateTimeField(null=True, verbose_name="last used")),
                    (
                        "user",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="passkeys",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                ],
                options={
                    "verbose_name": "passkey",
                    "verbose_name_plural": "passkeys",
                },
            ),
        ),
    ]
