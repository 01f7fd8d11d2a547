"""What an owner chooses for a widget."""

from django import forms
from django.utils.translation import gettext_lazy as _

from foundation.pages import PageForm
from widgets.models import Widget


def _text(name: str) -> forms.TextInput:
    return forms.TextInput(attrs={"data-preview": name})


class WidgetLook(PageForm):
    domain = forms.CharField(
        label=_("Your site"),
        max_length=300,
        help_text=_("Like tidewater.coffee; www is included. localhost works for a try."),
        widget=forms.TextInput(attrs={"inputmode": "url", "placeholder": "tidewater.coffee", "autocapitalize": "none"}),
    )
    name = forms.CharField(label=_("Name"), max_length=200, required=False, widget=_text("name"))
    welcome_heading = forms.CharField(label=_("Heading"), max_length=200, required=False, widget=_text("heading"))
    welcome_tagline = forms.CharField(label=_("Tagline"), max_length=200, required=False, widget=_text("tagline"))
    primary_color = forms.CharField(
        label=_("Colour"),
        max_length=7,
        required=False,
        widget=forms.TextInput(attrs={"data-preview": "colour", "autocapitalize": "none", "spellcheck": "false"}),
    )
    logo_url = forms.CharField(
        label=_("Logo"),
        max_length=2048,
        required=False,
        help_text=_("The https address of a picture."),
        widget=forms.TextInput(attrs={"inputmode": "url", "placeholder": "https://"}),
    )
    allow_subdomains = forms.BooleanField(
        label=_("Also on subdomains"),
        help_text=_("shop.tidewater.coffee and every other name below your domain."),
        required=False,
        widget=forms.CheckboxInput(attrs={"class": "switch", "role": "switch"}),
    )

    @classmethod
    def initial_of(cls, widget: Widget) -> dict[str, object]:
        return {name: getattr(widget, name) for name in cls.base_fields}

    def changes(self) -> dict[str, object]:
        """What was written; an empty text keeps its value, but tagline and logo may be emptied."""
        kept = {"welcome_tagline", "logo_url", "allow_subdomains"}
        return {name: value for name, value in self.cleaned_data.items() if value != "" or name in kept}


class FirstWidget(WidgetLook):
    """Onboarding asks for the least that makes a widget one's own."""

    large = True

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        for name in ("name", "logo_url", "allow_subdomains"):
            del self.fields[name]
