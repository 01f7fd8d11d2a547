"""What every page's template may name."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from accounts import google
from businesses.models import Role
from businesses.policy import ALLOWED
from businesses.second_factor import is_missing
from businesses.selectors import membership_of
from foundation import mail
from foundation.pages import is_fetch


def page(request: HttpRequest) -> dict[str, Any]:
    """`membership`, `business` (None when signed out or before onboarding), `allowed` actions, `google_is_on`,
    `mail_is_on`, `public_base_url`; for a script no `messages`."""
    membership = membership_of(request.user) if hasattr(request, "user") else None
    # What is said once is for the next page that somebody sees: a script's request would use it up unseen.
    unsaid = {"messages": ()} if is_fetch(request) else {}
    return unsaid | {
        "second_factor_missing": lambda: is_missing(membership),
        "membership": membership,
        "business": membership.business if membership else None,
        "allowed": ALLOWED[Role(membership.role)] if membership else frozenset(),
        "google_is_on": google.is_on(),
        "mail_is_on": mail.is_on(),
        "public_base_url": settings.PUBLIC_BASE_URL,
    }
