"""One's own picture over REST."""

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import profile
from accounts.api.serializers import UserOutput
from foundation.api import SIGNED_IN, WITH_BODY, Done, refusals
from foundation.uploads import UploadParser, one_file


class PictureInput(serializers.Serializer):
    file = serializers.FileField(help_text="png, jpg, gif or webp; its middle is drawn anew as a square.")


class OwnPicture(APIView):
    parser_classes = (UploadParser,)

    @extend_schema(
        summary="Set one's own picture",
        request={"multipart/form-data": PictureInput},
        responses={200: UserOutput, **refusals(400, *SIGNED_IN, 403, *WITH_BODY, 429)},
    )
    def post(self, request: Request) -> Response:
        file = one_file(request.FILES)
        profile.set_picture(user=request.user, name=file.name, file=file.file, size=file.size)
        return Response(UserOutput(request.user).data)

    @extend_schema(summary="Remove one's own picture", request=None, responses={200: Done, **refusals(*SIGNED_IN, 403)})
    def delete(self, request: Request) -> Response:
        profile.remove_picture(user=request.user)
        return Response({"message": _("Picture removed.")})
