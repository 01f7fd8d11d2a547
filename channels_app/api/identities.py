"""Over which channels a customer is known, and why; over REST."""

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from businesses.policy import Action, require
from businesses.scopes import Resource
from channels_app.identity import KnownAs, known_as, separate
from channels_app.models import Contact
from conversations.api.serializers import CustomerOutput
from conversations.models import ChannelType, Customer
from conversations.wire import customer_payload, timestamp
from foundation.api import SIGNED_IN, path_id, refusals


class IdentityOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    channel_id = serializers.UUIDField()
    channel_type = serializers.ChoiceField(choices=ChannelType.choices)
    key = serializers.CharField(help_text="What the channel calls the customer.")
    handle = serializers.CharField(help_text="A number, an @name or an address for people to read; may be empty.")
    reason = serializers.CharField(help_text="Why it is this customer, in a sentence.")
    unreachable = serializers.CharField(
        help_text="Why nothing reaches them there until they write; empty: nothing says so."
    )
    is_matched = serializers.BooleanField(help_text="Because of another channel; DELETE takes it apart again.")
    created_at = serializers.CharField()


class IdentityList(serializers.Serializer[Any]):
    results = IdentityOutput(many=True)
    next = serializers.CharField(allow_null=True)


class Identities(APIView):
    resource = Resource.CONVERSATIONS

    @extend_schema(
        summary="List what channels know a customer by", responses={200: IdentityList, **refusals(400, *SIGNED_IN, 404)}
    )
    def get(self, request: Request, customer_id: str) -> Response:
        """The oldest first. Channels of one's own (web chat) know nobody by a key."""
        return Response(
            {"results": [_payload(each) for each in known_as(_customer(request, customer_id))], "next": None}
        )


class OneIdentity(APIView):
    resource = Resource.CONVERSATIONS

    @extend_schema(summary="Undo a match", responses={200: CustomerOutput, **refusals(400, *SIGNED_IN, 403, 404)})
    def delete(self, request: Request, customer_id: str, identity_id: str) -> Response:
        """The channel's keys and conversations become a customer of their own, which is the answer."""
        customer = _customer(request, customer_id)
        contact = Contact.objects.filter(pk=path_id(identity_id), customer=customer).first()
        if contact is None:
            raise Http404
        return Response(customer_payload(separate(contact=contact, actor=request.user)))  # type: ignore[arg-type]


def _customer(request: Request, text: str) -> Customer:
    require(request.user, Action.HANDLE_CONVERSATIONS)
    customer = Customer.objects.visible_to(request.user).filter(pk=path_id(text)).first()
    if customer is None:
        raise Http404
    return customer


def _payload(known: KnownAs) -> dict[str, Any]:
    contact = known.contact
    return {
        "id": str(contact.pk),
        "channel_id": str(contact.channel_id),
        "channel_type": contact.channel.type,
        "key": contact.key,
        "handle": known.handle,
        "reason": contact.reason,
        "unreachable": known.unreachable,
        "is_matched": known.is_matched,
        "created_at": timestamp(contact.created_at),
    }
