"""The one table that the leaf needs."""

from django.db import models


class Count(models.Model):
    """How often something was done within a stretch of time; see `foundation.throttles`."""

    # "<throttle>:<digest of whom it concerns>"
    key = models.CharField(max_length=100, primary_key=True)
    # Of bytes, too.
    amount = models.PositiveBigIntegerField()
    until = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.key}: {self.amount}"
