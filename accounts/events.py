"""What happened to an account. Whoever keeps a log listens; accounts know nobody above them."""

from typing import Any

from django.dispatch import Signal

from accounts.models import User

# Sent inside the transaction of the change, with `action`, `user`, `email`, `actor` and `data`.
happened = Signal()
# What an operator did in Django admin, with `action`, `actor`, `row` and `data`.
operated = Signal()


def tell(action: str, *, user: User | None = None, email: str = "", actor: User | None = None, **data: Any) -> None:
    """Say what happened: `session.started`, `session.failed`, `password.changed` ...

    user: the account concerned; None when nobody has it (`email` then says what was tried).
    actor: who did it when it was not the person, like an operator.
    data: small facts for people, never a secret.
    """
    email = user.email if user else email
    happened.send(sender=None, action=action, user=user, email=email, actor=actor, data=data)
