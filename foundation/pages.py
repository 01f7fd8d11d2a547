"""Forms of our pages: how they look, and where a service's refusal is shown."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from foundation.errors import PlanLimit, Refused, Unprocessable
from foundation.text import is_clean

# What static/js sends along: the answer is a fragment or `{"detail"}`, not a page.
FETCH_HEADER = "X-Requested-With"


def is_fetch(request: HttpRequest) -> bool:
    return request.headers.get(FETCH_HEADER) == "fetch"


class PageForm(forms.Form):
    """Fields that know our classes. The rules are the services'; a form says only what a browser can check early.

    answer_status: of the page that shows it. outcome: what was made of it, once it is done.
    """

    large = False
    answer_status = 200
    outcome: Any = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            self._dress(field)

    def _dress(self, field: forms.Field) -> None:
        if isinstance(field.widget, forms.CheckboxInput | forms.HiddenInput | forms.RadioSelect):
            return
        kind = "input"
        if isinstance(field.widget, forms.Select):
            kind = "select"
        elif isinstance(field.widget, forms.Textarea):
            kind = "textarea"
        large = f" {kind}-xl" if self.large else ""
        field.widget.attrs["class"] = f"{kind}{large} {field.widget.attrs.get('class', '')}".strip()

    def done(self, act: Callable[[], object]) -> bool:
        """Whether something was sent and `act` took it; if not, the form and `answer_status` say what was wrong."""
        if not self.is_bound:
            return False
        if not self.is_valid():
            self.answer_status = 422
            return False
        try:
            self.outcome = act()
        except Refused as refusal:
            self.answer_status = self.refuse(refusal)
            return False
        return True

    def refuse(self, refusal: Refused) -> int:
        """Show a service's refusal beside its field, or above the form; returns the answer's status."""
        field = refusal.loc[-1] if isinstance(refusal, Unprocessable) else None
        self.add_error(field if field in self.fields else None, refusal.detail)
        return 400 if isinstance(refusal, PlanLimit) else refusal.status


class FilterForm(PageForm):
    """What a list is narrowed by, out of its address: words in sight, the rest behind a button (parts/filter.html).

    A field that is wrong counts as not chosen and says so itself.
    """

    q = forms.CharField(
        label=_("Look for"), max_length=200, required=False, widget=forms.TextInput(attrs={"type": "search"})
    )

    def clean_q(self) -> str:
        text: str = self.cleaned_data["q"]
        if not is_clean(text):
            raise forms.ValidationError(_("The text holds a character that cannot be stored."))
        return text

    def rest(self) -> list[forms.BoundField]:
        return [field for field in self if field.name != "q"]

    def chosen(self) -> list[tuple[str, str]]:
        """What narrows the list beside the words and their order: how it is called, and the query without it."""
        narrowing = [field for field in self.rest() if field.name != "sort" and self.cleaned_data.get(field.name)]
        return [(f"{field.label}: {self._said(field)}", self.query(**{field.name: ""})) for field in narrowing]

    def _said(self, field: forms.BoundField) -> str:
        value = self.cleaned_data[field.name]
        if isinstance(field.field, forms.ChoiceField):
            return str(dict(field.field.choices)[value])  # type: ignore[arg-type]
        return date_format(value, "j M Y")

    def query(self, **changes: str) -> str:
        """What was chosen, as the query of a link; nothing that the form does not know."""
        kept = {name: self.data.get(name, "") for name in self.fields}
        return urlencode({name: value for name, value in {**kept, **changes}.items() if value})
