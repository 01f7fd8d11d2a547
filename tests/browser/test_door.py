"""Getting in, in a real browser: with Google (an issuer of our own), and without the password."""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.accounts import issuer as issuers
from tests.accounts.issuer import Issuer
from tests.browser.conftest import Server
from tests.browser.pages import console_of, flaws, signed_in

EMAIL = "ada@door.example"


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with issuers.running() as issuer:
        yield issuer


@pytest.fixture(scope="module")
def server(prepared: Path, issuer: Issuer) -> Iterator[Server]:
    """With sign-in by Google, whose place the issuer takes."""
    folder = Path(tempfile.mkdtemp(prefix="pingback-door-"))
    shutil.copytree(prepared, folder, dirs_exist_ok=True)
    given = {
        "GOOGLE_CLIENT_ID": issuers.CLIENT_ID,
        "GOOGLE_AUTH_URL": f"{issuer.url}/auth",
        "GOOGLE_KEYS_URL": f"{issuer.url}/keys",
        "GOOGLE_ISSUERS": issuer.url,
        "OUTBOUND_ALLOW": "127.0.0.1",
    }
    os.environ.update(given)
    running = Server(folder)
    for name in given:
        del os.environ[name]
    running.sign_up(EMAIL)
    yield running
    running.stop()
    shutil.rmtree(folder, ignore_errors=True)


def test_somebody_signs_up_with_google(browser: Any, server: Server, issuer: Issuer) -> None:
    context = browser.new_context()
    page = context.new_page()
    said = console_of(page, server)
    page.goto(f"{server.url}/signup")
    page.get_by_role("link", name="Continue with Google").click()
    page.wait_for_url("**/onboarding")
    assert page.get_by_role("heading", name="Name your workspace").is_visible()
    assert [line for line in said if issuer.url not in line] == []
    assert "id_token" not in page.evaluate("JSON.stringify(performance.getEntries().map((entry) => entry.name))")
    page.go_back()
    assert "id_token" not in page.url
    context.close()


def test_who_called_it_off_at_google_is_told_so(browser: Any, server: Server, issuer: Issuer) -> None:
    issuer.chooses = False
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{server.url}/login")
    page.get_by_role("link", name="Continue with Google").click()
    page.get_by_role("heading", name="Google did not sign you in").wait_for()
    assert flaws(page) == []
    assert page.url == f"{server.url}/login/google/back"
    page.get_by_role("link", name="Back to log in").click()
    page.wait_for_url("**/login")
    issuer.chooses = True
    context.close()


def test_somebody_signed_in_connects_google_in_security(browser: Any, server: Server, issuer: Issuer) -> None:
    context = signed_in(browser, server, EMAIL)
    page = context.new_page()
    page.goto(f"{server.url}/settings/security/")
    page.get_by_role("link", name="Connect Google").click()
    page.wait_for_url("**/settings/security/")
    # Greta's Google account has its own account here since the first test.
    assert page.get_by_text("already belongs to another account").is_visible()
    assert flaws(page) == []
    context.close()


def test_a_forgotten_password_is_set_anew(browser: Any, server: Server) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{server.url}/login")
    page.get_by_role("link", name="Forgot it?").click()
    assert flaws(page) == []
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_role("button", name="Send the link").click()
    page.get_by_role("heading", name="Look into your mail").wait_for()
    assert flaws(page) == []
    page.goto(mailed(server, r"http://\S+/password/reset/[\w-]{43}"))
    assert flaws(page) == []
    page.get_by_label("New password").fill("a-kettle-of-fish-7")
    page.get_by_role("button", name="Set the password").click()
    page.wait_for_url("**/login")
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password", exact=True).fill("a-kettle-of-fish-7")
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/inbox/")
    context.close()


def mailed(server: Server, pattern: str) -> str:
    """The newest link in the mails, which this server prints."""
    import time

    for _ in range(100):
        if found := re.findall(pattern, (server.folder / "log").read_text()):
            return str(found[-1])
        time.sleep(0.05)
    raise AssertionError("no mail")
