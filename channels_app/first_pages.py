"""Writing to a customer first: whom, then over which channel, and what."""

from typing import Any
from uuid import uuid4

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_http_methods

from accounts.models import User
from businesses.pages import member_page
from businesses.policy import Action, may
from businesses.selectors import membership_of
from channels_app.first import Way, ways_to, write_first
from conversations import people
from conversations.models import Conversation, Customer
from conversations.services.message_drafts import MAX_CONTENT, MAX_KEY, MAX_SUBJECT
from conversations.views import handling_page
from foundation.errors import Conflict, KeyReused
from foundation.ids import parse_id
from foundation.pages import PageForm
from foundation.text import is_clean

MAX_Q = 200
OFFERED = 20


class FirstForm(PageForm):
    subject = forms.CharField(label=lazy("Subject"), max_length=MAX_SUBJECT, required=False)
    content = forms.CharField(
        label=lazy("Message"),
        max_length=MAX_CONTENT,
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 8, "dir": "auto"}),
    )
    key = forms.CharField(max_length=MAX_KEY, required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any, *, ways: list[Way]) -> None:
        super().__init__(data, initial={"key": str(uuid4())})
        asked = parse_id(data.get("channel")) if data else None
        possible = [way for way in ways if not way.lacks]
        self.way = next((way for way in possible if way.channel.pk == asked), possible[0] if possible else None)

    def write(self, *, author: User, customer: Customer) -> Conversation:
        if self.way is None:
            raise Http404
        written = self.cleaned_data
        by_template = self.way.by_template
        try:
            return write_first(
                author=author,
                customer=customer,
                channel=self.way.channel,
                content="" if by_template else written["content"].replace("\r\n", "\n").rstrip(),
                subject=written["subject"],
                key="" if by_template else written["key"],
            )
        except KeyReused:
            self.data = {**self.data, "key": str(uuid4())}
            text = _("Other words were already sent from this page. Send again, and these go out too.")
            raise Conflict(text) from None


@member_page
@handling_page
@require_http_methods(["GET", "HEAD", "POST"])
def write(request: HttpRequest) -> HttpResponse:
    """`customer`: whom; without it somebody is looked for."""
    user: User = request.user  # type: ignore[assignment]
    if "customer" not in request.GET:
        return _choose(request, user)
    asked = parse_id(request.GET["customer"])
    customers = Customer.objects.visible_to(user).select_related("merged_into")
    customer = customers.filter(pk=asked).first() if asked else None
    if customer is None:
        raise Http404
    customer = customer.merged_into or customer
    ways = ways_to(customer)
    form = FirstForm(request.POST.dict() or None, ways=ways)
    if form.done(lambda: form.write(author=user, customer=customer)):
        assert form.way
        name = "conversation-templates" if form.way.by_template else "conversation"
        return redirect(name, form.outcome.pk)
    context = {
        "customer": customer,
        "form": form,
        "ways": ways,
        "may_connect": may(membership_of(user), Action.MANAGE_CHANNELS),
        "section": "inbox",
    }
    return render(request, "channels_app/first.html", context, status=form.answer_status)


def _choose(request: HttpRequest, user: User) -> HttpResponse:
    q = request.GET.get("q", "").strip()[:MAX_Q]
    rows = people.customers_of(user, people.Filter(q=q if is_clean(q) else ""))[:OFFERED]
    field = "email" if "@" in q else "name"
    context = {"q": q, "max_q": MAX_Q, "rows": rows, "known_by": field, "section": "inbox"}
    return render(request, "channels_app/first_whom.html", context)
