"""Reading the audit log: the owner's alone, narrowed as wished, and taken along as CSV that runs nowhere."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from asgiref.sync import sync_to_async
from django.db import connection
from django.test import AsyncClient, Client
from django.utils import timezone

from accounts.models import User
from businesses import audit, audit_log
from businesses.audit_words import ACTIONS
from businesses.members import remove_member
from businesses.models import AuditEntry, Business, Role
from tests import builders
from tests.foundation.test_spreadsheets import FORMULAS
from tests.pages.conftest import SignIn

pytestmark = pytest.mark.django_db
PAGE = "/settings/audit/"


def texts(client: Any, query: str = "") -> list[str]:
    answer = client.get(f"/api/v1/audit-log{query}")
    assert answer.status_code == 200, answer.content
    return [row["text"] for row in answer.json()["results"]]


def test_a_row_reads_as_a_sentence_with_the_names_of_today(ada: User, acme: Business) -> None:
    builders.widget(ada)
    ada.full_name = "Ada Lovelace"
    ada.save()

    row = builders.api(ada).get("/api/v1/audit-log?group=widgets").json()["results"][0]

    assert row["text"] == "Ada Lovelace made a widget for acme.com"
    assert (row["actor_id"], row["actor_email"]) == (str(ada.pk), "ada@example.com")
    assert (row["action"], row["group"], row["target_type"]) == ("widget.created", "widgets", "widget")


@pytest.mark.parametrize("action", ACTIONS)
def test_every_sentence_can_be_said_with_and_without_its_facts(action: str, ada: User, acme: Business) -> None:
    row = AuditEntry(action=action, actor_id=ada.pk, actor_name=ada.email, target_name="<b>x</b>", data={})
    assert "<b>&lt;b&gt;" in str(audit_log.sentence(row, {})) or "{target}" not in str(ACTIONS[action].sentence)
    row.data = {"fields": ["is_active"], "from": "agent", "to": "<i>"}
    assert "<i>" not in str(audit_log.sentence(row, {}))
    assert "{" not in audit_log.plain_sentence(row, {})


def test_an_unknown_action_is_shown_as_it_is(ada: User, acme: Business) -> None:
    audit.record("rocket.launched", business_id=acme.pk, actor=ada, target=acme)
    assert texts(builders.api(ada))[1] == "Ada: rocket.launched Acme"


def test_it_is_narrowed_by_group_person_days_and_words(ada: User, ben: User, acme: Business) -> None:
    client = builders.api(ada)
    now = timezone.now()
    for days, actor, domain in ((3, ada, "old.com"), (2, ben, "ben.com"), (1, ada, "new.com")):
        with time_machine.travel(now - timedelta(days=days), tick=False):
            audit.record("widget.created", business_id=acme.pk, actor=actor, target_name=domain)
    since, until = ((now - timedelta(days=days)).date() for days in (2, 1))

    made = [f"{who} made a widget for {what}" for who, what in (("Ada", "new.com"), ("Ben", "ben.com"))]
    assert texts(client, f"?group=widgets&since={since}&until={until}") == made
    assert texts(client, f"?group=widgets&actor_id={ben.pk}") == made[1:]
    assert texts(client, "?q=EW.COM") == made[:1]
    assert texts(client, "?q=ben@example&group=widgets") == made[1:]
    assert texts(client, "?q=100%25") == []


@pytest.mark.parametrize(
    "query",
    [
        "group=x",
        "actor_id=1",
        "since=yesterday",
        "until=2026-13-01",
        "cursor=x",
        "cursor=0001-01-01T00:00:00%2B14:00_01a2139e-ba4a-7d65-b6b2-7affc88c5f9e",
        "limit=0",
        f"q={'x' * 201}",
    ],
)
def test_a_bad_filter_is_said(query: str, ada: User, acme: Business) -> None:
    assert builders.api(ada).get(f"/api/v1/audit-log?{query}").status_code == 422


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_the_ends_of_the_calendar_are_days_too(day: str, ada: User, acme: Business) -> None:
    for query in (f"since={day}", f"until={day}"):
        assert builders.api(ada).get(f"/api/v1/audit-log?{query}").status_code == 200


def test_pages_follow_each_other_without_gap_while_rows_arrive(
    ada: User, acme: Business, django_assert_num_queries: Any
) -> None:
    client = builders.api(ada)
    for number in range(7):
        audit.record("widget.created", business_id=acme.pk, actor=ada, target_name=f"{number}.com")
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        place = {"cursor": cursor} if cursor else {}
        answer = client.get("/api/v1/audit-log", {"group": "widgets", "limit": 3, **place}).json()
        seen += [row["target_name"] for row in answer["results"]]
        audit.record("widget.created", business_id=acme.pk, actor=ada, target_name="late.com")
        cursor = answer["next"]
    assert seen == [f"{number}.com" for number in reversed(range(7))]

    client.get("/api/v1/audit-log")
    with django_assert_num_queries(3):  # who calls, rows, names
        client.get("/api/v1/audit-log?limit=100")


@pytest.mark.parametrize("role", [Role.ADMIN, Role.AGENT])
def test_B4_only_the_owner_reads_or_exports_it(role: Role, acme: Business, sign_in: SignIn) -> None:
    abe = builders.person("Abe")
    builders.member(acme, abe, role)
    client = sign_in(abe)
    assert client.get(PAGE).status_code == 403
    assert "settings/audit" not in client.get("/settings/workspace/").content.decode()
    assert client.post(f"{PAGE}export").status_code == 302
    assert not AuditEntry.objects.filter(action="audit.exported").exists()
    assert builders.api(abe).get("/api/v1/audit-log").status_code == 403


def test_mallory_reads_only_her_own(ada: User, acme: Business, mallory: User, sign_in: SignIn) -> None:
    builders.widget(ada)
    assert texts(builders.api(mallory), f"?actor_id={ada.pk}") == []
    page = sign_in(mallory).get(PAGE).content.decode()
    assert "Umbrella" in page
    assert "acme.com" not in page


def test_the_page_shows_days_details_and_what_is_looked_for(
    ada: User,
    acme: Business,
    sign_in: SignIn,
) -> None:
    client = sign_in(ada)
    audit.record("widget.created", business_id=acme.pk, actor=ada, target_name="<script>alert(1)</script>")
    page = client.get(PAGE).content.decode()
    assert "<b>Ada</b> made a widget for <b>&lt;script&gt;" in page
    assert "Today" in page
    assert "Export CSV" in page

    nothing = client.get(f"{PAGE}?q=nowhere&group=team").content.decode()
    assert "Nothing fits" in nothing
    assert 'value="nowhere"' in nothing
    assert "Export CSV" not in nothing
    assert client.get(f"{PAGE}?since=soon").status_code == 422
    assert client.get(f"{PAGE}?cursor=x&q=ada")["Location"] == f"{PAGE}?q=ada"


def test_the_page_leads_to_older_rows_and_keeps_the_filter(
    ada: User,
    acme: Business,
    sign_in: SignIn,
) -> None:
    for number in range(60):
        audit.record("widget.created", business_id=acme.pk, actor=ada, target_name=f"n{number}.com")
    client = sign_in(ada)
    first = client.get(f"{PAGE}?group=widgets")
    second = client.get(f"{PAGE}?{first.context['older']}")
    assert "n10.com" in first.content.decode()
    assert "n9.com" in second.content.decode()
    assert "n10.com" not in second.content.decode()
    assert second.context["newest"] == "group=widgets"


# Export -----------------------------------------------------------------------------------------------------


async def download(client: Client, **chosen: str) -> tuple[Any, list[list[str]]]:
    taker = AsyncClient()
    taker.cookies = client.cookies
    answer: Any = await taker.post(f"{PAGE}export", chosen)
    assert answer.status_code == 200
    content = b"".join([part async for part in answer.streaming_content])
    return answer, list(csv.reader(io.StringIO(content.decode(), newline="")))


@pytest.mark.django_db(transaction=True)
async def test_F2_every_row_comes_as_csv_that_no_spreadsheet_runs(
    ada: User,
    acme: Business,
    sign_in: SignIn,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(audit_log, "EXPORT_BATCH", 4)
    formulas = [text.replace("\0", "") for text in FORMULAS]

    def written() -> Client:
        client = sign_in(ada)
        User.objects.filter(pk=ada.pk).update(full_name="=1+1")
        for text in formulas:
            audit.record("widget.changed", business_id=acme.pk, actor=ada, target_name=text, fields=[text])
        AuditEntry.objects.bulk_create(
            [AuditEntry(business_id=acme.pk, action="widget.changed", actor_name="@x", user_agent="-x", data={"a": 1})]
        )
        return client

    client = await sync_to_async(written)()
    answer, rows = await download(client, group="widgets")

    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"].startswith('attachment; filename="audit-log-')
    assert (answer["X-Content-Type-Options"], answer["Cache-Control"]) == ("nosniff", "no-store")
    head, *body = rows
    assert head == list(audit_log.COLUMNS)
    assert len(body) == len(formulas) + 1
    for cell in [cell for row in body for cell in row]:
        assert not cell.lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠")), cell
    things = head.index("thing")
    assert [row[things].removeprefix("'") for row in reversed(body[1:])] == formulas
    exported = await AuditEntry.objects.aget(action="audit.exported")
    await sync_to_async(lambda: connection.close())()
    assert exported.data == {"filters": ["group: widgets"]}


@pytest.mark.parametrize(
    "chosen",
    [{"group": "no such group"}, {"since": "yesterday"}, {"until": "2026-02-31"}, {"person": "x"}, {"q": "a\0"}],
    ids=lambda chosen: next(iter(chosen)),
)
def test_an_export_with_a_filter_that_is_none_says_so_instead_of_taking_everything(
    chosen: dict[str, str], ada: User, acme: Business, sign_in: SignIn
) -> None:
    answer = sign_in(ada).post(f"{PAGE}export", chosen)

    assert answer.status_code == 422
    assert answer["Content-Type"].startswith("text/html")
    assert 'class="filter" method="get" action="/settings/audit/"' in answer.content.decode()
    assert answer.context["form"].errors.keys() == chosen.keys()
    assert not AuditEntry.objects.filter(action="audit.exported").exists()


@pytest.mark.django_db(transaction=True)
async def test_exports_are_limited(ada: User, acme: Business, sign_in: SignIn, settings: Any) -> None:
    settings.THROTTLE_RATES = {**settings.THROTTLE_RATES, "EXPORT": (1, 60)}
    client = await sync_to_async(sign_in)(ada)
    await download(client)
    refused: Any = await sync_to_async(client.post)(f"{PAGE}export")
    assert (refused.status_code, refused["Location"]) == (302, PAGE)
    await sync_to_async(lambda: connection.close())()


def test_an_export_holds_one_batch_at_a_time(ada: User, acme: Business, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_log, "EXPORT_BATCH", 10)
    for number in range(35):
        audit.record("widget.created", business_id=acme.pk, actor=ada, target_name=f"{number}.com")
    batches = audit_log.export(ada, audit_log.Filter(group="widgets"))
    audit.record("widget.created", business_id=acme.pk, actor=ada, target_name="late.com")
    assert [len(batch) for batch in batches] == [1, 10, 10, 10, 5]


def test_who_was_removed_can_still_be_asked_for(sign_in: SignIn, ada: User, acme: Business, ben: User) -> None:
    client = sign_in(ada)
    remove_member(actor=ada, membership_id=acme.memberships.get(user=ben).pk)

    page = client.get(PAGE, {"person": str(ben.pk)}).content.decode()

    assert f'<option value="{ben.pk}" selected>' in page
