"""The form of a channel, made from what its type needs (connect_forms.py)."""

from itertools import groupby
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from channels_app.connect_fields import ConnectForm, Field, Group
from channels_app.credentials import MASK
from channels_app.models import Channel
from channels_app.wire import shown_config
from foundation.pages import PageForm


class SecretInput(forms.PasswordInput):
    """Holds the mask of what is stored, and never what somebody typed. mask: "" = nothing is stored."""

    def __init__(self, mask: str, attrs: dict[str, Any]) -> None:
        super().__init__(attrs={**attrs, "autocomplete": "new-password"}, render_value=True)
        self.mask = mask

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        return super().get_context(name, self.mask, attrs)


class ConnectChannel(PageForm):
    """One input for each entry. A secret that is stored shows its mask, which stands for it when it comes back."""

    def __init__(self, connect: ConnectForm, data: Any = None, *, channel: Channel | None = None) -> None:
        self.connect = connect
        self.channel = channel
        shown = shown_config(channel) if channel else {}
        initial = {field.name: shown.get(field.name, field.default) for field in connect.fields}
        super().__init__(data, initial=initial)
        for field in connect.fields:
            mask = str(shown.get(field.name, "")) if field.secret else ""
            self.fields[field.name] = _input(field, mask)
            self._dress(self.fields[field.name])

    def groups(self) -> list[tuple[Group | None, list[forms.BoundField], bool]]:
        """In the order of the entries: what stands together, and whether it is in sight from the start."""
        named = [(group, list(those)) for group, those in groupby(self.connect.fields, key=lambda each: each.group)]
        return [(group, [self[each.name] for each in those], self._in_sight(group, those)) for group, those in named]

    def _in_sight(self, group: Group | None, fields: list[Field]) -> bool:
        return not (group and group.folded) or any(self[each.name].value() or self[each.name].errors for each in fields)

    def config(self) -> dict[str, Any]:
        """What the service takes: the answers, and what the form does not ask for as it is."""
        kept = self.channel.config if self.channel else {}
        asked = {name: value for name, value in self.cleaned_data.items() if value is not None}
        return {field.name: kept[field.name] for field in self.connect.fields if field.name in kept} | asked

    def ask_again(self) -> None:
        """Say at each secret that came with a refused form that it has to be entered again: none is sent back."""
        for name in self.connect.secrets - self.errors.keys():
            typed = self.data.get(name, "")
            if typed and not typed.startswith(MASK):
                self.add_error(name, _("Enter it again: a secret is never sent back."))


def _input(field: Field, mask: str) -> forms.Field:
    # Over the API it is stored without what is needed, too; who sits at the page is told at once.
    common: dict[str, Any] = {"label": field.label, "help_text": field.help}
    common["required"] = field.required or field.needed
    attributes = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
    if field.kind == "checkbox":
        switch = forms.CheckboxInput(attrs={"class": "switch", "role": "switch"})
        return forms.BooleanField(**common | {"required": False}, widget=switch)
    if field.kind == "number":
        number = forms.TextInput(attrs={**attributes, "inputmode": "numeric"})
        return forms.IntegerField(**common, min_value=1, max_value=field.max_length, widget=number)
    if field.kind == "email":
        return forms.EmailField(**common, max_length=field.max_length, widget=forms.EmailInput(attrs=attributes))
    if field.secret:
        secret = SecretInput(mask, attributes)
        return forms.CharField(**common, max_length=field.max_length, widget=secret)
    return forms.CharField(**common, max_length=field.max_length, widget=forms.TextInput(attrs=attributes))
