"""Settings -> Theo."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from businesses.models import Business
from businesses.pages import member_page
from businesses.policy import Action, may, require
from businesses.selectors import membership_of
from foundation.pages import PageForm
from theo.assistants import MAX_HANDOFF_TEXT, assistant_of, change_assistant
from theo.engine.embedders import engine_name
from theo.indexing import index_anew
from theo.language_models import allowance, endpoint_of, installations, language_model_of, used
from theo.model_settings import (
    MAX_BASE_URL,
    MAX_KEY,
    MAX_MODEL,
    MOST_MONTHLY,
    change_language_model,
    check_place,
    flaw_of_language_model,
)
from theo.models import Article, ArticleStatus, Assistant, IndexState, LanguageModel, Mode
from theo.port import ProviderKind

# What the page asks as one question is two facts: the mode, and whether Theo waits to be asked.
CHOICES = {
    "assist": (Mode.ASSIST, False),
    "auto": (Mode.AUTO, True),
    "asked": (Mode.AUTO, False),
}

# What Theo reads with (engine/embedders.py), as people understand it.
ENGINES = {
    "full": gettext_lazy("Theo reads by meaning, in about a hundred languages, with a second model for English."),
    "e5": gettext_lazy("Theo reads by meaning, in about a hundred languages."),
    "minilm": gettext_lazy("Theo reads by meaning, in English alone: the model for other languages is missing here."),
    "lexical": gettext_lazy("Theo reads by words alone, and so is never sure: its models are missing here."),
}

THRESHOLDS = (0.8, 0.85, 0.9, 0.95)


class TheoForm(PageForm):
    work = forms.ChoiceField(
        label=gettext_lazy("How Theo works"),
        choices=[
            ("assist", gettext_lazy("Drafts for agents: nothing is sent by itself")),
            ("auto", gettext_lazy("Answers customers by itself when it is sure, and hands over when it is not")),
            (
                "asked",
                gettext_lazy("When your own software asks over the API: sends what it is sure of, else hands over"),
            ),
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

    def changes(self) -> dict[str, Any]:
        mode, auto_run = CHOICES[self.cleaned_data["work"]]
        kept = {name: self.cleaned_data[name] for name in ("threshold", "handoff_text")}
        return {"mode": mode, "auto_run": auto_run, **kept}


class ModelForm(PageForm):
    provider = forms.ChoiceField(label=gettext_lazy("Who words the answers"))
    base_url = forms.CharField(
        label=gettext_lazy("Address"),
        required=False,
        max_length=MAX_BASE_URL,
        help_text=gettext_lazy("Empty: the provider's own. It usually ends in /v1."),
        widget=forms.URLInput(attrs={"placeholder": "https://api.openai.com/v1", "dir": "ltr"}),
    )
    model = forms.CharField(label=gettext_lazy("Model"), required=False, max_length=MAX_MODEL)
    api_key = forms.CharField(
        label=gettext_lazy("Key"),
        required=False,
        max_length=MAX_KEY,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    forget_key = forms.BooleanField(label=gettext_lazy("Forget the stored key"), required=False)
    monthly_tokens = forms.IntegerField(
        label=gettext_lazy("Tokens a month"),
        required=False,
        min_value=0,
        max_value=MOST_MONTHLY,
        help_text=gettext_lazy(
            "Of questions and answers. When they are used up, articles are quoted until the next month."
        ),
    )

    def __init__(self, *args: Any, row: LanguageModel, **kwargs: Any) -> None:
        names = ("provider", "base_url", "model", "monthly_tokens")
        super().__init__(*args, initial={name: getattr(row, name) for name in names}, prefix="model", **kwargs)
        offered = self.fields["provider"]
        assert isinstance(offered, forms.ChoiceField)
        there_is = installations() is not None
        nothing = gettext_lazy("The installation's (there is none)")
        offered.choices = [
            (name, label if there_is or name != LanguageModel.INSTALLATION else nothing)
            for name, label in LanguageModel.PROVIDERS
        ]
        if row.sealed_key:
            self.fields["api_key"].help_text = _("One is stored. It is never shown again.")
        else:
            del self.fields["forget_key"]
        self.fields["monthly_tokens"].widget.attrs["placeholder"] = f"{settings.THEO_MODEL_TOKENS}"

    def changes(self) -> dict[str, Any]:
        found = {name: self.cleaned_data[name] for name in ("provider", "base_url", "model", "monthly_tokens")}
        if found["provider"] not in ProviderKind.values:  # the page hides the address then, and sends it all the same
            found["base_url"] = ""
        key = self.cleaned_data["api_key"].strip()
        return found | ({"api_key": key} if key or self.cleaned_data.get("forget_key") else {})


@member_page
@require_http_methods(["GET", "HEAD", "POST"])
def assistant(request: HttpRequest) -> HttpResponse:
    business = _business(request)
    form = TheoForm(request.POST or None, assistant=assistant_of(business.pk))
    if form.done(lambda: change_assistant(actor=request.user, **form.changes())):  # type: ignore[arg-type]
        messages.success(request, _("Theo works that way from now on."))
        return redirect("settings-theo")
    return _page(request, form=form)


@member_page
@require_POST
def language_model(request: HttpRequest) -> HttpResponse:
    """do=test: what is stored is tried out, nothing is changed."""
    if request.POST.get("do") == "test":
        flaw = flaw_of_language_model(actor=request.user)  # type: ignore[arg-type]
        (messages.error if flaw else messages.success)(request, flaw or _("The language model answers."))
        return redirect("settings-theo")
    form = ModelForm(request.POST, row=language_model_of(_business(request).pk))

    def changed() -> LanguageModel:
        require(request.user, Action.MANAGE_ASSISTANT)
        changes = form.changes()
        check_place(changes["base_url"])
        return change_language_model(actor=request.user, **changes)  # type: ignore[arg-type]

    if form.done(changed):
        messages.success(request, _("Saved."))
        return redirect("settings-theo")
    return _page(request, model_form=form)


@member_page
@require_POST
def reindex(request: HttpRequest) -> HttpResponse:
    """Let the worker read every article anew, those that it gave up, too."""
    business = require(request.user, Action.MANAGE_ASSISTANT).business
    index_anew(Article.objects.filter(business=business))
    messages.success(request, _("Theo reads all articles again. Until then it goes by their words."))
    return redirect("settings-theo")


def _page(request: HttpRequest, *, form: TheoForm | None = None, model_form: ModelForm | None = None) -> HttpResponse:
    """The form that was sent, with what is wrong; the other one as it is stored."""
    business = _business(request)
    row = language_model_of(business.pk)
    form = form or TheoForm(assistant=assistant_of(business.pk))
    model_form = model_form or ModelForm(row=row)
    membership = membership_of(request.user)
    may_change = membership is not None and may(membership, Action.MANAGE_ASSISTANT)
    if not may_change:
        for field in [*form.fields.values(), *model_form.fields.values()]:
            field.disabled = True
    published = Article.objects.filter(business=business, status=ArticleStatus.PUBLISHED)
    endpoint = endpoint_of(row)
    context = {
        "section": "settings",
        "tab": "theo",
        "form": form,
        "model_form": model_form,
        "may_change": may_change,
        "has_auto": business.plan.theo_auto,
        "engine": ENGINES[engine_name()],
        **published.aggregate(
            count=Count("pk"),
            waiting=Count("pk", filter=Q(index_state=IndexState.PENDING)),
            failed=Count("pk", filter=Q(index_state=IndexState.FAILED)),
        ),
        "words_by_model": endpoint is not None,
        "model_name": endpoint.model if endpoint else row.model,
        "used": used(row),
        "allowance": allowance(row),
    }
    return render(request, "theo/settings.html", context, status=max(form.answer_status, model_form.answer_status))


def _business(request: HttpRequest) -> Business:
    membership = membership_of(request.user)
    assert membership is not None
    return membership.business
