"""What every call within a workspace must pass beside being signed in.

The scopes of API tokens are enforced here and nowhere else.
"""

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from businesses import scopes
from businesses.models import ApiToken
from businesses.second_factor import SecondFactorMissing, is_missing
from businesses.selectors import membership_of

if TYPE_CHECKING:  # REST framework loads this module while it loads its views
    from rest_framework.views import APIView


class WithinScopes(BasePermission):
    """People pass. A token needs the scope of the view's `resource`; a view without one is closed to tokens."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        if not isinstance(request.auth, ApiToken):
            return True
        scope = scopes.needed(getattr(view, "resource", None), is_safe=request.method in SAFE_METHODS)
        if scope is None:
            raise PermissionDenied(_("An API token cannot be used here."))
        if not scopes.grants(request.auth.scopes, scope):
            raise PermissionDenied(_("This API token lacks the scope %(scope)s.") % {"scope": scope})
        return True


class SecondFactorFirst(BasePermission):
    """Who must still add a second factor reaches only views with `without_factor_may`."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        if not getattr(view, "without_factor_may", False) and is_missing(membership_of(request.user)):
            raise SecondFactorMissing
        return True
