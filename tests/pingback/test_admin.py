"""Django admin, for operators: every model is there, searchable, without secrets, and messages are read-only."""

from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.services import open_session
from businesses.models import Business, Membership
from channels_app.services import create_channel
from conversations.models import ChannelType, Message
from tests import builders

pytestmark = pytest.mark.django_db

OURS = ("accounts", "businesses", "conversations", "channels_app", "widgets")
CANARY = "canary-7f3a9b2c1d"


@pytest.fixture
def operator(client: Client) -> Client:
    user = User.objects.create_superuser("root@example.com", builders.PASSWORD, full_name="Olga")
    client.force_login(user)
    return client


@pytest.fixture
def things(ada: User, acme: Business) -> None:
    builders.widget(ada)
    config = {"phone_number_id": "1", "access_token": CANARY, "verify_token": "x" * 20}
    channel = create_channel(actor=ada, type=ChannelType.WHATSAPP, config=config)
    conversation = builders.conversation(acme, type=ChannelType.WHATSAPP, channel=channel)
    builders.answers(ada, conversation, "On its way")
    builders.visitor_writes(acme)
    builders.token(ada)


def test_every_model_is_registered() -> None:
    models = {model for app in OURS for model in apps.get_app_config(app).get_models()}
    assert models - set(admin.site._registry) == set()


def test_I3_every_list_search_and_row_opens_and_shows_no_secret(operator: Client, things: None) -> None:
    for model, model_admin in admin.site._registry.items():
        if model._meta.app_label not in OURS:
            continue
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        assert model_admin.search_fields, name
        for address in [reverse(f"{name}_changelist"), reverse(f"{name}_changelist") + "?q=acme"] + [
            reverse(f"{name}_change", args=[row.pk]) for row in model._default_manager.all()[:3]
        ]:
            answer = operator.get(address)
            assert answer.status_code == 200, address
            assert CANARY.encode() not in answer.content, address


def test_an_operator_reads_messages_and_cannot_change_them(operator: Client, things: None) -> None:
    message = Message.objects.first()
    assert message
    address = reverse("admin:conversations_message_change", args=[message.pk])
    assert message.content in operator.get(address).content.decode()
    assert operator.post(address, {"content": "forged"}).status_code == 403
    assert operator.post(reverse("admin:conversations_message_delete", args=[message.pk])).status_code == 403
    message.refresh_from_db()
    assert message.content != "forged"


def test_an_operator_is_told_that_mails_reach_nobody(operator: Client, settings: Any) -> None:
    assert "Set EMAIL_URL." not in operator.get("/admin/").content.decode()
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    assert "Set EMAIL_URL." in operator.get("/admin/").content.decode()


def test_a_member_who_is_no_operator_sees_no_admin(client: Client, ada: User) -> None:
    client.force_login(ada)
    answer: Any = client.get("/admin/")
    assert answer.status_code == 302
    assert "/admin/login/" in answer["Location"]


def test_saving_a_workspace_leaves_its_feed_position_alone(
    operator: Client, acme: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = reverse("admin:businesses_business_change", args=[acme.pk])
    form = operator.get(address).context["adminform"].form
    data = {name: form[name].value() or "" for name in form.fields} | {
        "name": "Acme Ltd",
        "memberships-TOTAL_FORMS": "0",
        "memberships-INITIAL_FORMS": "0",
    }
    save = Business.save

    def message_in_between(self: Business, **kwargs: Any) -> None:
        builders.conversation(Business.objects.get(pk=acme.pk))
        save(self, **kwargs)

    monkeypatch.setattr(Business, "save", message_in_between)
    assert operator.post(address, data).status_code == 302
    monkeypatch.undo()

    acme.refresh_from_db()
    assert (acme.name, acme.feed_seq) == ("Acme Ltd", 2)
    builders.conversation(acme)


def test_A5_A6_a_disabled_person_and_a_new_password_end_sessions_everywhere(
    operator: Client, ada: User, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.SESSION_ENDED_PUBLISHER = "tests.pingback.test_admin.hear"
    settings.MEMBERSHIP_ENDED_PUBLISHER = "tests.pingback.test_admin.hear"
    heard.clear()
    client = builders.api(ada)
    password = {"password1": "another-lane-77", "password2": "another-lane-77", "usable_password": "true"}
    with django_capture_on_commit_callbacks(execute=True):
        operator.post(reverse("admin:auth_user_password_change", args=[ada.pk]), password)
    assert client.get("/api/v1/auth/me").status_code == 401
    assert len(heard) == 1

    client = builders.api(ada)
    data = {"email": "ADA@example.com", "full_name": "Ada", "is_verified": "on"}
    with django_capture_on_commit_callbacks(execute=True):
        assert operator.post(reverse("admin:accounts_user_change", args=[ada.pk]), data).status_code == 302
    ada.refresh_from_db()
    assert (ada.is_active, ada.email) == (False, "ada@example.com")
    User.objects.filter(pk=ada.pk).update(is_active=True)
    assert client.get("/api/v1/auth/me").status_code == 401


def test_A7_a_member_who_is_switched_off_is_cut_at_once(
    operator: Client, ben: User, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.MEMBERSHIP_ENDED_PUBLISHER = "tests.pingback.test_admin.hear"
    heard.clear()
    membership = ben.memberships.get()
    address = reverse("admin:businesses_membership_change", args=[membership.pk])
    data = {"business": membership.business_id, "user": ben.pk, "role": "agent", "status": "offline"}
    with django_capture_on_commit_callbacks(execute=True):
        assert operator.post(address, data).status_code == 302
    assert heard == [membership.pk]
    with django_capture_on_commit_callbacks(execute=True):
        operator.post(reverse("admin:businesses_membership_delete", args=[membership.pk]), {"post": "yes"})
    assert heard == [membership.pk] * 2


@pytest.mark.django_db(transaction=True)
def test_A7_whoever_is_deleted_is_cut_once_the_row_is_gone(
    operator: Client, acme: Business, ben: User, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SESSION_ENDED_PUBLISHER = settings.MEMBERSHIP_ENDED_PUBLISHER = "tests.pingback.test_admin.hear"
    membership = ben.memberships.get()
    left: list[bool] = []
    monkeypatch.setattr(
        f"{__name__}.hear", lambda pk: left.append(Membership.objects.filter(pk=membership.pk).exists())
    )
    chosen = {"action": "delete_selected", "_selected_action": [str(membership.pk)], "post": "yes"}
    assert operator.post(reverse("admin:businesses_membership_changelist"), chosen).status_code == 302
    assert left == [False]

    heard.clear()
    monkeypatch.undo()
    dora = builders.person("Dora")
    sessions = [open_session(user=user).pk for user in (ben, dora)]
    assert operator.post(reverse("admin:accounts_user_delete", args=[ben.pk]), {"post": "yes"}).status_code == 302
    chosen = {"action": "delete_selected", "_selected_action": [str(dora.pk)], "post": "yes"}
    assert operator.post(reverse("admin:accounts_user_changelist"), chosen).status_code == 302
    assert heard == sessions


heard: list[Any] = []


def hear(identity: Any) -> None:
    heard.append(identity)


def test_an_operator_cannot_write_into_a_policy_header_or_a_stylesheet(
    operator: Client, ada: User, acme: Business
) -> None:
    widget = builders.widget(ada)
    address = reverse("admin:widgets_widget_change", args=[widget.pk])
    form = operator.get(address).context["adminform"].form
    data = {name: form[name].value() or "" for name in form.fields} | {"config": "{}"}
    for field, value in (("domain", "acme.com; script-src *"), ("primary_color", "red"), ("logo_url", "javascript:1")):
        answer = operator.post(address, data | {field: value})
        assert answer.status_code == 200, field
        assert field in answer.context["adminform"].form.errors
    assert operator.post(address, data | {"domain": "HTTPS://Shop.acme.com/"}).status_code == 302
    widget.refresh_from_db()
    assert widget.domain == "shop.acme.com"
