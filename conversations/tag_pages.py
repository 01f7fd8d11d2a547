"""Settings -> Tags: what they are called, their colours, and two that mean the same made one."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import User
from businesses.pages import member_page
from businesses.selectors import membership_of
from conversations.models import Tag, TagColor
from conversations.services import tags
from foundation.ids import parse_id
from foundation.pages import PageForm


class TagForm(PageForm):
    name = forms.CharField(label=lazy("Name"), max_length=tags.MAX_NAME)
    color = forms.ChoiceField(label=lazy("Colour"), choices=TagColor.choices)

    def values(self) -> dict[str, Any]:
        return {"name": self.cleaned_data["name"], "color": TagColor(self.cleaned_data["color"])}


@member_page
@require_http_methods(["GET", "HEAD", "POST"])
def kept(request: HttpRequest) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    membership = membership_of(user)
    assert membership
    form = TagForm(request.POST or None, initial={"color": TagColor.BLUE})
    if form.done(lambda: tags.create_tag(business=membership.business, actor=user, **form.values())):
        return _saved(request)
    rows = Tag.objects.visible_to(user).annotate(used=Count("conversations")).order_by("name")
    return _page(request, form, {"kept": rows})


@member_page
@require_http_methods(["GET", "HEAD", "POST"])
def one(request: HttpRequest, tag_id: UUID) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    tag = _tag(user, tag_id)
    form = TagForm(request.POST or None, initial={"name": tag.name, "color": tag.color})
    if form.done(lambda: tags.change_tag(tag=tag, actor=user, **form.values())):
        return _saved(request)
    others = Tag.objects.visible_to(user).exclude(pk=tag.pk).order_by("name")
    return _page(request, form, {"one": tag, "others": others})


@member_page
@require_POST
def merge(request: HttpRequest, tag_id: UUID) -> HttpResponse:
    """This tag into the one that was chosen."""
    user: User = request.user  # type: ignore[assignment]
    tag, wanted = _tag(user, tag_id), parse_id(request.POST.get("into"))
    if wanted is None or wanted == tag.pk:
        raise Http404
    tags.merge_tags(tag=tag, into=_tag(user, wanted), actor=user)
    messages.success(request, _("Merged."))
    return redirect("settings-tags")


@member_page
@require_POST
def delete(request: HttpRequest, tag_id: UUID) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    tags.delete_tag(tag=_tag(user, tag_id), actor=user)
    messages.success(request, _("Deleted."))
    return redirect("settings-tags")


def _tag(user: User, tag_id: UUID) -> Tag:
    tag = Tag.objects.visible_to(user).filter(pk=tag_id).first()
    if tag is None:
        raise Http404
    return tag


def _page(request: HttpRequest, form: TagForm, context: dict[str, Any]) -> HttpResponse:
    shown = context | {"form": form, "section": "settings", "tab": "tags"}
    return render(request, "conversations/tag_settings.html", shown, status=form.answer_status)


def _saved(request: HttpRequest) -> HttpResponse:
    messages.success(request, _("Saved."))
    return redirect("settings-tags")
