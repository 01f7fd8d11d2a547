"""Somebody who issues Google's tokens."""

from collections.abc import Iterator
from typing import Any

import pytest

from accounts import google
from tests.accounts import issuer as issuers
from tests.accounts.issuer import Issuer


@pytest.fixture
def issuer(settings: Any) -> Iterator[Issuer]:
    google.key_set.forget()
    with issuers.running() as issuer:
        settings.GOOGLE_CLIENT_ID = issuers.CLIENT_ID
        settings.GOOGLE_AUTH_URL = f"{issuer.url}/auth"
        settings.GOOGLE_KEYS_URL = f"{issuer.url}/keys"
        settings.GOOGLE_ISSUERS = [issuer.url, issuer.url.removeprefix("http://")]
        settings.OUTBOUND_ALLOW = ["127.0.0.1"]
        yield issuer
