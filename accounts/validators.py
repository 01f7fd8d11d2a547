"""Django's own form for passwords has no upper bound; ours has, so that a megabyte is never hashed."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.models import User


class MaximumLengthValidator:
    def __init__(self, max_length: int) -> None:
        self.max_length = max_length

    def validate(self, password: str, user: User | None = None) -> None:
        if len(password) > self.max_length:
            raise ValidationError(self.get_help_text(), code="password_too_long")

    def get_help_text(self) -> str:
        return _("At most %(most)d characters.") % {"most": self.max_length}
