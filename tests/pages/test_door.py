"""Signing up, in and out through the pages."""

from django.test import Client

from accounts.models import AuthSession, User
from tests import builders

ADA = {"full_name": "Ada", "email": "ada@example.com", "password": builders.PASSWORD}


def test_signing_up_leads_to_the_first_step(db: None) -> None:
    client = Client()
    answer = client.post("/signup", ADA)
    assert (answer.status_code, answer["Location"]) == (302, "/onboarding")
    assert User.objects.get().email == "ada@example.com"
    assert "Name your workspace" in client.get("/onboarding").content.decode()


def test_a_taken_address_is_said_beside_its_field_and_what_was_written_stays(ada: User) -> None:
    page = Client().post("/signup", {**ADA, "full_name": "Ada Again"})
    assert page.status_code == 400
    assert page.context["form"].errors["email"]
    assert 'value="Ada Again"' in page.content.decode()
    assert builders.PASSWORD not in page.content.decode()


def test_a_short_password_makes_no_account(db: None) -> None:
    page = Client().post("/signup", {**ADA, "password": "short"})
    assert page.status_code == 422
    assert page.context["form"].errors["password"]
    assert not User.objects.exists()


def test_a_wrong_password_opens_nothing(ada: User) -> None:
    client = Client()
    page = client.post("/login", {"email": ada.email, "password": "not hers at all"})
    assert page.status_code == 401
    assert client.get("/inbox/").status_code == 302
    assert not AuthSession.objects.exists()


def test_logging_in_leads_back_to_where_one_was_but_never_elsewhere(ada: User, acme: object) -> None:
    body = {"email": ada.email, "password": builders.PASSWORD}
    assert Client().post("/login", {**body, "next": "/settings/channels/"})["Location"] == "/settings/channels/"
    assert Client().post("/login", {**body, "next": "https://evil.example/"})["Location"] == "/"
    assert Client().post("/login", {**body, "next": "//evil.example/"})["Location"] == "/"


def test_logging_out_ends_the_session(ada: User, acme: object, sign_in) -> None:  # type: ignore[no-untyped-def]
    client = sign_in(ada)
    assert client.get("/inbox/").status_code == 200
    assert client.get("/logout").status_code == 405
    client.post("/logout")
    assert not AuthSession.objects.exists()
    assert client.get("/inbox/")["Location"] == "/login?next=/inbox/"


def test_the_theme_is_remembered_in_the_page(db: None) -> None:
    client = Client()
    assert "data-theme=" not in client.get("/").content.decode().split(">")[1]
    client.post("/theme", {"theme": "dark", "next": "/login"})
    assert 'data-theme="dark"' in client.get("/login").content.decode()
    client.post("/theme", {"theme": "system"})
    assert 'data-theme="dark"' not in client.get("/login").content.decode()


def test_pages_hold_no_inline_script_style_or_handler(db: None) -> None:
    for address in ("/", "/login", "/signup"):
        answer = Client().get(address)
        assert " style=" not in answer.content.decode()
        assert "onclick" not in answer.content.decode()
        assert "default-src 'self'" in answer["Content-Security-Policy"]


def test_a_form_without_its_token_is_refused_with_a_page_that_says_what_to_do(db: None) -> None:
    page = Client(enforce_csrf_checks=True).post("/login", ADA)
    assert page.status_code == 403
    assert "This page was open for too long" in page.content.decode()


def test_an_unknown_address_is_a_page_of_ours(db: None) -> None:
    page = Client().get("/nowhere")
    assert page.status_code == 404
    assert "There is nothing at this address" in page.content.decode()
