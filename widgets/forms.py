"""What an owner chooses for a widget."""

import json
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from foundation.errors import Refused, Unprocessable
from foundation.pages import PageForm
from widgets.languages import LANGUAGES
from widgets.models import Widget
from widgets.options import DEFAULTS, MAX_QUESTIONS, paths, with_options
from widgets.services import fill


def _switch() -> forms.CheckboxInput:
    return forms.CheckboxInput(attrs={"class": "switch", "role": "switch"})


def _plain(**attributes: str) -> forms.TextInput:
    """Of what is no sentence."""
    return forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false", **attributes})


def _number(most: str) -> forms.NumberInput:
    """What a browser can check early; widgets/options.py has the bounds."""
    return forms.NumberInput(attrs={"min": "0", "max": most})


_LANGUAGE_CHOICES: list[tuple[str, Any]] = [
    ("", _("The page’s, else the visitor’s")),
    *((each.code, each.name) for each in LANGUAGES.values()),
]
_ASKED = [("off", _("Do not ask")), ("optional", _("Ask")), ("required", _("Ask and insist"))]


class QuestionRows(forms.Widget):
    """A few questions, each in four fields named for the row (templates/widgets/questions.html)."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[dict[str, Any]]:
        rows = [self._row(data, f"{name}-{number}-") for number in range(MAX_QUESTIONS)]
        return [row for row in rows if row["label"] or row.get("choices")]

    def _row(self, data: Any, start: str) -> dict[str, Any]:
        row: dict[str, Any] = {
            "label": data.get(f"{start}label", "").strip(),
            "kind": data.get(f"{start}kind", "text"),
            "required": f"{start}required" in data,
        }
        if row["kind"] == "choice":
            lines = data.get(f"{start}choices", "").splitlines()
            row["choices"] = [line.strip() for line in lines if line.strip()]
        return row


class WidgetLook(PageForm):
    """The contract's fields, and one for each of widgets/options.py under the name that `paths` gives it."""

    domain = forms.CharField(
        label=_("Your site"),
        max_length=300,
        help_text=_("Like tidewater.coffee; www is included. localhost works for a try."),
        widget=_plain(inputmode="url", placeholder="tidewater.coffee"),
    )
    name = forms.CharField(label=_("Name"), max_length=200, required=False)
    welcome_heading = forms.CharField(label=_("Heading"), max_length=200, required=False)
    welcome_tagline = forms.CharField(label=_("Tagline"), max_length=200, required=False)
    primary_color = forms.CharField(label=_("Colour"), max_length=7, required=False, widget=_plain())
    logo_url = forms.CharField(
        label=_("Logo"),
        max_length=2048,
        required=False,
        help_text=_("The https address of a picture."),
        widget=_plain(inputmode="url", placeholder="https://"),
    )
    allow_subdomains = forms.BooleanField(
        label=_("Also on subdomains"),
        help_text=_("shop.tidewater.coffee and every other name below your domain."),
        required=False,
        widget=_switch(),
    )
    show_online_badge = forms.BooleanField(
        label=_("Show who is online"),
        help_text=_("A dot while you are open and somebody of your team is there."),
        required=False,
        widget=_switch(),
    )
    theme = forms.ChoiceField(
        label=_("Theme"),
        choices=[("auto", _("Like the visitor’s system")), ("light", _("Light")), ("dark", _("Dark"))],
        required=False,
    )
    position = forms.ChoiceField(
        label=_("Corner"), choices=[("right", _("Bottom right")), ("left", _("Bottom left"))], required=False
    )
    offset_x = forms.IntegerField(label=_("Pixels from the side"), required=False, widget=_number("300"))
    offset_y = forms.IntegerField(label=_("Pixels from below"), required=False, widget=_number("300"))
    launcher = forms.ChoiceField(
        label=_("Launcher"),
        choices=[("icon", _("An icon")), ("text", _("An icon with words")), ("none", _("A button of your own"))],
        required=False,
    )
    launcher_icon = forms.ChoiceField(
        label=_("Icon"),
        choices=[("chat", _("Speech bubble")), ("help", _("Question mark")), ("mail", _("Envelope"))],
        required=False,
    )
    launcher_text = forms.CharField(label=_("Words"), max_length=40, required=False)
    locale = forms.ChoiceField(
        label=_("Language"),
        choices=_LANGUAGE_CHOICES,
        required=False,
        help_text=_("What the chat says by itself. Your own words stay as you write them."),
    )
    sound = forms.BooleanField(
        label=_("Sound"),
        help_text=_("A short tone when an answer comes. Every visitor can mute it."),
        required=False,
        widget=_switch(),
    )
    greeting_enabled = forms.BooleanField(
        label=_("Greet visitors"),
        help_text=_("A bubble beside the launcher, for those who have not written yet."),
        required=False,
        widget=_switch(),
    )
    greeting_text = forms.CharField(
        label=_("What it says"), max_length=200, required=False, help_text=_("Empty: heading and tagline.")
    )
    greeting_delay = forms.IntegerField(label=_("After how many seconds"), required=False, widget=_number("600"))
    greeting_page = forms.CharField(
        label=_("On which pages"),
        max_length=200,
        required=False,
        help_text=_("A path like /pricing, or /shop/* for all below it. Empty: on all."),
        widget=_plain(placeholder="/shop/*"),
    )
    prechat_enabled = forms.BooleanField(
        label=_("Ask before the first message"),
        help_text=_("New visitors say who they are before they write. Without it they write at once."),
        required=False,
        widget=_switch(),
    )
    prechat_text = forms.CharField(label=_("What it says"), max_length=300, required=False)
    prechat_name = forms.ChoiceField(label=_("Name"), choices=_ASKED, required=False)
    prechat_email = forms.ChoiceField(label=_("E-mail"), choices=_ASKED, required=False)
    prechat_questions = forms.Field(label=_("More questions"), required=False, widget=QuestionRows)
    offline_form = forms.BooleanField(
        label=_("Ask for an address when you are closed"),
        help_text=_("Outside the business hours a new conversation begins with the visitor’s e-mail address."),
        required=False,
        widget=_switch(),
    )
    offline_text = forms.CharField(label=_("What it says"), max_length=300, required=False)
    rating = forms.BooleanField(
        label=_("Ask for a rating"),
        help_text=_("At the end of a conversation: 1 to 5, and a comment."),
        required=False,
        widget=_switch(),
    )
    transcript = forms.BooleanField(
        label=_("Conversation by e-mail"),
        help_text=_("Visitors can have a conversation sent to their own address. Needs EMAIL_URL."),
        required=False,
        widget=_switch(),
    )
    mail_answers = forms.BooleanField(
        label=_("Answers by e-mail"),
        help_text=_("What visitors have not read after a few minutes goes to their address. Needs EMAIL_URL."),
        required=False,
        widget=_switch(),
    )
    verified_only = forms.BooleanField(
        label=_("Only people who are signed in"),
        help_text=_("Nobody writes without an identity that your server has signed."),
        required=False,
        widget=_switch(),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        spoken = self.fields["locale"]
        chosen = self.initial.get("locale")
        assert isinstance(spoken, forms.ChoiceField)
        # Over the API any language may be asked for, also one that the chat comes to speak later.
        if chosen and chosen not in LANGUAGES:
            spoken.choices = [*_LANGUAGE_CHOICES, (chosen, chosen)]

    @classmethod
    def initial_of(cls, widget: Widget) -> dict[str, object]:
        shown = {name: getattr(widget, name) for name in cls.base_fields if name not in paths()}
        return {**shown, **_flat(widget.options)}

    @classmethod
    def initial_of_new(cls) -> dict[str, object]:
        return {**Widget.DEFAULTS, "show_online_badge": True, **_flat(DEFAULTS)}

    def question_rows(self) -> list[dict[str, Any]]:
        """What is asked, and room for more; `start` is what the names of a row's fields begin with."""
        name = "prechat_questions"
        asked = self[name].value() or []
        rows: list[dict[str, Any]] = [*asked, *({} for _more in range(MAX_QUESTIONS - len(asked)))]
        return [
            {"label": "", **row, "choices": "\n".join(row.get("choices", [])), "start": f"{name}-{number}-"}
            for number, row in enumerate(rows)
        ]

    @property
    def was(self) -> str:
        """What the page showed before anything was written in it, as JSON. It is sent back."""
        return str(self.data["was"]) if "was" in self.data else json.dumps(self.initial)

    def changes(self) -> dict[str, Any]:
        """What was written here, and not what somebody else may have changed since the page was made.

        An empty text keeps its value, but tagline and logo may be emptied.
        """
        emptied = {"welcome_tagline", "logo_url"}
        was = self._was()
        written = {name: value for name, value in self.cleaned_data.items() if name not in was or value != was[name]}
        options = {name: value for name, value in written.items() if name in paths()}
        fields = {name: value for name, value in written.items() if name not in paths()}
        return {name: value for name, value in fields.items() if value != "" or name in emptied} | {"options": options}

    def _was(self) -> dict[str, Any]:
        try:
            was = json.loads(self.data.get("was", "{}"))
        except (ValueError, RecursionError):
            return {}
        return was if isinstance(was, dict) else {}

    def clean(self) -> None:
        """All that is wrong is said at once, each by the service that would refuse it."""
        written = self.changes()
        chosen = written.pop("options")
        for fields in [
            *({name: value} for name, value in written.items()),
            *({"config": with_options({}, {name: value})} for name, value in chosen.items()),
        ]:
            try:
                fill(Widget(), fields)
            except Refused as refusal:
                self.refuse(refusal)

    def refuse(self, refusal: Refused) -> int:
        """The fields of `config` are named for the way to them."""
        if isinstance(refusal, Unprocessable) and refusal.loc[1:2] == ["config"]:
            refusal = Unprocessable(refusal.detail, field="_".join(refusal.loc[2:]))
        return super().refuse(refusal)


def _flat(options: Any) -> dict[str, Any]:
    """{"greeting": {"delay": 5}} -> {"greeting_delay": 5}"""
    return {name: options[way[0]] if len(way) == 1 else options[way[0]][way[1]] for name, way in paths().items()}


class FirstWidget(WidgetLook):
    """Onboarding asks for the least that makes a widget one's own."""

    large = True

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        for name in ("name", "logo_url", "allow_subdomains", "show_online_badge", *paths()):
            del self.fields[name]
