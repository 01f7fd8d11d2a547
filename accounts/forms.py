"""Signing up and in, as pages ask for it."""

from typing import TYPE_CHECKING

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.services import MAX_PASSWORD, MIN_PASSWORD
from foundation.errors import Invalid, Refused
from foundation.pages import PageForm

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def new_password(label: "StrOrPromise") -> forms.CharField:
    return forms.CharField(
        label=label,
        strip=False,
        min_length=MIN_PASSWORD,
        max_length=MAX_PASSWORD,
        error_messages={"min_length": _("Use at least 8 characters.")},
        help_text=_("At least 8 characters. A sentence you can remember is best."),
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password"}),
    )


class SignUp(PageForm):
    large = True

    full_name = forms.CharField(
        label=_("Your name"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    email = forms.EmailField(
        label=_("E-mail"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )
    password = new_password(_("Password"))

    def refuse(self, refusal: Refused) -> int:
        if not isinstance(refusal, Invalid):
            return super().refuse(refusal)
        self.add_error("email", refusal.detail)  # it is taken
        return refusal.status


class Profile(PageForm):
    full_name = forms.CharField(
        label=_("Your name"),
        max_length=200,
        help_text=_("As customers and your team see it."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )


class ChangeAddress(PageForm):
    email = forms.EmailField(
        label=_("New e-mail"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )


class ChangePassword(PageForm):
    current_password = forms.CharField(
        label=_("Current password"),
        strip=False,
        max_length=MAX_PASSWORD,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    new_password = new_password(_("New password"))


class Forgot(PageForm):
    large = True

    email = forms.EmailField(
        label=_("E-mail"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "username"})
    )


class Reset(PageForm):
    large = True

    password = new_password(_("New password"))


class LogIn(PageForm):
    large = True

    email = forms.EmailField(
        label=_("E-mail"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "username webauthn"})
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=MAX_PASSWORD,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
