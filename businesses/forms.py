"""The workspace's own facts."""

import zoneinfo
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.forms import SignUp
from businesses.members import GIVEN_ROLES
from businesses.models import Membership, Team
from foundation.pages import PageForm

TEAM_SIZES = [("", _("Choose")), ("1", _("Just me")), ("2-10", "2-10"), ("11-50", "11-50"), ("51+", _("More than 50"))]


class NewWorkspace(PageForm):
    large = True

    name = forms.CharField(
        label=_("Name of your company or team"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "organization", "placeholder": "Tidewater Coffee"}),
    )
    website = forms.CharField(
        label=_("Website"),
        max_length=2048,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "url", "placeholder": "tidewater.coffee"}),
    )
    team_size = forms.ChoiceField(label=_("How many will answer?"), choices=TEAM_SIZES, required=False)


class Join(PageForm):
    """An account for the address that was invited, which is no field: the link says it."""

    large = True

    full_name = SignUp.base_fields["full_name"]
    password = SignUp.base_fields["password"]


class Invite(PageForm):
    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off", "placeholder": "ben@example.com"}),
    )
    role = forms.ChoiceField(label=_("Role"), choices=[(role.value, role.label) for role in GIVEN_ROLES])


class TeamForm(PageForm):
    name = forms.CharField(label=_("Name"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    members = forms.MultipleChoiceField(label=_("Who is in it"), required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: object, people: QuerySet[Membership], team: Team | None, **kwargs: object) -> None:
        """people: whom one may choose. team: whose name and members are shown at first."""
        chosen = list(team.members.values_list("pk", flat=True)) if team else []
        kwargs["initial"] = {"name": team.name if team else "", "members": [str(pk) for pk in chosen]}
        super().__init__(*args, **kwargs)
        choices = [(str(person.pk), person.user.full_name) for person in people]
        self.fields["members"].choices = choices  # type: ignore[attr-defined]


class Workspace(PageForm):
    name = forms.CharField(label=_("Name"), max_length=200)
    website = forms.CharField(
        label=_("Website"), max_length=2048, required=False, widget=forms.TextInput(attrs={"inputmode": "url"})
    )
    industry = forms.CharField(label=_("Industry"), max_length=200, required=False)
    time_zone = forms.ChoiceField(label=_("Time zone"), help_text=_("Times in the inbox are shown in it."))
    assign_on_reply = forms.BooleanField(label=_("Whoever answers first takes the conversation"), required=False)
    # A box that is off is not sent, as one that the page never had.
    has_options = forms.BooleanField(required=False, initial=True, widget=forms.HiddenInput)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        zones = sorted(zoneinfo.available_timezones())
        self.fields["time_zone"].choices = [(zone, zone.replace("_", " ")) for zone in zones]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if not given.pop("has_options", False):
            given.pop("assign_on_reply", None)
        return given
