"""Who may see a row: the one answer, used by every list, page and socket."""

from typing import Self, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.db import models

from accounts.models import User
from businesses.selectors import membership_of

Row = TypeVar("Row", bound=models.Model, covariant=True)


class BusinessScoped(models.QuerySet[Row]):
    """Rows that belong to a business through `business_id`."""

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Rows of the user's current workspace; nobody's rows for anybody else."""
        membership = membership_of(user)
        return self.filter(business_id=membership.business_id) if membership else self.none()
