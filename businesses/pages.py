"""Who may open a page of a workspace."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect

from businesses.selectors import membership_of
from foundation.errors import Forbidden

View = Callable[..., HttpResponseBase]


def member_page(view: View) -> View:
    """Signed in and in a workspace; who has none yet is led to make one. What the role does not allow is a 403."""

    @login_required
    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if membership_of(request.user) is None:
            return redirect("onboarding")
        try:
            return view(request, *args, **kwargs)
        except Forbidden as refusal:
            raise PermissionDenied from refusal

    return page
