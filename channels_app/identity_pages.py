"""A customer's page: what was matched across channels is taken apart again."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from businesses.pages import member_page
from channels_app.identity import separate
from channels_app.models import Contact
from conversations.models import Customer
from conversations.views import handling_page
from foundation.errors import Refused


@member_page
@handling_page
@require_POST
def take_apart(request: HttpRequest, customer_id: UUID, identity_id: UUID) -> HttpResponse:
    customers = Customer.objects.visible_to(request.user)
    contact = Contact.objects.filter(pk=identity_id, customer__in=customers.filter(pk=customer_id)).first()
    if contact is None:
        raise Http404
    try:
        apart = separate(contact=contact, actor=request.user)  # type: ignore[arg-type]
    except Refused as refusal:
        messages.error(request, refusal.detail)
        return redirect("customer", customer_id)
    messages.success(
        request, _("They are two now. This is who writes over %(channel)s.") % {"channel": contact.channel}
    )
    return redirect("customer", apart.pk)
