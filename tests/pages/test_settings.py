"""Onboarding and settings: forms call the services, and their refusals stand beside the fields."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from businesses.models import Business, Membership
from channels_app.models import Channel
from channels_app.services import create_channel
from conversations.models import ChannelType, Status
from tests import builders
from theo.handoffs import handoff_of
from widgets.models import Widget

WHATSAPP = {"phone_number_id": "1065403522", "access_token": "a-long-access-token-7Qm2"}


def test_onboarding_leads_from_workspace_to_widget_to_the_first_message(db: None, sign_in) -> None:  # type: ignore[no-untyped-def]
    client = sign_in(builders.person("Ada"))
    assert client.post("/onboarding", {"name": "  "}).status_code == 422
    client.post("/onboarding", {"name": "Acme", "website": "https://www.acme.com/shop", "team_size": ""})
    page = client.get("/onboarding")
    assert page.context["step"] == 2
    assert page.context["form"]["domain"].value() == "www.acme.com"
    bad = client.post("/onboarding", {"domain": "not a domain", "primary_color": "red"})
    assert bad.status_code == 422
    assert bad.context["form"].errors["domain"]
    client.post("/onboarding", {"domain": "acme.com", "welcome_heading": "Hi!", "primary_color": "#0F5F59"})
    page = client.get("/onboarding")
    widget = Widget.objects.get()
    assert page.context["step"] == 3
    assert f'data-widget-id="{widget.pk}"' in page.content.decode()
    assert "Waiting for the first message" in page.content.decode()
    builders.visitor_writes(widget.business, "It works")
    fragment = client.get("/onboarding", headers={"X-Requested-With": "fetch"}).content.decode()
    assert "It arrived" in fragment
    assert "It works" in fragment
    assert "<html" not in fragment


def test_the_owner_changes_the_workspace_and_an_agent_only_sees_it(  # type: ignore[no-untyped-def]
    ada: User, ben: User, acme: Business, sign_in
) -> None:
    body = {"name": "Acme Ltd", "website": "", "industry": "Tools", "time_zone": "Europe/Lisbon"}
    assert sign_in(ada).post("/settings/workspace/", body).status_code == 302
    acme.refresh_from_db()
    assert (acme.name, acme.time_zone) == ("Acme Ltd", "Europe/Lisbon")
    client = sign_in(ben)
    assert "Save</button>" not in client.get("/settings/workspace/").content.decode()
    assert client.post("/settings/workspace/", {**body, "name": "Ben’s"}).status_code == 403
    acme.refresh_from_db()
    assert acme.name == "Acme Ltd"


def test_what_is_said_once_waits_for_a_page_that_somebody_sees(ada: User, acme: Business, sign_in) -> None:  # type: ignore[no-untyped-def]
    client = sign_in(ada)
    channel = create_channel(actor=ada, type=ChannelType.WHATSAPP, config=WHATSAPP)
    here, script = f"/settings/channels/{channel.pk}/", {"X-Requested-With": "fetch"}
    client.post(f"{here}delete/")

    assert client.get(here, headers=script).status_code == 404
    assert "Channel deleted." not in client.get("/settings/channels/", headers=script).content.decode()
    assert "Channel deleted." in client.get("/settings/channels/").content.decode()
    assert "Channel deleted." not in client.get("/settings/channels/").content.decode()


def test_a_widget_is_made_changed_and_its_code_shown(ada: User, acme: Business, sign_in) -> None:  # type: ignore[no-untyped-def]
    client = sign_in(ada)
    look = {"domain": "acme.com", "name": "Acme", "welcome_heading": "Hi!", "primary_color": "#0F5F59"}
    made = client.post("/settings/widget/new/", look)
    widget = Widget.objects.get()
    assert made["Location"] == f"/settings/widget/{widget.pk}/install/"
    assert "&lt;script async src=" in client.get(made["Location"]).content.decode()
    address = f"/settings/widget/{widget.pk}/"
    bad = client.post(address, {**look, "primary_color": "teal"})
    assert bad.status_code == 422
    assert bad.context["form"].errors["primary_color"]
    assert 'value="teal"' in bad.content.decode()
    client.post(address, {**look, "welcome_heading": "Hello!"})
    widget.refresh_from_db()
    assert widget.welcome_heading == "Hello!"


def test_a_widget_is_deleted_by_its_owner_who_is_asked_first(ada: User, acme: Business, ben: User, sign_in) -> None:  # type: ignore[no-untyped-def]
    widget = builders.widget(ada)
    address = f"/settings/widget/{widget.pk}/delete/"
    sign_in(ben).post(address)
    client = sign_in(ada)
    assert "Delete the widget of acme.com?" in client.get(address).content.decode()
    assert Widget.objects.exists()

    assert client.post(address)["Location"] == "/settings/widget/"

    assert "The widget of acme.com is deleted." in client.get("/settings/widget/").content.decode()
    assert client.get(address).status_code == 404


def test_mallory_opens_no_widget_and_no_channel_of_acme(ada: User, acme: Business, mallory: User, sign_in) -> None:  # type: ignore[no-untyped-def]
    widget = builders.widget(ada)
    channel = Channel.objects.get(business=acme)
    client = sign_in(mallory)
    for part in ("install/", "identity/", "commands/", "try/", "delete/"):
        assert client.get(f"/settings/widget/{widget.pk}/{part}").status_code == 404
    for address in (f"/settings/widget/{widget.pk}/", f"/settings/channels/{channel.pk}/"):
        assert client.get(address).status_code == 404
        assert client.post(address, {"domain": "evil.com"}).status_code == 404
    for action in ("active", "delete"):
        assert client.post(f"/settings/channels/{channel.pk}/{action}/").status_code == 404
    assert Channel.objects.filter(pk=channel.pk, is_active=True).exists()


@pytest.mark.parametrize("channel_type", ChannelType.values)
def test_every_channel_type_has_a_connect_page(channel_type: str, ada: User, acme: Business, sign_in) -> None:  # type: ignore[no-untyped-def]
    assert sign_in(ada).get(f"/settings/channels/{channel_type}/").status_code == 200


def test_a_channel_is_connected_masked_switched_off_and_deleted(ada: User, acme: Business, sign_in) -> None:  # type: ignore[no-untyped-def]
    client = sign_in(ada)
    missing = client.post("/settings/channels/whatsapp/", {"phone_number_id": "1065403522"})
    assert missing.status_code == 422
    assert missing.context["form"].errors["access_token"]
    made = client.post("/settings/channels/whatsapp/", WHATSAPP)
    channel = Channel.objects.get(business=acme)
    page = client.get(made["Location"]).content.decode()
    assert WHATSAPP["access_token"] not in page
    assert "••••7Qm2" in page
    sealed = channel.credentials["access_token"]
    client.post(made["Location"], {"phone_number_id": "1065403599", "access_token": "••••7Qm2"})
    channel.refresh_from_db()
    assert channel.config["phone_number_id"] == "1065403599"
    assert channel.credentials.keys() >= {"access_token"}
    assert sealed
    client.post(f"{made['Location']}active/", {"is_active": "false"})
    channel.refresh_from_db()
    assert not channel.is_active
    assert "Delete WhatsApp?" in client.get(f"{made['Location']}delete/").content.decode()
    client.post(f"{made['Location']}delete/")
    assert not Channel.objects.filter(pk=channel.pk).exists()


def test_a_secret_that_comes_with_a_mistake_is_asked_for_again_and_never_sent_back(  # type: ignore[no-untyped-def]
    ada: User, acme: Business, sign_in
) -> None:
    client = sign_in(ada)
    wrong = {"access_token": WHATSAPP["access_token"], "phone_number_id": "9" * 65}
    refused = client.post("/settings/channels/whatsapp/", wrong)
    assert refused.status_code == 422
    assert WHATSAPP["access_token"] not in refused.content.decode()
    assert "Enter it again" in refused.content.decode()
    made = client.post("/settings/channels/whatsapp/", WHATSAPP)
    again = client.post(made["Location"], wrong | {"access_token": "another-long-token-9Xw3"})
    page = again.content.decode()
    assert again.status_code == 422
    assert "another-long-token" not in page
    assert 'type="password" name="access_token" value="••••7Qm2"' in page
    assert 'autocomplete="new-password"' in page


def test_who_is_not_the_owner_sees_channels_and_changes_none(ada: User, ben: User, acme: Business, sign_in) -> None:  # type: ignore[no-untyped-def]
    channel = create_channel(actor=ada, type=ChannelType.WHATSAPP, config=WHATSAPP)
    client = sign_in(ben)
    page = client.get("/settings/channels/").content.decode()
    assert "WhatsApp" in page
    assert "Add another" not in page
    assert client.get("/settings/channels/telegram/").status_code == 302
    client.post("/settings/channels/telegram/", {"bot_token": "12:abcdefghijkl"})
    client.post(f"/settings/channels/{channel.pk}/delete/")
    client.post(f"/settings/channels/{channel.pk}/active/", {"is_active": "false"})
    assert client.post(f"/settings/channels/{channel.pk}/", WHATSAPP).status_code == 403
    assert list(Channel.objects.values_list("is_active", flat=True)) == [True]


@pytest.mark.django_db(transaction=True)
def test_the_demo_fills_one_workspace_however_often_it_is_asked(client: Any) -> None:
    from pingback import demo

    assert client.get("/demo/").status_code == 404
    said = demo.fill()
    assert demo.fill() == said
    business = Business.objects.get()
    assert business.conversations.count() == 60
    assert set(business.conversations.values_list("channel_type", flat=True)) == set(ChannelType.values)
    assert Membership.objects.count() == 3
    signed_in = client.post("/login", {"email": "mira@tidewater.example", "password": demo.password()})
    assert signed_in.status_code == 302
    assert "data-widget-id" in client.get("/demo/").content.decode()


@pytest.mark.django_db(transaction=True)
def test_the_demo_looks_like_weeks_of_work(client: Any) -> None:
    from pingback import demo

    demo.fill()
    business = Business.objects.get()
    talks = business.conversations.all()
    assert set(talks.values_list("status", flat=True)) == set(Status.values)
    assert talks.exclude(handoff_reason="").exists()
    assert all(handoff_of(waits) for waits in talks.filter(handoff_at__isnull=False))
    assert talks.filter(not_sent_at__isnull=False, messages__status="failed").count() == 1
    assert business.unanswered.count() == talks.filter(handoff_reason="low_confidence").count()
    assert talks.exclude(snoozed_until=None).exists()
    assert talks.filter(messages__ai_sources__isnull=False, status=Status.RESOLVED).exists()
    assert business.tags.exists()
    assert business.notes.exists()
    assert business.articles.filter(status="draft").exists()
    an_hour_ago = timezone.now() - timedelta(hours=1)
    assert business.customers.filter(last_seen_at__lt=an_hour_ago).count() > 40
    assert business.customers.exclude(phone="").exists()
    for conversation in talks.prefetch_related("messages", "activities", "notes"):
        last = max(each.created_at for each in conversation.messages.all())
        behind = [*conversation.activities.all(), *conversation.notes.all()]
        assert all(each.created_at - last < timedelta(minutes=10) for each in behind)
        assert conversation.waiting_since is None or conversation.waiting_since <= last
    mira = User.objects.get(email="mira@tidewater.example")
    yesterday = timezone.localdate() - timedelta(days=1)
    found = builders.api(mira).get("/api/v1/search", {"q": f"grinder before:{yesterday}"}).json()["results"]
    assert found
    assert all(hit["created_at"] < str(yesterday + timedelta(days=1)) for hit in found)


def test_the_menu_of_the_settings_is_the_same_on_all_of_them(ada: User, acme: Business, sign_in) -> None:  # type: ignore[no-untyped-def]
    client = sign_in(ada)

    def menu(page: str) -> list[str]:
        return re.findall(r'class="side-item" href="(/settings/[^"]*)"', client.get(page).content.decode())

    pages = menu("/settings/workspace/")
    assert "/settings/audit/" in pages
    assert {page: menu(page) for page in pages} == dict.fromkeys(pages, pages)


@pytest.mark.django_db
def test_a_workspace_with_a_widget_is_not_offered_a_second_web_channel(client: Any, ada: User, acme: Business) -> None:
    client.force_login(ada)
    connect = "/settings/channels/widget/"
    assert connect in client.get("/settings/channels/").content.decode()
    builders.widget(ada)
    assert connect not in client.get("/settings/channels/").content.decode()
