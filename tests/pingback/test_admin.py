"""Django admin, for operators: every model is there, searchable, without secrets, and messages are read-only."""

from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from accounts.models import User
from businesses.models import Business
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


def test_a_member_who_is_no_operator_sees_no_admin(client: Client, ada: User) -> None:
    client.force_login(ada)
    answer: Any = client.get("/admin/")
    assert answer.status_code == 302
    assert "/admin/login/" in answer["Location"]
