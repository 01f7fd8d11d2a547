"""Operations that need no token."""

from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.api.authentication import Bearer


class Public(APIView):
    """No token needed and none looked at, so that a stale one does not lock its owner out."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    def get_authenticate_header(self, request: Request) -> str:
        return Bearer().authenticate_header(request)
