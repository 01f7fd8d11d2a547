"""Who may see a row: the one answer, used by every list, page and socket."""

from datetime import datetime
from typing import Any, Never, Self, TypeVar

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


class OnlyAdded(BusinessScoped[Row]):
    """Rows that nobody changes or deletes once they are there."""

    REFUSAL = "Rows of this table are only ever added."

    def update(self, **kwargs: Any) -> Never:
        raise TypeError(self.REFUSAL)

    def bulk_update(self, *args: Any, **kwargs: Any) -> Never:
        raise TypeError(self.REFUSAL)

    def delete(self) -> Never:
        raise TypeError(self.REFUSAL)

    delete.queryset_only = True  # type: ignore[attr-defined]

    def purge(self, *, before: datetime, most: int) -> int:
        """The end of what was kept long enough: the oldest first, at most so many; returns how many."""
        old = self.filter(created_at__lt=before).order_by("created_at", "pk")
        ids = list(old.values_list("pk", flat=True)[:most])
        self.filter(pk__in=ids)._raw_delete(self.db)
        return len(ids)
