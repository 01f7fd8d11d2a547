"""Channels over REST: what the contract says, and what comes back of a secret."""

from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import User
from businesses.models import Business, Plan
from channels_app.connect_forms import CONNECT_FORMS
from channels_app.credentials import reveal
from channels_app.models import Channel
from conversations.models import ChannelType
from foundation.ids import new_id
from tests import builders
from tests.channels_app.connected import CANARY, CONFIGS, URL, connect


def test_there_is_a_form_for_every_type() -> None:
    assert set(CONNECT_FORMS) == set(ChannelType) == set(CONFIGS)


@pytest.mark.parametrize("type", ChannelType.values)
def test_every_type_can_be_connected_and_shows_no_secret(ada: User, acme: Business, type: str) -> None:
    made = connect(ada, type)

    assert made["type"] == type
    assert made["business_id"] == str(acme.pk)
    assert made["is_active"] is True
    assert set(CONFIGS[type]) <= set(made["config"])
    assert CANARY not in str(made)
    for name in CONNECT_FORMS[ChannelType(type)].secrets & set(CONFIGS[type]):
        assert made["config"][name] == "••••" + CONFIGS[type][name][-4:]
    assert builders.api(ada).get(URL).json() == [made]


def test_the_web_is_connected_at_once_and_the_rest_says_what_is_missing(ada: User, acme: Business) -> None:
    assert (connect(ada, "webchat")["state"], connect(ada, "widget")["state"]) == ("connected", "connected")
    telegram = connect(ada, "telegram")
    assert (telegram["state"], telegram["state_detail"]) == ("connecting", "")
    mail = builders.api(ada).post(URL, {"type": "email", "config": {"address": "help@acme.com"}}).json()
    assert (mail["state"], mail["state_detail"]) == ("incomplete", "Still needed: Outgoing server.")


@pytest.mark.parametrize(
    ("type", "missing"),
    [
        ("telegram", "bot_token"),
        ("whatsapp", "phone_number_id"),
        ("whatsapp", "access_token"),
        ("instagram", "page_id"),
        ("instagram", "access_token"),
        ("x", "api_key"),
        ("x", "access_token"),
    ],
)
@pytest.mark.parametrize("blank", ["absent", None, "", "   "])
def test_a_missing_key_is_refused_by_name_and_nothing_is_stored(
    ada: User, acme: Business, type: str, missing: str, blank: str | None
) -> None:
    config = {**CONFIGS[type], missing: blank}
    if blank == "absent":
        del config[missing]

    answer = builders.api(ada).post(URL, {"type": type, "config": config})

    assert answer.status_code == 400
    assert missing in answer.json()["detail"]
    assert not Channel.objects.exists()


@pytest.mark.parametrize("type", ["email", "whatsapp", "telegram", "instagram", "x", "sms"])
def test_what_is_connected_already_is_not_connected_again_in_the_same_workspace(
    ada: User, acme: Business, type: str
) -> None:
    first = connect(ada, type)
    config = {**CONFIGS[type], "address": "HELP@acme.com"} if type == "email" else CONFIGS[type]

    again = builders.api(ada).post(URL, {"type": type, "config": config})
    saved = builders.api(ada).patch(f"{URL}{first['id']}", {"config": first["config"]})

    assert (again.status_code, saved.status_code) == (409, 200)
    assert "is connected already" in again.json()["detail"]
    assert Channel.objects.count() == 1
    if type == "email":
        assert "E-mail help@acme.com" in again.json()["detail"]


def test_a_channel_does_not_take_over_the_account_of_another_one(ada: User, acme: Business) -> None:
    connect(ada, "email")
    config = {**CONFIGS["email"], "address": "desk@acme.com"}
    other = builders.api(ada).post(URL, {"type": "email", "config": config}).json()

    answer = builders.api(ada).patch(f"{URL}{other['id']}", {"config": CONFIGS["email"]})

    assert answer.status_code == 409
    assert Channel.objects.get(pk=other["id"]).config["address"] == "desk@acme.com"


def test_another_workspace_is_told_nothing_of_who_has_an_account(ada: User, acme: Business) -> None:
    connect(ada, "email")
    dan = builders.person("Dan")
    builders.workspace(dan, "Tide")

    assert connect(dan, "email")["state"] == "connecting"


def test_x_is_taken_with_the_two_keys_that_are_enforced(ada: User, acme: Business) -> None:
    config = {name: CONFIGS["x"][name] for name in ("api_key", "access_token")}

    answer = builders.api(ada).post(URL, {"type": "x", "config": config})

    assert answer.status_code == 201
    assert answer.json()["state_detail"] == "Still needed: API secret, Access token secret."


def test_instagram_takes_the_page_id_under_its_other_name(ada: User, acme: Business) -> None:
    config = {"phone_number_id": "800000000000001", "access_token": CANARY + "inst"}

    made = builders.api(ada).post(URL, {"type": "instagram", "config": config}).json()

    assert made["config"]["page_id"] == made["config"]["phone_number_id"] == "800000000000001"


@pytest.mark.parametrize(("type", "token"), [("whatsapp", "harbour"), ("instagram", "pingback_verify")])
def test_metas_channels_come_with_what_to_enter_there(
    ada: User, acme: Business, settings: Any, type: str, token: str
) -> None:
    instructions = connect(ada, type)["config"]["_meta_setup_instructions"]

    assert instructions == {
        "callback_url": f"{settings.PUBLIC_BASE_URL}/api/v1/webhooks/{type}",
        "verify_token": token,
    }


@pytest.mark.parametrize(
    ("body", "loc"),
    [
        ({"config": {}}, ["body", "type"]),
        ({"type": "telegram"}, ["body", "config"]),
        ({"type": "fax", "config": {}}, ["body", "type"]),
        ({"type": 1, "config": {}}, ["body", "type"]),
        ({"type": "telegram", "config": []}, ["body", "config"]),
        ({"type": "telegram", "config": "x"}, ["body", "config"]),
        ({"type": "telegram", "config": None}, ["body", "config"]),
        ({"type": "telegram", "config": {"bot_token": "t"}, "is_active": "yes"}, ["body", "is_active"]),
        ({"type": "telegram", "config": {"bot_token": "t"}, "is_active": None}, ["body", "is_active"]),
        ({"type": "telegram", "config": {"bot_token": 17}}, ["body", "config", "bot_token"]),
        ({"type": "telegram", "config": {"bot_token": ["t"]}}, ["body", "config", "bot_token"]),
        ({"type": "telegram", "config": {"bot_token": "t" * 201}}, ["body", "config", "bot_token"]),
        ({"type": "email", "config": {"address": "help"}}, ["body", "config", "address"]),
        ({"type": "email", "config": {"address": "help@acme.com\r\nBcc: x@y.z"}}, ["body", "config", "address"]),
        ({"type": "email", "config": {"smtp_port": 70000}}, ["body", "config", "smtp_port"]),
        ({"type": "email", "config": {"smtp_port": True}}, ["body", "config", "smtp_port"]),
        ({"type": "email", "config": {"smtp_port": 25.5}}, ["body", "config", "smtp_port"]),
        ({"type": "email", "config": {"smtp_use_tls": "perhaps"}}, ["body", "config", "smtp_use_tls"]),
        ({"type": "email", "config": {"smtp_use_tls": 1}}, ["body", "config", "smtp_use_tls"]),
    ],
)
def test_a_bad_body_is_422_where_it_is_bad_and_nothing_is_stored(
    ada: User, acme: Business, body: dict[str, Any], loc: list[str]
) -> None:
    answer = builders.api(ada).post(URL, body)

    assert answer.status_code == 422, answer.content
    assert answer.json()["detail"][0]["loc"] == loc
    assert not Channel.objects.exists()


def test_unknown_entries_are_not_kept_nor_the_servers_own(ada: User, acme: Business) -> None:
    config = {**CONFIGS["telegram"], "appSecret": CANARY, "_meta_setup_instructions": {"callback_url": "x"}}

    answer = builders.api(ada).post(
        URL, {"type": "telegram", "config": config, "id": str(new_id()), "state": "connected", "business_id": "x"}
    )

    assert set(answer.json()["config"]) == {"bot_token"}
    assert answer.json()["state"] == "connecting"
    assert answer.json()["business_id"] == str(acme.pk)


# Changing and deleting ------------------------------------------------------------------------------------


def test_a_masked_secret_that_comes_back_stays_what_it_was(ada: User, acme: Business) -> None:
    made = connect(ada, "whatsapp")
    config = {**made["config"], "phone_number_id": "700000000000002"}

    answer = builders.api(ada).patch(URL + made["id"], {"config": config})

    assert answer.status_code == 200
    assert answer.json()["config"]["phone_number_id"] == "700000000000002"
    assert reveal(Channel.objects.get())["access_token"] == CANARY + "what"


def test_a_mask_of_something_else_is_refused(ada: User, acme: Business) -> None:
    made = connect(ada, "telegram")

    fresh = builders.api(ada).post(URL, {"type": "telegram", "config": made["config"]})
    other = builders.api(ada).patch(URL + made["id"], {"config": {"bot_token": "••••nope"}})

    assert (fresh.status_code, other.status_code) == (400, 400)
    assert "bot_token" in fresh.json()["detail"]


def test_a_config_replaces_the_whole_one_under_the_same_rules(ada: User, acme: Business) -> None:
    made = connect(ada, "x")

    refused = builders.api(ada).patch(URL + made["id"], {"config": {"api_key": CANARY + "newk"}})
    changed = builders.api(ada).patch(
        URL + made["id"], {"config": {"api_key": CANARY + "newk", "access_token": made["config"]["access_token"]}}
    )

    assert (refused.status_code, changed.status_code) == (400, 200)
    assert set(changed.json()["config"]) == {"api_key", "access_token"}


def test_switching_off_touches_nothing_else(ada: User, acme: Business) -> None:
    made = connect(ada, "telegram")
    sealed = Channel.objects.get().credentials

    off = builders.api(ada).patch(URL + made["id"], {"is_active": False}).json()

    assert off == {**made, **{name: off[name] for name in ("updated_at", "health")}, "is_active": False}
    assert Channel.objects.get().credentials == sealed


def test_another_type_needs_its_own_keys_and_takes_no_old_secret_along(ada: User, acme: Business) -> None:
    made = connect(ada, "whatsapp")
    api = builders.api(ada)

    bare = api.patch(URL + made["id"], {"type": "telegram"})
    masked = api.patch(URL + made["id"], {"type": "instagram", "config": {**made["config"], "page_id": "8"}})
    whole = api.patch(URL + made["id"], {"type": "telegram", "config": CONFIGS["telegram"]})

    assert (bare.status_code, masked.status_code, whole.status_code) == (400, 400, 200)
    assert whole.json()["type"] == "telegram"
    assert set(Channel.objects.get().credentials) == {"bot_token"}


def test_a_deleted_channel_leaves_its_conversations(ada: User, acme: Business) -> None:
    made = connect(ada, "telegram")
    thread = builders.conversation(acme, type=ChannelType.TELEGRAM, channel=Channel.objects.get())

    answer = builders.api(ada).delete(URL + made["id"])

    assert (answer.status_code, answer.json()) == (200, {"message": "Channel deleted"})
    thread.refresh_from_db()
    assert thread.channel is None
    assert builders.api(ada).delete(URL + made["id"]).status_code == 404


@pytest.mark.parametrize("path", ["channels", "channels/"])
def test_both_forms_of_the_path_answer_without_a_redirect(ada: User, acme: Business, path: str) -> None:
    assert builders.api(ada).get(f"/api/v1/{path}").status_code == 200
    body = {"type": "webchat", "config": {}}
    made = builders.api(ada).post(f"/api/v1/{path}", body)
    assert made.status_code == 201
    assert builders.api(ada).patch(f"{URL}{made.json()['id']}/", {"is_active": False}).status_code == 200


# Secrets in rows ------------------------------------------------------------------------------------------


def test_i3_no_secret_lies_in_the_database_in_clear(ada: User, acme: Business) -> None:
    for type in CONFIGS:
        connect(ada, type)

    with connection.cursor() as cursor:
        # An index of words keeps what it has in tables of its own, and only those can be read.
        indexes: set[str] = set()
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL TABLE%'")
            indexes = {name for (name,) in cursor.fetchall()}
        for table in sorted(set(connection.introspection.table_names()) - indexes):
            cursor.execute(f'SELECT * FROM "{table}"')
            assert CANARY not in repr(cursor.fetchall()), table


def test_i3_the_admin_shows_no_secret(ada: User, acme: Business, admin_client: Any) -> None:
    made = connect(ada, "x")

    for path in ("", f"{made['id']}/change/"):
        page = admin_client.get(f"/admin/channels_app/channel/{path}").content.decode()
        assert CANARY not in page
        assert all(sealed not in page for sealed in Channel.objects.get().credentials.values())


def test_i4_credentials_copied_into_another_row_do_not_open_and_the_channel_says_so(
    ada: User, acme: Business, mallory: User
) -> None:
    connect(ada, "telegram")
    theirs = connect(mallory, "telegram")
    Channel.objects.filter(pk=theirs["id"]).update(credentials=Channel.objects.get(business=acme).credentials)

    shown = builders.api(mallory).get(URL).json()[0]

    assert shown["config"]["bot_token"] == "••••"
    assert shown["state"] == "error"
    assert "Enter them again" in shown["state_detail"]
    assert builders.api(mallory).patch(URL + theirs["id"], {"config": shown["config"]}).status_code == 400
    again = builders.api(mallory).patch(URL + theirs["id"], {"config": CONFIGS["telegram"]})
    assert again.json()["state"] == "connecting"


def test_a_short_secret_shows_no_end(ada: User, acme: Business) -> None:
    made = builders.api(ada).post(URL, {"type": "telegram", "config": {"bot_token": "12345678"}}).json()

    assert made["config"]["bot_token"] == "••••"
    kept = builders.api(ada).patch(URL + made["id"], {"config": made["config"]})
    assert kept.status_code == 200


def test_a_kind_that_the_plan_lost_is_only_switched_off(ada: User, acme: Business) -> None:
    api = builders.api(ada)
    made = api.post(URL, {"type": "telegram", "config": {"bot_token": "t" * 20}}).json()
    Business.objects.update(plan=Plan.objects.get(name="Free"))

    for change in ({"is_active": True}, {"config": {"bot_token": "u" * 20}}):
        answer = api.patch(f"{URL}{made['id']}", change)
        assert (answer.status_code, answer.json()["feature"]) == (402, "integrations")
    assert api.patch(f"{URL}{made['id']}", {"is_active": False}).status_code == 200


def test_what_a_provider_agreed_to_is_one_account_and_no_other(ada: User, acme: Business) -> None:
    """Else whoever connected anything once could take in what comes for somebody else's number."""
    made = connect(ada, "whatsapp")
    number = {"phone_number_id": "700000000000001", "verify_token": "harbour"}

    def is_connected_after(change: dict[str, Any]) -> bool:
        Channel.objects.update(connected_at=timezone.now())
        assert builders.api(ada).patch(URL + made["id"], change).status_code == 200
        return Channel.objects.get(pk=made["id"]).connected_at is not None

    assert is_connected_after({"config": {**number, "access_token": CANARY + "new"}})
    other = {**number, "phone_number_id": "700000000000002", "access_token": CANARY + "new"}
    assert not is_connected_after({"config": other})
    assert not is_connected_after({"type": "telegram", "config": {"bot_token": CANARY + "tele"}})
