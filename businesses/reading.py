"""Questions of members that are put together once (foundation/prepared.py), and asked by whoever may see the answer.

`visible_to(READER)` and the like take part in putting them together; `as_reader(user)` says who READER is this time.
"""

from typing import Any

from django.contrib.auth.models import AnonymousUser

from accounts.models import User
from businesses.models import Membership
from businesses.selectors import act_in, membership_of
from foundation.prepared import Given

READER = User(id=Given("reader"))  # type: ignore[misc]
act_in(READER, Membership(business_id=Given("business")))  # type: ignore[misc]


def as_reader(user: User | AnonymousUser) -> dict[str, Any]:
    """Whoever has no workspace sees nobody's rows: no row's `business_id` equals NULL."""
    membership = membership_of(user)
    return {"reader": user.pk, "business": membership.business_id if membership else None}
