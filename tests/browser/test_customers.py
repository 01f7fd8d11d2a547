"""A customer, changed in one agent's panel and seen in the other's."""

import re
from pathlib import Path
from typing import Any

from tests.browser.pages import console_of, enhanced_by, flaws, signed_in


def test_what_one_writes_down_stands_in_the_others_panel(browser: Any, server: Any) -> None:
    token = server.sign_up("ada@customers.example")
    cleo = server.call("POST", "/customers", {"name": "Cleo"}, token)
    opened = {"business_id": cleo["business_id"], "customer_id": cleo["id"], "initial_message": "Hello"}
    talk = server.call("POST", "/conversations/", opened, token)["id"]
    wide = {"width": 1440, "height": 900}
    contexts = [signed_in(browser, server, "ada@customers.example", viewport=wide) for _ in range(2)]
    one, other = [context.new_page() for context in contexts]
    noise = console_of(one, server)
    for page in (one, other):
        page.goto(f"{server.url}/inbox/{talk}/")
        page.locator("body[data-ready]").wait_for()

    one.get_by_role("link", name="Edit the customer").click()
    form = one.locator("#customer").get_by_role("form", name="Edit customer")
    form.get_by_label("E-mail").fill("nonsense")
    form.get_by_role("button", name="Save").click()
    form.get_by_text("E-mail: Enter a valid email address.").wait_for()
    form.get_by_label("E-mail").fill("cleo@example.com")
    form.get_by_label("Attributes").fill("plan: Pro")
    server.call("PATCH", f"/customers/{cleo['id']}", {"phone": "+15550001111"}, token)
    other.locator("#customer").get_by_text("+15550001111").wait_for()
    assert form.get_by_label("Attributes").input_value() == "plan: Pro"  # news take no words out of one's hands
    form.get_by_label("Telephone").fill("+15550001111")
    form.get_by_role("button", name="Save").click()
    form.wait_for(state="detached")

    for page in (one, other):
        page.locator("#customer").get_by_text("cleo@example.com").wait_for()
        page.locator("#customer").get_by_text("Pro").wait_for()
    server.call("PATCH", f"/customers/{cleo['id']}", {"name": "Cleo Marsh"}, token)
    for page in (one, other):
        page.get_by_role("textbox", name="Reply to Cleo Marsh").wait_for()
        assert "Cleo Marsh, " in page.title()
    assert noise == []
    for context in contexts:
        context.close()


def test_the_list_begins_in_sight_on_a_phone_and_is_narrowed_there(browser: Any, server: Any) -> None:
    token = server.sign_up("phone@customers.example")
    for name in ("Cleo", "Dora"):
        server.call("POST", "/customers", {"name": name, "email": f"{name.lower()}@example.com"}, token)
    context = signed_in(
        browser, server, "phone@customers.example", viewport={"width": 360, "height": 740}, has_touch=True
    )
    page = context.new_page()
    page.goto(f"{server.url}/customers/")
    dora = page.get_by_role("link", name="Dora")
    box = dora.bounding_box()
    assert box["y"] + box["height"] < 740 / 2

    page.get_by_text("Filter", exact=True).click()
    page.get_by_label("Identity").select_option("Verified")
    page.get_by_role("button", name="Show").click()
    page.get_by_text("Nobody fits").wait_for()
    page.get_by_role("link", name="Identity: Verified").click()
    dora.click()
    page.get_by_role("heading", name="Dora").wait_for()
    context.close()


def test_a_customers_page_is_changed_where_it_stands(browser: Any, server: Any) -> None:
    token = server.sign_up("place@customers.example")
    cleo = server.call("POST", "/customers", {"name": "Cleo"}, token)
    context = signed_in(browser, server, "place@customers.example")
    page = context.new_page()
    noise = console_of(page, server)
    page.goto(f"{server.url}/customers/{cleo['id']}/")
    enhanced_by(page, "in-place")
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Name").fill("Cleo Marsh")
    page.get_by_label("Name").press("Escape")
    page.get_by_label("Name").wait_for(state="detached")
    page.get_by_role("link", name="Edit").click()
    assert page.get_by_label("Name").input_value() == "Cleo"
    page.get_by_label("Name").fill("Cleo Marsh")
    page.get_by_label("Name").press("Enter")
    page.get_by_role("heading", name="Cleo Marsh").wait_for()
    assert page.url.endswith(f"/customers/{cleo['id']}/")
    assert noise == []
    context.close()


def test_an_import_says_how_far_it_is_and_what_came_of_it(browser: Any, server: Any, tmp_path: Path) -> None:
    token = server.sign_up("import@customers.example")
    context = signed_in(browser, server, "import@customers.example")
    page = context.new_page()
    noise = console_of(page, server)
    file = tmp_path / "many.csv"
    file.write_text("name,email\n" + "".join(f"C{number},c{number}@example.com\n" for number in range(3000)))
    page.goto(f"{server.url}/customers/import/")
    page.get_by_label("CSV file").set_input_files(file)
    page.get_by_role("button", name="Look at it first").click()
    page.get_by_role("heading", name="What would happen").wait_for()
    page.get_by_text("3000 new, 0 changed").wait_for()
    page.get_by_role("button", name="Import these").click()
    page.get_by_text(re.compile(r"[1-9]\d* of 3000 lines\.")).wait_for()
    assert page.get_by_role("progressbar").get_attribute("max") == "3000"
    page.get_by_text("3000 new, 0 changed, 0 as they are, 0 left out.").wait_for()
    assert noise == []
    assert flaws(page) == []
    page.get_by_role("link", name="Show the customers").click()
    page.get_by_role("heading", name="Customers", exact=True).wait_for()
    assert len(server.call("GET", "/customers?limit=100", token=token)["results"]) == 100

    looked = server.call("POST", "/customers/import", {"csv": "name,email\nGrace,\nLinus,x\n", "preview": True}, token)
    page.goto(f"{server.url}/customers/import/{looked['id']}/")
    page.get_by_text("Line 3").wait_for()
    assert flaws(page) == []
    context.close()
