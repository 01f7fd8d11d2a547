"""Plans: the contract's words when something does not fit, counted exactly, and the operator's to change."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import User
from businesses import plans
from businesses.models import AuditEntry, Business, Membership, MonthlyUsage, Plan, Role
from conversations.models import Conversation, Message
from conversations.services.messages import send_reply
from foundation.errors import PlanLimit
from tests import builders
from tests.pages.conftest import SignIn

pytestmark = pytest.mark.django_db

WHATSAPP = {"type": "whatsapp", "config": {"phone_number_id": "1", "access_token": "a-long-access-token"}}


def on_plan(business: Business, name: str, **limits: Any) -> Plan:
    plan, _made = Plan.objects.update_or_create(name=name, defaults=limits)
    Business.objects.filter(pk=business.pk).update(plan=plan)
    return plan


def test_a_new_workspace_is_on_pro_without_a_limit_of_messages(acme: Business) -> None:
    assert acme.plan.name == "Pro"
    assert acme.plan.max_messages_per_month is None


# The contract's bodies ---------------------------------------------------------------------------------------


def test_one_agent_too_many(ada: User, acme: Business) -> None:
    on_plan(acme, "Mini", max_agents=1)
    builders.member(acme, builders.person("Ben"))
    builders.person("Cora")

    answer = builders.api(ada).post("/api/v1/team/invite?email=cora@example.com&role=agent")

    assert answer.status_code == 402
    assert answer.json() == {
        "error": "limit_exceeded",
        "plan": "Mini",
        "feature": "agents",
        "current": 1,
        "limit": 1,
        "message": "The Mini plan allows 1 agent besides the owner.",
    }
    assert acme.memberships.count() == 2


def test_one_channel_too_many(ada: User, acme: Business) -> None:
    on_plan(acme, "Mini", max_channels=1)
    client = builders.api(ada)
    assert client.post("/api/v1/channels/", WHATSAPP).status_code == 201

    answer = client.post("/api/v1/channels/", WHATSAPP)

    assert answer.status_code == 402
    assert answer.json() == {
        "error": "limit_exceeded",
        "plan": "Mini",
        "feature": "channels",
        "current": 1,
        "limit": 1,
        "message": "The Mini plan allows 1 channel.",
    }
    assert acme.channels.count() == 1


def test_a_channel_that_the_plan_does_not_have(ada: User, acme: Business) -> None:
    on_plan(acme, "Free")

    answer = builders.api(ada).post("/api/v1/channels/", WHATSAPP)

    assert answer.status_code == 402
    assert answer.json() == {
        "error": "feature_locked",
        "plan": "Free",
        "feature": "integrations",
        "message": "The Free plan has the web widget only.",
    }
    assert not acme.channels.exists()


def test_one_article_too_many(acme: Business) -> None:
    on_plan(acme, "Mini", max_kb_articles=25)
    acme.refresh_from_db()
    plans.check_articles_allowed(acme, current=24)

    with pytest.raises(PlanLimit) as refused:
        plans.check_articles_allowed(acme, current=25)

    assert refused.value.status == 402
    assert refused.value.body == {
        "error": "limit_exceeded",
        "plan": "Mini",
        "feature": "kb_articles",
        "current": 25,
        "limit": 25,
        "message": "The Mini plan allows 25 knowledge articles.",
    }


def test_one_message_too_many_is_a_429_and_stores_nothing(ada: User, acme: Business) -> None:
    on_plan(acme, "Mini", max_messages_per_month=2)
    conversation = builders.conversation(acme)
    client, address = builders.api(ada), f"/api/v1/conversations/{conversation.pk}/messages"
    assert [client.post(address, {"content": str(n)}).status_code for n in (1, 2)] == [201, 201]
    feed = Business.objects.get(pk=acme.pk).feed_seq

    answer = client.post(address, {"content": "3"})

    body = {
        "error": "limit_exceeded",
        "plan": "Mini",
        "feature": "messages",
        "current": 2,
        "limit": 2,
        "message": "The Mini plan allows 2 messages a month, and this month’s are sent.",
    }
    assert (answer.status_code, answer.json()) == (429, body)
    opened = client.post("/api/v1/conversations/", {"business_id": str(acme.pk), "initial_message": "Hi"})
    assert (opened.status_code, opened.json()) == (429, body)
    assert Message.objects.filter(sender_type="agent").count() == 2
    assert Conversation.objects.count() == 1
    assert Business.objects.get(pk=acme.pk).feed_seq == feed


# Counting -----------------------------------------------------------------------------------------------------


def test_only_what_agents_wrote_counts_and_a_repeat_counts_once(ada: User, acme: Business) -> None:
    on_plan(acme, "Mini", max_messages_per_month=2)
    conversation = builders.conversation(acme)
    client, address = builders.api(ada), f"/api/v1/conversations/{conversation.pk}/messages"
    for _ in range(3):
        assert client.post(address, {"content": "Hi"}, headers={"Idempotency-Key": "k"}).status_code in {200, 201}
        builders.says(conversation, "And?")

    assert acme.usage.get().agent_messages == 1
    assert client.post(address, {"content": "2"}).status_code == 201
    assert client.post(address, {"content": "Hi"}, headers={"Idempotency-Key": "k"}).status_code == 200
    assert client.post(address, {"content": "3"}).status_code == 429
    builders.says(conversation, "Customers always may.")
    assert acme.usage.get().agent_messages == 2


def test_a_new_month_begins_at_nought(ada: User, acme: Business) -> None:
    on_plan(acme, "Mini", max_messages_per_month=1)
    with time_machine.travel(datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC), tick=False):
        conversation = builders.conversation(acme)
        builders.answers(ada, conversation, "January")
        with pytest.raises(PlanLimit):
            builders.answers(ada, conversation, "more")
    with time_machine.travel(datetime(2026, 2, 1, tzinfo=UTC), tick=False):
        builders.answers(ada, conversation, "February")

    assert [str(row) for row in acme.usage.order_by("month")] == ["2026-01: 1", "2026-02: 1"]


def test_a_limit_that_comes_later_knows_what_was_sent_before(ada: User, acme: Business) -> None:
    conversation = builders.conversation(acme)
    builders.answers(ada, conversation, "1")
    builders.answers(ada, conversation, "2")
    on_plan(acme, "Mini", max_messages_per_month=1)

    with pytest.raises(PlanLimit) as refused:
        builders.answers(ada, conversation, "3")

    assert (refused.value.body["current"], refused.value.body["limit"]) == (2, 1)


def test_one_workspaces_messages_do_not_count_for_another(ada: User, acme: Business, mallory: User) -> None:
    on_plan(acme, "Mini", max_messages_per_month=1)
    umbrella = mallory.memberships.get().business
    Business.objects.filter(pk=umbrella.pk).update(plan=Plan.objects.get(name="Mini"))
    builders.answers(mallory, builders.conversation(umbrella), "Hi")

    builders.answers(ada, builders.conversation(acme), "Hi")

    assert MonthlyUsage.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_many_senders_at_once_never_pass_the_limit(ada: User, acme: Business) -> None:
    on_plan(acme, "Mini", max_messages_per_month=5)
    conversations = [builders.conversation(acme) for _ in range(4)]

    def send(number: int) -> bool:
        try:
            send_reply(conversation=conversations[number % 4], author=ada, content=str(number))
        except PlanLimit:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(send, range(24))) == 5
    assert Message.objects.filter(sender_type="agent").count() == 5
    assert acme.usage.get().agent_messages == 5


def test_the_composer_says_it_in_words(ada: User, acme: Business, sign_in: SignIn) -> None:
    on_plan(acme, "Mini", max_messages_per_month=0)
    conversation = builders.conversation(acme)

    page = sign_in(ada).post(f"/inbox/{conversation.pk}/reply/", {"content": "Hi"})

    assert page.status_code == 429
    assert "The Mini plan allows 0 messages a month" in page.content.decode()
    assert ">Hi</textarea>" in page.content.decode()
    assert not Message.objects.filter(sender_type="agent").exists()


# Paying -------------------------------------------------------------------------------------------------------

CHECKOUT = "https://pay.example.com/checkout?plan={plan}&workspace={business_id}"


def test_the_owner_is_sent_to_the_operators_checkout(ada: User, acme: Business, settings: Any) -> None:
    settings.CHECKOUT_URL = CHECKOUT
    answer = builders.api(ada).get("/api/v1/billing/checkout-url?plan=mini")
    assert answer.status_code == 200
    assert answer.json() == {"url": f"https://pay.example.com/checkout?plan=mini&workspace={acme.pk}"}


@pytest.mark.parametrize("query", ["", "?plan=free", "?plan=Pro", "?plan=", "?plan=pro%26x"])
def test_another_plan_cannot_be_paid_for(query: str, ada: User, acme: Business, settings: Any) -> None:
    settings.CHECKOUT_URL = CHECKOUT
    assert builders.api(ada).get(f"/api/v1/billing/checkout-url{query}").status_code == 422


def test_without_payment_the_answer_says_so(ada: User, acme: Business) -> None:
    answer = builders.api(ada).get("/api/v1/billing/checkout-url?plan=pro")
    assert answer.status_code == 404
    assert answer.json() == {"detail": "Payment is not set up here. Whoever runs this server decides about plans."}


@pytest.mark.parametrize("role", [Role.ADMIN, Role.AGENT])
def test_B4_billing_is_the_owners(role: Role, acme: Business, settings: Any) -> None:
    settings.CHECKOUT_URL = CHECKOUT
    abe = builders.person("Abe")
    builders.member(acme, abe, role)
    for query in ("", "?plan=pro"):
        assert builders.api(abe).get(f"/api/v1/billing/checkout-url{query}").status_code == 403


# The page -----------------------------------------------------------------------------------------------------


def test_the_page_shows_what_is_used_and_says_who_decides(ada: User, acme: Business, sign_in: SignIn) -> None:
    on_plan(acme, "Mini", max_agents=2, max_channels=1, max_messages_per_month=1)
    builders.member(acme, builders.person("Ben"))
    conversation = builders.conversation(acme)
    builders.answers(ada, conversation, "1")
    builders.widget(ada)

    page = sign_in(ada).get("/settings/plan/").content.decode()

    assert "You are on Mini" in page
    assert page.count("1 of 1") == 2
    assert "1 of 2" in page
    assert "All of it is used" in page
    assert "Whoever runs this server decides about plans" in page
    assert "Change to" not in page


def test_the_page_offers_other_plans_to_the_owner_where_payment_is_set_up(
    ada: User, ben: User, acme: Business, sign_in: SignIn, settings: Any
) -> None:
    settings.CHECKOUT_URL = CHECKOUT
    page = sign_in(ada).get("/settings/plan/").content.decode()
    assert f'href="https://pay.example.com/checkout?plan=mini&amp;workspace={acme.pk}"' in page
    assert "Change to Pro" not in page  # the one they have
    assert "Change to" not in sign_in(ben).get("/settings/plan/").content.decode()


def test_more_than_the_plan_includes_is_said_and_keeps_working(ada: User, acme: Business, sign_in: SignIn) -> None:
    client = builders.api(ada)
    for number_id in ("700000000000001", "700000000000002"):
        client.post("/api/v1/channels/", {**WHATSAPP, "config": {**WHATSAPP["config"], "phone_number_id": number_id}})
    on_plan(acme, "Free")

    page = sign_in(ada).get("/settings/plan/").content.decode()

    assert "You use more than the plan includes" in page
    assert "2 of 1" in page
    assert len(client.get("/api/v1/channels/").json()) == 2


# The operator ---------------------------------------------------------------------------------------------------


@pytest.fixture
def operator(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root@example.com", builders.PASSWORD, full_name="Olga"))
    return client


def change(operator: Client, plan: Plan, **changes: str) -> Any:
    address = reverse("admin:businesses_plan_change", args=[plan.pk])
    form = operator.get(address).context["adminform"].form
    data = {name: form[name].value() for name in form.fields}
    data = {name: "on" if value is True else value for name, value in data.items() if value not in (None, False)}
    return operator.post(address, {name: value for name, value in (data | changes).items() if value})


def test_the_operators_numbers_count_at_once(operator: Client, ada: User, acme: Business) -> None:
    conversation = builders.conversation(acme)
    assert change(operator, acme.plan, max_messages_per_month="1").status_code == 302

    builders.answers(ada, conversation, "1")
    with pytest.raises(PlanLimit):
        builders.answers(ada, conversation, "2")


def test_there_is_always_exactly_one_default(operator: Client, acme: Business) -> None:
    mini = Plan.objects.get(name="Mini")
    assert change(operator, mini, is_default="on").status_code == 302
    assert [plan.name for plan in Plan.objects.filter(is_default=True)] == ["Mini"]
    assert builders.workspace(builders.person("Olga"), "Other").plan == mini

    refused = change(operator, mini, is_default="")
    assert refused.status_code == 200
    assert "Tick this at the plan" in refused.content.decode()
    assert [plan.name for plan in Plan.objects.filter(is_default=True)] == ["Mini"]


def test_a_plan_in_use_and_the_default_one_stay(operator: Client, acme: Business) -> None:
    mini = Plan.objects.get(name="Mini")
    for plan, words in ((acme.plan, "new workspaces start with"), (mini, "1 workspace is on Mini")):
        Business.objects.filter(pk=acme.pk).update(plan=plan)
        address = reverse("admin:businesses_plan_delete", args=[plan.pk])
        assert words in operator.get(address).content.decode()
        operator.post(address, {"post": "yes"})
        many = {"action": "delete_selected", "_selected_action": [plan.pk], "post": "yes"}
        operator.post(reverse("admin:businesses_plan_changelist"), many)
        assert Plan.objects.filter(pk=plan.pk).exists()
    free = Plan.objects.get(name="Free")
    operator.post(reverse("admin:businesses_plan_delete", args=[free.pk]), {"post": "yes"})
    assert not Plan.objects.filter(pk=free.pk).exists()


def test_moving_a_workspace_counts_at_once_and_is_written_down(operator: Client, ada: User, acme: Business) -> None:
    address = reverse("admin:businesses_business_change", args=[acme.pk])
    form = operator.get(address).context["adminform"].form
    data = {name: form[name].value() or "" for name in form.fields} | {
        "plan": Plan.objects.get(name="Free").pk,
        "memberships-TOTAL_FORMS": "0",
        "memberships-INITIAL_FORMS": "0",
    }
    assert operator.post(address, data).status_code == 302

    assert builders.api(ada).post("/api/v1/channels/", WHATSAPP).json()["error"] == "feature_locked"
    row = AuditEntry.objects.get(action="plan.changed")
    assert (row.business_id, row.actor_name, row.data) == (acme.pk, "root@example.com", {"from": "Pro", "to": "Free"})
    assert Membership.objects.filter(business=acme).count() == 1
