"""Channels over REST: who may, and how many a plan allows."""

import uuid

import pytest

from accounts.models import User
from businesses.models import Business, Plan, Role
from channels_app.models import Channel
from conversations.models import ChannelType
from foundation.ids import new_id
from tests import builders
from tests.channels_app.connected import CANARY, CONFIGS, URL, connect
from widgets.services import create_widget


def calls(user: User | None, channel_id: object) -> list[int]:
    api = builders.api(user)
    return [
        api.get(URL).status_code,
        api.post(URL, {"type": "webchat", "config": {}}).status_code,
        api.patch(f"{URL}{channel_id}", {"is_active": False}).status_code,
        api.delete(f"{URL}{channel_id}").status_code,
    ]


@pytest.mark.parametrize("role", [Role.ADMIN, Role.AGENT])
def test_b4_only_the_owner_changes_channels(ada: User, acme: Business, role: Role) -> None:
    made = connect(ada, "telegram")
    dana = builders.person("Dana")
    builders.member(acme, dana, role)

    assert calls(dana, made["id"]) == [200, 403, 403, 403]
    assert Channel.objects.get().is_active


def test_b8_every_member_sees_the_same_masks(ada: User, acme: Business, ben: User) -> None:
    connect(ada, "x")

    answer = builders.api(ben).get(URL)

    assert answer.json() == builders.api(ada).get(URL).json()
    assert CANARY not in answer.content.decode()


def test_s1_another_workspace_gets_what_an_unknown_id_gets(ada: User, acme: Business, mallory: User) -> None:
    made = connect(ada, "telegram")
    before = Channel.objects.values().get(pk=made["id"])
    api = builders.api(mallory)

    assert api.get(URL).json() == []
    for channel_id in (made["id"], new_id(), "nonsense", "1"):
        for answer in (api.patch(f"{URL}{channel_id}", {"is_active": False}), api.delete(f"{URL}{channel_id}")):
            assert (answer.status_code, answer.json()) == (404, {"detail": "Not found"})
    assert Channel.objects.values().get(pk=made["id"]) == before


def test_nobody_gets_401_and_a_person_without_a_workspace_400(ada: User, acme: Business) -> None:
    made = connect(ada, "telegram")

    assert calls(None, made["id"]) == [401, 401, 401, 401]
    assert calls(builders.person("Nell"), made["id"]) == [400, 400, 400, 400]


# Plans ----------------------------------------------------------------------------------------------------


def on_plan(business: Business, name: str) -> None:
    Business.objects.filter(pk=business.pk).update(plan=Plan.objects.get(name=name))


def test_the_free_plan_has_the_web_only(ada: User, acme: Business) -> None:
    on_plan(acme, "Free")

    answer = builders.api(ada).post(URL, {"type": "telegram", "config": CONFIGS["telegram"]})

    assert answer.status_code == 402
    assert {key: answer.json()[key] for key in ("error", "plan", "feature")} == {
        "error": "feature_locked",
        "plan": "Free",
        "feature": "integrations",
    }
    assert set(answer.json()) == {"error", "plan", "feature", "message"}
    assert connect(ada, "webchat")["state"] == "connected"


def test_one_channel_too_many_is_402_with_the_numbers(ada: User, acme: Business) -> None:
    on_plan(acme, "Mini")
    for type in ("telegram", "x", "sms"):
        connect(ada, type)

    answer = builders.api(ada).post(URL, {"type": "email", "config": CONFIGS["email"]})

    assert answer.status_code == 402
    body = answer.json()
    assert body.pop("message")
    assert body == {"error": "limit_exceeded", "plan": "Mini", "feature": "channels", "current": 3, "limit": 3}
    assert Channel.objects.count() == 3


def test_a_channel_does_not_turn_into_one_that_the_plan_lacks(ada: User, acme: Business) -> None:
    on_plan(acme, "Free")
    made = connect(ada, "webchat")

    answer = builders.api(ada).patch(URL + made["id"], {"type": "telegram", "config": CONFIGS["telegram"]})

    assert answer.status_code == 402
    assert Channel.objects.get().type == "webchat"


def test_all_widgets_of_a_workspace_share_one_channel_on_every_plan(ada: User, acme: Business) -> None:
    on_plan(acme, "Free")
    connect(ada, "webchat")

    first = create_widget(actor=ada, domain="acme.com")
    create_widget(actor=ada, domain="acme.shop")

    channel = Channel.objects.get(type=ChannelType.WIDGET)
    assert channel.config == {"widget_id": str(first.pk)}
    client = builders.api(ada)
    body = client.patch(f"/api/v1/channels/{channel.pk}", {"config": {"widget_id": str(uuid.uuid4())}}).json()
    assert body["config"] == {"widget_id": str(first.pk)}
    assert Channel.objects.default_for(acme.pk) == channel


def test_a_switched_off_channel_is_nobodys_default(ada: User, acme: Business) -> None:
    create_widget(actor=ada, domain="acme.com")
    Channel.objects.update(is_active=False)

    assert Channel.objects.default_for(acme.pk) is None
