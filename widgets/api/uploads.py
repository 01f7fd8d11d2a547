"""A visitor's file over REST: the visitor key is the only proof."""

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from conversations.api.serializers import AttachmentOutput, UploadInput
from conversations.attachments import facts_of, payload_of
from foundation.api import WITH_BODY, IdField, path_id, refusals
from foundation.uploads import UploadParser, one_file
from widgets import keys
from widgets.models import Widget
from widgets.uploads import keep_visitors_upload


class VisitorUploadInput(UploadInput):
    conversation_id = IdField()


class VisitorUpload(APIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)
    parser_classes = (UploadParser,)

    @extend_schema(
        summary="Upload a visitor's file for a message",
        auth=[],
        parameters=[
            OpenApiParameter("X-Visitor-Key", str, OpenApiParameter.HEADER, description="From the first ack."),
        ],
        request={"multipart/form-data": VisitorUploadInput},
        responses={201: AttachmentOutput, **refusals(400, 403, 404, *WITH_BODY, 429)},
    )
    def post(self, request: Request, widget_id: str) -> Response:
        """Name it in `attachments` of `client_message` with the same `conversation_id`."""
        widget = Widget.objects.filter(pk=path_id(widget_id)).first()
        key = request.headers.get("X-Visitor-Key")
        if widget is None:
            raise Http404
        visitor = keys.visitor_from_key(key, business_id=widget.business_id, widget_id=widget.pk)
        if visitor is None:
            raise Http404
        data = VisitorUploadInput(data=request.data)
        data.is_valid(raise_exception=True)
        conversation_id = data.validated_data["conversation_id"]
        attachment = keep_visitors_upload(
            visitor=visitor, conversation_id=conversation_id, file=one_file(request.FILES)
        )
        return Response(payload_of(facts_of(attachment)), status=201)
