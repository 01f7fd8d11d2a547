"""A visitor's file over REST: whoever is known proves it by the visitor key."""

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from conversations.api.serializers import AttachmentOutput, UploadInput
from conversations.attachments import facts_of, payload_of
from foundation.api import WITH_BODY, IdField, refusals
from foundation.uploads import UploadParser, one_file
from widgets.api.visitors import KEY, visitor_of, widget_of
from widgets.uploads import keep_visitors_upload


class VisitorUploadInput(UploadInput):
    conversation_id = IdField(required=False, help_text="Without: for the message that begins a conversation.")


class VisitorUpload(APIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)
    parser_classes = (UploadParser,)

    @extend_schema(
        summary="Upload a visitor's file for a message",
        auth=[],
        parameters=[KEY],
        request={"multipart/form-data": VisitorUploadInput},
        responses={201: AttachmentOutput, **refusals(400, 403, 404, *WITH_BODY, 429)},
    )
    def post(self, request: Request, widget_id: str) -> Response:
        """Name it in `attachments` of `client_message` with the same `conversation_id`, or none.

        Who has not written yet sends no key.
        """
        widget = widget_of(widget_id)
        visitor = visitor_of(request, widget) if request.headers.get("X-Visitor-Key") else None
        data = VisitorUploadInput(data=request.data)
        data.is_valid(raise_exception=True)
        attachment = keep_visitors_upload(
            widget=widget,
            visitor=visitor,
            conversation_id=data.validated_data.get("conversation_id"),
            file=one_file(request.FILES),
        )
        return Response(payload_of(facts_of(attachment)), status=201)
