"""Customers out of a CSV, over REST."""

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import APIView

from businesses.policy import Action, require
from businesses.scopes import Resource
from conversations.customer_import_pages import sheet_in
from conversations.models import CustomerImport, ImportState
from conversations.services.customer_imports import begin_import, receive_file, stop_import
from conversations.services.importing_customers import sheet_of
from conversations.wire import timestamp
from foundation.api import SIGNED_IN, WITH_BODY, Done, Text, path_id, refusals
from foundation.uploads import UploadParser, one_file

PREVIEW = "Only look at it: what would be done is told, and `POST …/begin` does it."


class CustomerFileInput(serializers.Serializer[Any]):
    file = serializers.FileField(help_text="As `csv` of the JSON body, in UTF-8, of any size that an upload may have.")
    preview = serializers.BooleanField(default=False, help_text=PREVIEW)


class CustomersInput(serializers.Serializer[Any]):
    csv = Text(
        trim_whitespace=False,
        help_text="The first line names the columns: id, name, email, phone, external_id; the others are attributes.",
    )
    preview = serializers.BooleanField(default=False, help_text=PREVIEW)


class LeftOut(serializers.Serializer[Any]):
    line = serializers.IntegerField()
    detail = serializers.CharField()


class CustomerImportOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField(help_text="Of the file.")
    state = serializers.ChoiceField(choices=ImportState.choices)
    total = serializers.IntegerField(help_text="Its lines.")
    done = serializers.IntegerField(help_text="Of these, how many were gone through so far.")
    new = serializers.IntegerField(help_text="Customers, as it would be until it runs, then as it is.")
    changed = serializers.IntegerField()
    same = serializers.IntegerField()
    left_out = LeftOut(many=True, help_text="The first hundred.")
    left_out_count = serializers.IntegerField()
    created_at = serializers.DateTimeField()


class ImportCustomers(APIView):
    resource = Resource.CONVERSATIONS
    parser_classes = (*api_settings.DEFAULT_PARSER_CLASSES, UploadParser)

    @extend_schema(
        summary="Import customers from a CSV",
        request={"application/json": CustomersInput, "multipart/form-data": CustomerFileInput},
        responses={201: CustomerImportOutput, **refusals(400, *SIGNED_IN, 403, *WITH_BODY)},
    )
    def post(self, request: Request) -> Response:
        """In the background, but for the first 200 lines; GET says how far it is. Each line goes to the customer of its
        strongest key, whoever only claims to be it is not. One at a time."""
        require(request.user, Action.HANDLE_CONVERSATIONS)
        is_file = "file" in request.FILES
        data = (CustomerFileInput if is_file else CustomersInput)(data=request.data)
        data.is_valid(raise_exception=True)
        file = one_file(request.FILES) if is_file else None
        made = receive_file(
            actor=request.user,  # type: ignore[arg-type]
            sheet=sheet_in(file) if file else sheet_of(data.validated_data["csv"], source="csv"),
            name=(file.name or "") if file else "",
            looks_first=data.validated_data["preview"],
        )
        return Response(_payload(made), status=201)


class CustomerImports(APIView):
    resource = Resource.CONVERSATIONS

    @extend_schema(
        summary="List imports of customers",
        responses={200: CustomerImportOutput(many=True), **refusals(400, *SIGNED_IN)},
    )
    def get(self, request: Request) -> Response:
        """The last ten, newest first."""
        require(request.user, Action.HANDLE_CONVERSATIONS)
        rows = CustomerImport.objects.visible_to(request.user).order_by("-created_at", "-pk")
        return Response([_payload(one) for one in rows])


class OneCustomerImport(APIView):
    resource = Resource.CONVERSATIONS

    @extend_schema(
        summary="Get an import of customers", responses={200: CustomerImportOutput, **refusals(400, *SIGNED_IN, 404)}
    )
    def get(self, request: Request, customer_import_id: str) -> Response:
        return Response(_payload(_found(request, customer_import_id)))

    @extend_schema(
        summary="Stop an import of customers",
        request=None,
        responses={200: Done, **refusals(400, *SIGNED_IN, 403, 404)},
    )
    def delete(self, request: Request, customer_import_id: str) -> Response:
        """What is in stays."""
        stop_import(one=_found(request, customer_import_id))
        return Response({"message": "Import stopped"})


class BeginCustomerImport(APIView):
    resource = Resource.CONVERSATIONS

    @extend_schema(
        summary="Begin an import of customers that was looked at",
        request=None,
        responses={200: CustomerImportOutput, **refusals(400, *SIGNED_IN, 403, 404)},
    )
    def post(self, request: Request, customer_import_id: str) -> Response:
        begun = begin_import(one=_found(request, customer_import_id), actor=request.user)  # type: ignore[arg-type]
        return Response(_payload(begun))


def _found(request: Request, text: str) -> CustomerImport:
    require(request.user, Action.HANDLE_CONVERSATIONS)
    one = CustomerImport.objects.visible_to(request.user).filter(pk=path_id(text)).first()
    if one is None:
        raise Http404
    return one


def _payload(one: CustomerImport) -> dict[str, Any]:
    return {
        "id": str(one.pk),
        "name": one.name,
        "state": one.state,
        "total": one.total,
        "done": one.done,
        "new": one.new,
        "changed": one.changed,
        "same": one.same,
        "left_out": [{"line": line, "detail": why} for line, why in one.flaws],
        "left_out_count": one.left_out,
        "created_at": timestamp(one.created_at),
    }
