"""Customers: the list, and the page of one with facts, conversations and what the team writes down."""

import re
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from businesses.models import Business
from businesses.pages import member_page
from businesses.policy import Action, may
from businesses.selectors import membership_of
from conversations import people
from conversations.models import ChannelType, Customer
from conversations.selectors import conversations_of_person
from conversations.services import customers
from conversations.services.deleting import delete_customer
from conversations.services.merging_customers import merge_customers, undo_merge
from conversations.views import handling_page, refused
from foundation.api import newest_page
from foundation.errors import Invalid, Refused, Unprocessable
from foundation.ids import parse_id
from foundation.pages import FilterForm, PageForm, is_fetch
from foundation.spreadsheets import csv_download
from foundation.text import is_clean

# A page of a customer's conversations.
CONVERSATIONS = 20
# So many who are the same person are listed, and so many are offered to be.
MERGED = 50
OFFERED = 20
MAX_Q = 200
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,14})(?:\.\d{1,6})?")
_TRUTH = {"true": True, "false": False}


class CustomerFilter(FilterForm):
    channel = forms.ChoiceField(
        label=lazy("Channel"), required=False, choices=[("", lazy("Any")), *ChannelType.choices]
    )
    verified = forms.ChoiceField(
        label=lazy("Identity"),
        required=False,
        choices=[("", lazy("Any")), ("yes", lazy("Verified")), ("no", lazy("Unverified"))],
    )
    blocked = forms.ChoiceField(
        label=lazy("Blocked"), required=False, choices=[("", lazy("Any")), ("yes", lazy("Yes")), ("no", lazy("No"))]
    )
    seen_since = forms.DateField(
        label=lazy("Seen since"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    sort = forms.ChoiceField(label=lazy("Sort"), required=False, choices=people.Sort.choices)

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        self.fields["q"].widget.attrs["placeholder"] = _("Name, e-mail, telephone or id")

    def wanted(self) -> people.Filter:
        self.full_clean()
        chosen, truth = self.cleaned_data, {"yes": True, "no": False}
        return people.Filter(
            q=chosen.get("q", ""),
            channel=chosen.get("channel", ""),
            verified=truth.get(chosen.get("verified", "")),
            blocked=truth.get(chosen.get("blocked", "")),
            seen_since=chosen.get("seen_since"),
            sort=chosen.get("sort") or people.Sort.CREATED,
        )


class CustomerForm(PageForm):
    name = forms.CharField(label=lazy("Name"), max_length=customers.MAX_TEXT, required=False)
    email = forms.EmailField(label=lazy("E-mail"), max_length=customers.MAX_EMAIL, required=False)
    phone = forms.CharField(label=lazy("Telephone"), max_length=customers.MAX_PHONE, required=False)
    external_id = forms.CharField(label=lazy("Your id"), max_length=customers.MAX_TEXT, required=False)
    notes = forms.CharField(
        label=lazy("Notes"),
        required=False,
        max_length=customers.MAX_NOTES,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=lazy("What your team should know. They never see it."),
    )
    attributes = forms.CharField(
        label=lazy("Attributes"),
        required=False,
        max_length=customers.MAX_ATTRIBUTES * (customers.MAX_KEY + customers.MAX_VALUE + 3),
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=lazy("One a line, like “plan: Pro”."),
    )

    def __init__(self, *args: Any, customer: Customer, **kwargs: Any) -> None:
        initial = {name: getattr(customer, name) for name in customers.BOUNDS}
        self.lines = {name: people.said(value) for name, value in customer.attributes.items()}
        initial["attributes"] = "\n".join(f"{name}: {value}" for name, value in self.lines.items())
        super().__init__(*args, initial=initial, **kwargs)
        if customer.verified:
            for name in customers.PROVEN:
                self.fields[name].disabled = True
                self.fields[name].help_text = _("Verified: only your own site can change it.")

    def clean_attributes(self) -> dict[str, Any]:
        """Those that are written otherwise than before; the others keep the kind of value that they have."""
        written: dict[str, str] = {}
        for line in self.cleaned_data["attributes"].splitlines():
            name, colon, value = (part.strip() for part in line.partition(":"))
            if colon and name:
                written[name] = value
            elif line.strip():
                raise forms.ValidationError(_("Write each line like “plan: Pro”."))
        changed: dict[str, Any] = {name: None for name in self.lines if name not in written}
        return changed | {name: _value(text) for name, text in written.items() if self.lines.get(name) != text}

    def changes(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.changed_data}


def _value(text: str) -> str | float | bool:
    if text.lower() in _TRUTH:
        return _TRUTH[text.lower()]
    if _NUMBER.fullmatch(text):
        return float(text) if "." in text else int(text)
    return text


@member_page
@require_safe
def kept(request: HttpRequest) -> HttpResponse:
    return _list(request, CustomerFilter(request.GET))


@member_page
@require_POST
def export(request: HttpRequest) -> HttpResponseBase:
    """A POST, for it is written down: no link of somebody else's page starts one."""
    form = CustomerFilter(request.POST)
    if not form.is_valid():
        return _list(request, form)
    try:
        batches = people.export(request.user, form.wanted())  # type: ignore[arg-type]
    except Refused as refusal:
        messages.error(request, refusal.detail)
        return redirect("customers")
    return csv_download(f"customers-{timezone.localdate():%Y-%m-%d}.csv", batches)


@member_page
@require_safe
def one(request: HttpRequest, customer_id: UUID) -> HttpResponse:
    return _one(request, _customer(request, customer_id))


@member_page
@handling_page
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """Somebody who has not written yet; with `then=write` they are written to next."""
    membership = membership_of(request.user)
    assert membership is not None
    begun = {name: request.GET.get(name, "")[: customers.BOUNDS[name]] for name in ("name", "email")}
    form = CustomerForm(request.POST or None, customer=Customer(business=membership.business, **begun))
    if form.done(lambda: _created(membership.business, form.cleaned_data)):
        if request.GET.get("then") == "write":
            return redirect(f"{reverse('conversation-new')}?customer={form.outcome.pk}")
        messages.success(request, _("Saved."))
        return redirect("customer", form.outcome.pk)
    context = {"form": form, "goes_on": request.GET.get("then") == "write", "section": "customers"}
    return render(request, "conversations/customer_new.html", context, status=form.answer_status)


def _created(business: Business, written: dict[str, Any]) -> Customer:
    if not any(written[name] for name in ("name", "email", "phone", "external_id")):
        raise Invalid(_("A name, an e-mail address, a telephone number or an id, please."))
    return customers.create_customer(business=business, **written)


@member_page
@handling_page
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, customer_id: UUID) -> HttpResponse:
    """A page, and what the inbox opens over the thread."""
    customer = _customer(request, customer_id)
    form = CustomerForm(request.POST or None, customer=customer)
    if form.done(lambda: customers.change_customer(customer=customer, **form.changes())):
        if is_fetch(request):
            return HttpResponse(status=204)
        messages.success(request, _("Saved."))
        return redirect("customer", customer.pk)
    if form.errors and is_fetch(request):
        field, texts = next(iter(form.errors.items()))
        label = form.fields[field].label if field in form.fields else ""
        return refused(Unprocessable(f"{label}: {texts[0]}" if label else str(texts[0]), field=field))
    context = {"customer": customer, "form": form, "section": "customers"}
    template = "conversations/customer_form.html" if is_fetch(request) else "conversations/customer_edit.html"
    return render(request, template, context, status=form.answer_status)


@member_page
@handling_page
@require_http_methods(["GET", "HEAD", "POST"])
def merge(request: HttpRequest, customer_id: UUID) -> HttpResponse:
    """Somebody is looked for, and chosen to be the same person: the page's customer stays, the other is merged in."""
    customer = _customer(request, customer_id)
    user: User = request.user  # type: ignore[assignment]
    if request.method == "POST":
        other = parse_id(request.POST.get("other"))
        if other is None:
            raise Http404
        try:
            merge_customers(customer=_customer(request, other), into=customer, actor=user)
        except Refused as refusal:
            messages.error(request, refusal.detail)
        else:
            undo = reverse("customer-unmerge", args=[other])
            messages.success(request, _("Merged."), extra_tags=undo)
        return redirect("customer", customer.pk)
    q = request.GET.get("q", "").strip()
    found = people.customers_of(user, people.Filter(q=q)) if q and len(q) <= MAX_Q and is_clean(q) else None
    rows = list(found.exclude(pk=customer.pk)[:OFFERED]) if found is not None else []
    context = {"customer": customer, "q": q, "max_q": MAX_Q, "rows": rows, "section": "customers"}
    return render(request, "conversations/customer_merge.html", context)


@member_page
@handling_page
@require_POST
def unmerge(request: HttpRequest, customer_id: UUID) -> HttpResponse:
    """The page's customer is one of their own again."""
    customer = _customer(request, customer_id)
    back = customer.person_id
    undo_merge(customer=customer, actor=request.user)  # type: ignore[arg-type]
    messages.success(request, _("They are two again, as they were."))
    return redirect("customer", back)


@member_page
@handling_page
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, customer_id: UUID) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    customer = _customer(request, customer_id)
    if not may(membership_of(user), Action.DELETE_CUSTOMERS):
        raise Http404
    if request.method == "POST":
        delete_customer(customer=customer, actor=user)
        messages.success(request, _("Deleted."))
        return redirect("customers")
    context = {
        "customer": customer,
        "count": conversations_of_person(customer.business_id, customer.pk).count(),
        "others": customer.merged.order_by("pk"),
        "section": "customers",
    }
    return render(request, "conversations/customer_delete.html", context)


def _list(request: HttpRequest, form: CustomerFilter) -> HttpResponse:
    wanted = form.wanted()
    user: User = request.user  # type: ignore[assignment]
    try:
        rows, following = people.page(user, wanted, cursor=request.GET.get("cursor"))
    except Unprocessable:  # an old or edited address: from the newest on
        return redirect(f"{reverse('customers')}?{form.query()}")
    context = {
        "form": form,
        "rows": rows,
        "is_filtered": wanted != people.Filter(sort=wanted.sort),
        "next": form.query(cursor=following) if following else "",
        "first": form.query() if request.GET.get("cursor") else None,
        "section": "customers",
    }
    return render(request, "conversations/customers.html", context, status=422 if form.errors else 200)


def _one(request: HttpRequest, customer: Customer) -> HttpResponse:
    theirs = conversations_of_person(customer.business_id, customer.person_id)
    theirs = theirs.select_related("last_message").order_by("-updated_at", "-id")
    try:
        rows, following = newest_page(theirs, cursor=request.GET.get("cursor"), limit=CONVERSATIONS)
    except Unprocessable:
        return redirect("customer", customer.pk)
    context = {
        "customer": customer,
        "attributes": {name: people.said(value) for name, value in customer.attributes.items()},
        "merged": list(customer.merged.order_by("created_at")[:MERGED]),
        "rows": rows,
        "next": urlencode({"cursor": following}) if following else "",
        "may_delete": may(membership_of(request.user), Action.DELETE_CUSTOMERS),
        "section": "customers",
    }
    return render(request, "conversations/customer.html", context)


def _customer(request: HttpRequest, customer_id: UUID) -> Customer:
    found = Customer.objects.visible_to(request.user).filter(pk=customer_id).first()
    if found is None:
        raise Http404
    return found
