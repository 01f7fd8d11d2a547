"""Files over REST: one a request, kept for a message of the conversation that it is uploaded to."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from businesses.scopes import Resource
from conversations.api import serializers as shapes
from conversations.api.views import conversation_for
from conversations.attachments import facts_of, payload_of
from conversations.services.uploads import keep_upload
from foundation.api import SIGNED_IN, WITH_BODY, refusals
from foundation.uploads import UploadParser, one_file


class Upload(APIView):
    resource = Resource.CONVERSATIONS

    parser_classes = (UploadParser,)

    @extend_schema(
        summary="Upload a file for a message",
        request={"multipart/form-data": shapes.UploadInput},
        responses={201: shapes.AttachmentOutput, **refusals(400, *SIGNED_IN, 403, 404, *WITH_BODY, 429)},
    )
    def post(self, request: Request, conversation_id: str) -> Response:
        """Name it in `attachments` of a message within a day, or it is deleted."""
        conversation = conversation_for(request, conversation_id)
        attachment = keep_upload(agent=request.user, conversation=conversation, file=one_file(request.FILES))
        return Response(payload_of(facts_of(attachment)), status=201)
