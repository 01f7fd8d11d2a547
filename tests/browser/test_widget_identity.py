"""Who the visitor is, as the page claims or proves it (docs/widget.md)."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

from tests.browser.widget_page import Acme, Visit, until


def secret_of(acme: Acme) -> str:
    return str(acme.call("POST", f"/widget/{acme.widget['id']}/identity-secrets")["secret"])


def token(acme: Acme, secret: str, **claims: Any) -> str:
    """As a site's server makes it, with nothing but a standard library."""

    def part(raw: bytes) -> str:
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    said = {"aud": acme.widget["id"], "exp": int(time.time()) + 600, **claims}
    head = f"{part(json.dumps({'alg': 'HS256', 'typ': 'JWT'}).encode())}.{part(json.dumps(said).encode())}"
    return f"{head}.{part(hmac.digest(secret.encode(), head.encode(), hashlib.sha256))}"


def identify(cleo: Visit, **customer: Any) -> None:
    cleo.page.evaluate("customer => PingBack('identify', customer)", customer)


def test_who_is_claimed_goes_along_with_the_first_message_as_unverified(
    visit: Callable[..., Visit], acme: Acme
) -> None:
    cleo = visit()
    identify(cleo, name="Cleo Blum", email="cleo@example.com")
    assert cleo.page.locator("iframe").count() == 0  # said, and nothing done yet

    cleo.start("Hello?")
    cleo.gets_through()

    [conversation] = acme.conversations
    customer = conversation["customer"]
    assert (customer["name"], customer["email"], customer["verified"]) == ("Cleo Blum", "cleo@example.com", False)


def test_a_proof_that_is_no_good_proves_nothing_and_keeps_nobody_from_writing(
    visit: Callable[..., Visit], acme: Acme
) -> None:
    secret_of(acme)
    cleo = visit()
    identify(cleo, external_id="42", name="Cleo", identity_token=token(acme, "another secret", sub="42"))

    cleo.start("Hello?")
    cleo.gets_through()

    customer = acme.conversations[0]["customer"]
    assert (customer["external_id"], customer["name"], customer["verified"]) == (None, None, False)
    assert cleo.complaints == ["PingBack: identify: This identity is not good, or no longer."]


def test_who_is_proven_finds_what_she_wrote_elsewhere_and_the_next_one_does_not(
    visit: Callable[..., Visit], acme: Acme
) -> None:
    secret = secret_of(acme)
    phone = visit()
    identify(phone, identity_token=token(acme, secret, sub="cleo", name="Cleo"), external_id="cleo")
    phone.start("From my phone")
    phone.gets_through()

    desk = visit()
    identify(desk, identity_token=token(acme, secret, sub="cleo", name="Cleo"), external_id="cleo")
    desk.open()
    desk.sees("From my phone")
    desk.write("And from my desk")
    phone.sees("And from my desk")
    [conversation] = acme.conversations
    assert (conversation["customer"]["name"], conversation["customer"]["verified"]) == ("Cleo", True)

    desk.page.evaluate("PingBack('reset')")
    desk.chat.get_by_role("button", name="Send us a message").wait_for()
    assert desk.chat.get_by_text("From my phone").count() == 0
    assert desk.page.evaluate("localStorage.length") == 0

    identify(desk, identity_token=token(acme, secret, sub="dan"), external_id="dan")
    desk.chat.get_by_role("button", name="Send us a message").click()
    desk.write("I am Dan")
    desk.gets_through()
    assert desk.shown == ["I am Dan"]
    assert phone.complaints == desk.complaints == []


def test_a_page_that_names_somebody_else_without_a_reset_shows_nothing_of_the_one_before(
    visit: Callable[..., Visit], acme: Acme
) -> None:
    cleo = visit()
    identify(cleo, external_id="cleo")
    cleo.start("Only mine")
    cleo.gets_through()
    cleo.page.reload()

    identify(cleo, external_id="dan")
    cleo.open()

    cleo.chat.get_by_role("button", name="Send us a message").wait_for()
    assert cleo.chat.get_by_text("Only mine").count() == 0


def test_for_verified_visitors_only_says_so_until_the_page_proves_who_it_is(
    visit: Callable[..., Visit], acme: Acme
) -> None:
    secret = secret_of(acme)
    acme.call("PUT", f"/widget/update/{acme.widget['id']}", {"config": {"verified_only": True}})
    cleo = visit()
    cleo.open()
    cleo.chat.get_by_text("Sign in on this site to write to us.").wait_for()
    assert not cleo.chat.get_by_role("button", name="Send us a message").is_visible()

    identify(cleo, identity_token=token(acme, secret, sub="cleo"))
    cleo.chat.get_by_role("button", name="Send us a message").click()
    cleo.write("It is me")
    cleo.gets_through()

    cleo.page.reload()
    cleo.open()
    cleo.sees("It is me")
    cleo.write("Still me")
    until(cleo.page, lambda: len(acme.words) == 2)
