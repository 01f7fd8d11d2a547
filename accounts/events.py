"""What happened to an account. Whoever keeps a log listens; accounts know nobody above them."""

from typing import Any

from django.dispatch import Signal

from accounts.models import User

# Sent inside the transaction of the change, with `action`, `user`, `email` and `data`.
happened = Signal()


def tell(action: str, *, user: User | None = None, email: str = "", **data: Any) -> None:
    """Say what happened: `session.started`, `session.failed`, `password.changed` ...

    user: the account concerned; None when nobody has it (`email` then says what was tried).
    data: small facts for people, never a secret.
    """
    happened.send(sender=None, action=action, user=user, email=user.email if user else email, data=data)
