"""What every signed-in call must pass beside being signed in."""

from typing import TYPE_CHECKING

from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts import verification

if TYPE_CHECKING:  # REST framework loads this module while it loads its views
    from rest_framework.views import APIView


class VerifiedFirst(BasePermission):
    """Who must still confirm an e-mail reaches only views with `unverified_may`."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        if verification.is_held(request.user) and not getattr(view, "unverified_may", False):
            raise PermissionDenied(verification.held_words())
        return True
