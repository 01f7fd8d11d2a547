"""What the pages of the second factor ask for."""

from typing import TYPE_CHECKING

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.factors.passkeys import MAX_NAME
from accounts.factors.recovery import MAX_CODE
from accounts.factors.second_factor import MAX_ANSWER
from foundation.pages import PageForm

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def _code(label: "StrOrPromise", *, inputmode: str) -> forms.CharField:
    attributes = {"autocomplete": "one-time-code", "inputmode": inputmode, "spellcheck": "false", "autofocus": True}
    return forms.CharField(label=label, max_length=MAX_CODE, widget=forms.TextInput(attrs=attributes))


class SecondStep(PageForm):
    large = True

    code = _code(_("Code"), inputmode="text")


class FirstCode(PageForm):
    code = _code(_("The code that the app shows now"), inputmode="numeric")


class PasskeyName(PageForm):
    name = forms.CharField(label=_("Name"), max_length=MAX_NAME)


class Proof(PageForm):
    """Before a protection is taken away."""

    proof = forms.CharField(
        label=_("Your password, or a code of the app"),
        strip=False,
        max_length=MAX_ANSWER,
        help_text=_("A recovery code does as well, and is used up by it."),
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
