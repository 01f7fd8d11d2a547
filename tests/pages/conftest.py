from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from tests import builders

SignIn = Callable[[User], Client]


@pytest.fixture
def sign_in() -> SignIn:
    """A browser in which the person has signed in through the page."""

    def signed_in(user: User) -> Client:
        client = Client()
        answer = client.post("/login", {"email": user.email, "password": builders.PASSWORD})
        assert answer.status_code == 302
        return client

    return signed_in
