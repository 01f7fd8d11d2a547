"""Customers over REST. Source: design.md 10."""

from typing import Any

from django.http import Http404
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from businesses.policy import Action, require
from businesses.scopes import Resource
from conversations import people
from conversations.api.serializers import CustomerOutput
from conversations.models import ChannelType, Customer
from conversations.services import customers
from conversations.services.deleting import delete_customer
from conversations.services.merging_customers import merge_customers, undo_merge
from conversations.wire import customer_payload
from foundation.api import SIGNED_IN, WITH_BODY, CursorQuery, Done, IdField, Text, path_id, refusals
from foundation.errors import Invalid
from foundation.spreadsheets import csv_download


class CustomerInput(serializers.Serializer[Any]):
    name = Text(max_length=customers.MAX_TEXT, required=False, allow_blank=True)
    email = serializers.EmailField(max_length=customers.MAX_EMAIL, required=False, allow_blank=True)
    external_id = Text(max_length=customers.MAX_TEXT, required=False, allow_blank=True)
    phone = Text(max_length=customers.MAX_PHONE, required=False, allow_blank=True)
    notes = Text(max_length=customers.MAX_NOTES, required=False, allow_blank=True)
    attributes = serializers.DictField(
        required=False,
        help_text="Up to 50 texts, numbers, true or false by name. Those that are given are set, null takes one away.",
    )


class CustomerFilter(serializers.Serializer[Any]):
    q = Text(required=False, allow_blank=True, max_length=200, help_text="In name, e-mail, telephone or external id.")
    channel = serializers.ChoiceField(choices=ChannelType.choices, required=False, help_text="Has written there.")
    verified = serializers.BooleanField(required=False, allow_null=True, default=None)
    blocked = serializers.BooleanField(required=False, allow_null=True, default=None)
    seen_since = serializers.DateField(required=False, help_text="A day.")
    sort = serializers.ChoiceField(
        choices=people.Sort.choices, default=people.Sort.CREATED, help_text="`last_seen_at`: only who has written."
    )


class CustomerQuery(CustomerFilter, CursorQuery):
    pass


class CustomerList(serializers.Serializer[Any]):
    results = CustomerOutput(many=True)
    next = serializers.CharField(allow_null=True)


class Customers(APIView):
    resource = Resource.CONVERSATIONS

    @extend_schema(
        operation_id="customers_list",
        summary="List customers",
        parameters=[CustomerQuery],
        responses={200: CustomerList, **refusals(400, *SIGNED_IN, 422)},
    )
    def get(self, request: Request) -> Response:
        require(request.user, Action.HANDLE_CONVERSATIONS)
        query = CustomerQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        chosen = dict(query.validated_data)
        cursor, limit = chosen.pop("cursor", None), chosen.pop("limit")
        wanted = people.Filter(**chosen)
        page, following = people.page(request.user, wanted, cursor=cursor, limit=limit)  # type: ignore[arg-type]
        return Response({"results": [customer_payload(customer) for customer in page], "next": following})

    @extend_schema(
        summary="Write down a customer",
        request=CustomerInput,
        responses={201: CustomerOutput, **refusals(400, *SIGNED_IN, 403, *WITH_BODY)},
    )
    def post(self, request: Request) -> Response:
        membership = require(request.user, Action.HANDLE_CONVERSATIONS)
        data = CustomerInput(data=request.data)
        data.is_valid(raise_exception=True)
        customer = customers.create_customer(business=membership.business, **data.validated_data)
        return Response(customer_payload(customer), status=201)


class OneCustomer(APIView):
    resource = Resource.CONVERSATIONS

    @extend_schema(summary="Get a customer", responses={200: CustomerOutput, **refusals(400, *SIGNED_IN, 404)})
    def get(self, request: Request, customer_id: str) -> Response:
        return Response(customer_payload(_customer_for(request, customer_id)))

    @extend_schema(
        summary="Change a customer",
        request=CustomerInput,
        responses={200: CustomerOutput, **refusals(400, *SIGNED_IN, 403, 404, *WITH_BODY)},
    )
    def patch(self, request: Request, customer_id: str) -> Response:
        """E-mail and external id of a verified customer stay as they are proven."""
        customer = _customer_for(request, customer_id)
        data = CustomerInput(data=request.data)
        data.is_valid(raise_exception=True)
        return Response(customer_payload(customers.change_customer(customer=customer, **data.validated_data)))

    @extend_schema(summary="Delete a customer", responses={200: Done, **refusals(400, *SIGNED_IN, 403, 404)})
    def delete(self, request: Request, customer_id: str) -> Response:
        """With all conversations, messages and files, for good. Owner and admin."""
        require(request.user, Action.DELETE_CUSTOMERS)
        delete_customer(customer=_customer_for(request, customer_id), actor=request.user)  # type: ignore[arg-type]
        return Response({"message": "Customer deleted"})


class ExportCustomers(APIView):
    resource = Resource.CONVERSATIONS

    @extend_schema(
        summary="Export customers as a CSV",
        request=CustomerFilter,
        responses={
            (200, "text/csv"): OpenApiResponse(OpenApiTypes.STR, description="All that the filter means."),
            **refusals(400, *SIGNED_IN, 403, *WITH_BODY),
        },
    )
    def post(self, request: Request) -> HttpResponseBase:
        """A POST, for it is written down. What a spreadsheet would take for a formula has an apostrophe before it."""
        data = CustomerFilter(data=request.data)
        data.is_valid(raise_exception=True)
        batches = people.export(request.user, people.Filter(**data.validated_data))  # type: ignore[arg-type]
        return csv_download(f"customers-{timezone.localdate():%Y-%m-%d}.csv", batches)


class SamePersonInput(serializers.Serializer[Any]):
    other_id = IdField()


class MergeCustomer(APIView):
    resource = Resource.CONVERSATIONS

    @extend_schema(
        summary="Merge another customer into this one",
        request=SamePersonInput,
        responses={200: CustomerOutput, **refusals(400, *SIGNED_IN, 403, 404, *WITH_BODY)},
    )
    def post(self, request: Request, customer_id: str) -> Response:
        """The other is the same person: the team sees both as one. Nothing moves, and DELETE on the other undoes it."""
        into = _customer_for(request, customer_id)
        data = SamePersonInput(data=request.data)
        data.is_valid(raise_exception=True)
        other = Customer.objects.visible_to(request.user).filter(pk=data.validated_data["other_id"]).first()
        if other is None:
            raise Invalid(_("There is no such customer."))
        merge_customers(customer=other, into=into, actor=request.user)  # type: ignore[arg-type]
        return Response(customer_payload(into))

    @extend_schema(summary="Undo a merge", responses={200: CustomerOutput, **refusals(400, *SIGNED_IN, 403, 404)})
    def delete(self, request: Request, customer_id: str) -> Response:
        """The customer that was merged into another is one of their own again, as they were."""
        customer = undo_merge(customer=_customer_for(request, customer_id), actor=request.user)  # type: ignore[arg-type]
        return Response(customer_payload(customer))


def _customer_for(request: Request, text: str) -> Customer:
    require(request.user, Action.HANDLE_CONVERSATIONS)
    customer = Customer.objects.visible_to(request.user).filter(pk=path_id(text)).first()
    if customer is None:
        raise Http404
    return customer
