"""Settings -> Theo."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from businesses.pages import member_page
from businesses.policy import Action, may
from businesses.selectors import membership_of
from foundation.errors import Refused
from foundation.pages import PageForm
from theo.assistants import MAX_HANDOFF_TEXT, assistant_of, change_assistant
from theo.models import Article, ArticleStatus, Assistant, Mode

# What the page asks as one question is two facts: the mode, and whether Theo waits to be asked.
CHOICES = {
    "assist": (Mode.ASSIST, False),
    "auto": (Mode.AUTO, True),
    "asked": (Mode.AUTO, False),
}

THRESHOLDS = (0.8, 0.85, 0.9, 0.95)


class TheoForm(PageForm):
    work = forms.ChoiceField(
        label=gettext_lazy("How Theo works"),
        choices=[
            ("assist", gettext_lazy("Drafts for agents: nothing is sent by itself")),
            ("auto", gettext_lazy("Answers customers by itself when it is sure, and hands over when it is not")),
            ("asked", gettext_lazy("As the API asks: sure answers, or a person is asked for")),
        ],
        widget=forms.RadioSelect,
    )
    threshold = forms.TypedChoiceField(
        label=gettext_lazy("How sure Theo must be to answer"),
        coerce=float,
        help_text=gettext_lazy("At 80 %, eight of ten answers are right. Higher: fewer answers, fewer mistakes."),
    )
    handoff_text = forms.CharField(
        label=gettext_lazy("What Theo says when a person is needed"),
        required=False,
        max_length=MAX_HANDOFF_TEXT,
        widget=forms.Textarea(
            attrs={
                "rows": 2,
                "placeholder": gettext_lazy("I am passing this on to the team. A person will answer you here."),
            }
        ),
        help_text=gettext_lazy("When you are closed, the time when you open again is added."),
    )

    def __init__(self, *args: Any, assistant: Assistant, **kwargs: Any) -> None:
        now = (Mode(assistant.mode), assistant.auto_run and assistant.mode == Mode.AUTO)
        work = next(name for name, facts in CHOICES.items() if facts == now)
        threshold = assistant.threshold
        initial = {"work": work, "threshold": threshold, "handoff_text": assistant.handoff_text}
        super().__init__(*args, initial=initial, **kwargs)
        offered = self.fields["threshold"]
        assert isinstance(offered, forms.TypedChoiceField)
        # The API may have set another one.
        offered.choices = [(each, f"{each:.1%}".replace(".0", "")) for each in sorted({*THRESHOLDS, threshold})]


@member_page
@require_http_methods(["GET", "HEAD", "POST"])
def assistant(request: HttpRequest) -> HttpResponse:
    membership = membership_of(request.user)
    assert membership is not None
    business = membership.business
    may_change = may(membership, Action.MANAGE_ASSISTANT)
    form = TheoForm(request.POST or None, assistant=assistant_of(business.pk))
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            mode, auto_run = CHOICES[form.cleaned_data["work"]]
            threshold, words = form.cleaned_data["threshold"], form.cleaned_data["handoff_text"]
            try:
                change_assistant(
                    actor=request.user,  # type: ignore[arg-type]
                    mode=mode,
                    auto_run=auto_run,
                    threshold=threshold,
                    handoff_text=words,
                )
            except Refused as refusal:
                status = form.refuse(refusal)
            else:
                messages.success(request, _("Theo works that way from now on."))
                return redirect("settings-theo")
    if not may_change:
        for field in form.fields.values():
            field.disabled = True
    published = Article.objects.filter(business=business, status=ArticleStatus.PUBLISHED)
    context = {
        "section": "settings",
        "tab": "theo",
        "form": form,
        "may_change": may_change,
        "has_auto": business.plan.theo_auto,
        "count": published.count(),
    }
    return render(request, "theo/settings.html", context, status=status)
