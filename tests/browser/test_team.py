"""Two people in two browsers: what one does to the other is seen by the other at once."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.pages import console_of, flaws, signed_in
from tests.browser.widget_page import until

PASSWORD = "tidewater-lane-9"


@pytest.fixture(scope="module")
def token(server: Any) -> str:
    return str(server.sign_up("ada@team.example"))


@pytest.fixture
def hired(server: Any, token: str) -> Any:
    """`hired("ben@team.example", "Ben Okafor")`: an agent of Ada's."""

    def hire(email: str, name: str) -> None:
        server.call("POST", "/auth/register", {"email": email, "full_name": name, "password": PASSWORD})
        server.call("POST", f"/team/invite?email={email}", None, token)

    return hire


@pytest.fixture
def opened(browser: Any, server: Any) -> Iterator[Any]:
    """`opened("ada@team.example", "/settings/team/")`: that page, in a browser of its own, live."""
    contexts: list[Any] = []
    noises: list[list[str]] = []

    def open_page(email: str, path: str) -> Any:
        contexts.append(signed_in(browser, server, email))
        page = contexts[-1].new_page()
        noises.append(console_of(page, server))
        page.goto(f"{server.url}{path}")
        return page

    yield open_page
    assert [said for said in noises if said] == []
    for context in contexts:
        context.close()


def test_A7_a_removed_members_open_page_is_cut_says_so_and_reads_no_more(
    server: Any, token: str, hired: Any, opened: Any
) -> None:
    hired("ben@team.example", "Ben Okafor")
    business = server.call("GET", "/auth/me", None, token)["business"]["id"]
    body = {"business_id": business, "initial_message": "For members only"}
    conversation = server.call("POST", "/conversations", body, token)["id"]
    adas, bens = opened("ada@team.example", "/settings/team/"), opened("ben@team.example", f"/inbox/{conversation}/")
    settings = opened("ben@team.example", "/settings/channels/")
    bens.get_by_role("log").get_by_text("For members only").wait_for()
    row = adas.locator(".people > .item", has_text="Ben Okafor")
    row.get_by_text("Live").wait_for()  # his inbox is open

    row.locator("summary").click()
    adas.get_by_role("link", name="Remove").click()
    adas.get_by_role("dialog").get_by_text("out of Acme at once").wait_for()
    adas.get_by_role("dialog").get_by_role("button", name="Remove").click()

    for page in (bens, settings):
        page.get_by_role("heading", name="You are no longer a member of that workspace").wait_for()
    adas.get_by_text("Ben Okafor has no access any more.").wait_for()
    bens.goto(f"{server.url}/inbox/{conversation}/")
    assert "/onboarding" in bens.url
    assert "For members only" not in bens.content()


def test_a_status_that_one_chooses_is_seen_on_the_others_page(hired: Any, opened: Any) -> None:
    hired("eve@team.example", "Eve Adler")
    adas, eves = opened("ada@team.example", "/settings/team/"), opened("eve@team.example", "/inbox/")
    shown = adas.locator(".people > .item", has_text="Eve Adler").locator(".status")
    shown.get_by_text("Live").wait_for()

    eves.locator(".rail-end > summary").click()
    eves.get_by_role("button", name="Away").click()

    shown.get_by_text("Away").wait_for()
    eves.locator('.rail-end button[value="away"][aria-pressed="true"]').wait_for()
    assert eves.locator(".rail .there > .dot").get_attribute("data-status") == "away"
    assert eves.url.endswith("/inbox/")


def test_another_workspace_is_one_click_away_and_other_pages_follow(server: Any, hired: Any, opened: Any) -> None:
    hired("fay@team.example", "Fay Brook")
    owner = server.sign_up("mallory@team.example", name="Mallory Umber", workspace="Umbrella")
    server.call("POST", "/team/invite?email=fay@team.example", None, owner)
    inbox = opened("fay@team.example", "/inbox/")
    other = inbox.context.new_page()
    packets: list[Any] = []
    other.on("websocket", lambda line: line.on("framereceived", lambda packet: packets.append(packet)))
    other.goto(f"{server.url}/settings/team/")
    until(other, lambda: any(str(packet).startswith("40") for packet in packets))  # its line is up

    inbox.locator(".rail-end > summary").click()
    inbox.get_by_role("button", name="Umbrella").click()

    inbox.locator(".workspace", has_text="Umbrella").wait_for()
    other.wait_for_url("**/inbox/")
    other.locator(".workspace", has_text="Umbrella").wait_for()


@pytest.fixture(scope="module")
def crowded(server: Any, token: str) -> None:
    """Long names and addresses, as life brings them."""
    email = "cleo@team.example"
    name = "Cleopatra Montgomery-Featherstonehaugh"
    server.call("POST", "/auth/register", {"email": email, "full_name": name, "password": PASSWORD})
    server.call("POST", f"/team/invite?email={email}&role=admin", None, token)
    server.call("POST", "/team/invitations", {"email": f"{'x' * 60}@example.com"}, token)
    server.call("POST", "/teams", {"name": f"Night shift of {name}"}, token)


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1440, "light")])
def test_the_page_fits_and_reads_well(browser: Any, server: Any, crowded: None, scheme: str, width: int) -> None:
    viewport = {"width": width, "height": 900}
    context = signed_in(browser, server, "ada@team.example", viewport=viewport, color_scheme=scheme)
    page = context.new_page()
    page.goto(f"{server.url}/settings/team/")
    page.get_by_role("heading", name="Members").wait_for()
    assert flaws(page) == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert page.evaluate("(e => e.scrollWidth - e.clientWidth)(document.getElementById('main'))") <= 0
    context.close()
