"""Trying passwords: each try is counted before the slow hash runs, so that guessing in parallel gains nothing.

Three counts, all rows (foundation/throttles.py): LOGIN for one account from one address, LOGIN_ADDRESS for one
address, LOGIN_ACCOUNT for one account from anywhere. The last one never locks: beyond it every address still gets
its tries, only LOGIN_SLOWED apart, so whoever is guessed at gets in from a place of their own at once.
Source: promises 7; attacks A10, 2.2.
"""

from accounts.models import User, normal_email
from accounts.services import check_password
from foundation import throttles
from foundation.asking import asker
from foundation.errors import TooFast


def check_login(*, email: str, password: str) -> User | None:
    """The person, or None: alike, also in time, for unknown, wrong and disabled.

    Unknown accounts are counted as known ones are. A right password forgets the wrong ones that its own address
    tried, and nobody else's. Raises TooFast.
    """
    account = normal_email(email)
    pair = (account, asker().address)
    throttles.count_address("LOGIN_ADDRESS")
    throttles.count("LOGIN", pair)
    try:
        throttles.count("LOGIN_ACCOUNT", account)
    except TooFast:
        throttles.count("LOGIN_SLOWED", pair)
    user = check_password(email=email, password=password)
    if user is not None:
        throttles.forget("LOGIN", pair)
        throttles.give_back("LOGIN_ACCOUNT", account)
        throttles.give_back_address("LOGIN_ADDRESS")
    return user
