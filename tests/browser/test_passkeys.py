"""Second factors in a real browser: passkeys of a virtual device over the DevTools protocol, and an app's codes."""

from collections.abc import Callable, Iterator
from typing import Any

import pyotp
import pytest

from tests.browser.pages import enhanced_by

PASSWORD = "tidewater-lane-9"
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


@pytest.fixture
def finger(page: Any) -> Callable[[bool], None]:
    """Whether the page's device has one on it: then it answers at once."""
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    known = device.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})

    def put(there: bool) -> None:
        device.send("WebAuthn.setAutomaticPresenceSimulation", {**known, "enabled": there})

    return put


@pytest.fixture(scope="module")
def home(server: Any) -> str:
    """Browsers bind passkeys to names: our loopback address by its name."""
    return f"http://localhost:{server.port}"


def log_in(page: Any, home: str, email: str) -> None:
    page.goto(f"{home}/login")
    page.locator("[name=email]").fill(email)
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_url(lambda url: not url.endswith("/login"))


def test_a_passkey_is_added_and_signs_in_alone_and_as_the_second_step(
    page: Any, finger: Callable[[bool], None], server: Any, home: str
) -> None:
    server.sign_up("ada@passkeys.example")
    log_in(page, home, "ada@passkeys.example")
    page.goto(f"{home}/settings/security/")
    page.locator("#passkey-name").fill("My laptop")
    enhanced_by(page, "passkey")
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_text("Keep these recovery codes").wait_for()
    assert page.locator("#codes li").count() == 10

    page.context.clear_cookies()
    page.goto(f"{home}/login?next=/settings/security/")
    enhanced_by(page, "passkey")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(f"{home}/settings/security/")
    assert page.get_by_text("My laptop").first.is_visible()
    assert page.get_by_text("not used yet").count() == 0

    page.context.clear_cookies()
    page.goto(f"{home}/login")
    page.locator("[name=email]").focus()  # the browser offers it there, beside addresses
    page.wait_for_url(f"{home}/inbox/")

    page.context.clear_cookies()
    finger(False)
    log_in(page, home, "ada@passkeys.example")
    assert page.url == f"{home}/login/second-step"
    finger(True)
    enhanced_by(page, "passkey")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(f"{home}/inbox/")

    page.goto(f"{home}/settings/security/")
    page.get_by_role("link", name="Change My laptop").click()
    page.get_by_role("link", name="Remove").click()
    page.locator("[name=proof]").fill(PASSWORD)
    page.get_by_role("button", name="Remove").click()
    page.wait_for_url(f"{home}/settings/security/")
    page.context.clear_cookies()
    page.goto(f"{home}/login")
    enhanced_by(page, "passkey")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_text("This passkey was not accepted.").wait_for()
    finger(False)
    log_in(page, home, "ada@passkeys.example")
    assert page.url == f"{home}/inbox/"


def test_at_an_address_without_a_name_the_pages_say_so_and_offer_none(page: Any, server: Any) -> None:
    server.sign_up("cara@passkeys.example")
    page.goto(f"{server.url}/login")
    assert page.get_by_role("button", name="Sign in with a passkey").count() == 0
    log_in(page, server.url, "cara@passkeys.example")
    page.goto(f"{server.url}/settings/security/")
    assert page.get_by_text("Passkeys need a host name").is_visible()


def test_an_app_is_set_up_and_asked_for(page: Any, server: Any, home: str) -> None:
    server.sign_up("ben@passkeys.example")
    log_in(page, home, "ben@passkeys.example")
    page.goto(f"{home}/settings/security/")
    page.get_by_role("button", name="Set up an authenticator app").click()
    secret = page.locator("#secret").text_content().replace(" ", "")
    page.locator("[name=code]").fill(pyotp.TOTP(secret).now())
    page.get_by_role("button", name="Turn on").click()
    page.get_by_text("Keep these recovery codes").wait_for()
    codes = [text.strip() for text in page.locator("#codes li").all_text_contents()]
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.path().read_text().split() == codes

    page.context.clear_cookies()
    log_in(page, home, "ben@passkeys.example")
    assert page.url == f"{home}/login/second-step"
    page.locator("[name=code]").fill("000000")
    page.keyboard.press("Enter")
    page.get_by_text("This code is not right").wait_for()
    page.locator("[name=code]").fill(codes[0])
    page.keyboard.press("Enter")
    page.wait_for_url(f"{home}/inbox/")
