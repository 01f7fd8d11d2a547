"""Forms of our pages: how they look, and where a service's refusal is shown."""

from typing import Any

from django import forms
from django.http import HttpRequest

from foundation.errors import PlanLimit, Refused, Unprocessable

# What static/js sends along: the answer is a fragment or `{"detail"}`, not a page.
FETCH_HEADER = "X-Requested-With"


def is_fetch(request: HttpRequest) -> bool:
    return request.headers.get(FETCH_HEADER) == "fetch"


class PageForm(forms.Form):
    """Fields that know our classes. The rules are the services'; a form says only what a browser can check early."""

    large = False

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

    def refuse(self, refusal: Refused) -> int:
        """Show a service's refusal beside its field, or above the form; returns the answer's status."""
        field = refusal.loc[-1] if isinstance(refusal, Unprocessable) else None
        self.add_error(field if field in self.fields else None, refusal.detail)
        return 400 if isinstance(refusal, PlanLimit) else refusal.status
