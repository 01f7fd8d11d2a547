"""A fresh database takes one step an app; one that is older takes the steps that are left, and both are the same."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from businesses.models import Plan
from conversations.models import Conversation, Message
from pingback.health import _migrations as nothing_is_left

# As installations stood while work on several apps went on at once: each app somewhere else, some not begun.
HALF_WAY = [
    ("businesses", "0010_business_hours"),
    ("accounts", "0005_session_tokens"),
    ("channels_app", "0002_delivery"),
    ("conversations", "0010_saved_views"),
    ("theo", "0002_assistant"),
]
FACTS = {
    # What SQLite keeps for itself comes and goes.
    "sqlite": ["SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND substr(name, 1, 7) != 'sqlite_'"],
    "postgresql": [
        "SELECT table_name, column_name, data_type, character_maximum_length, is_nullable, column_default, is_identity"
        " FROM information_schema.columns WHERE table_schema = 'public'",
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE connamespace = 'public'::regnamespace",
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
        "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
        "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
    ],
}


def facts() -> set[Any]:
    """Every table, column, constraint, index, trigger and function; the order of columns says nothing."""
    with connection.cursor() as cursor:
        rows = []
        for question in FACTS[connection.vendor]:
            cursor.execute(question)
            rows += cursor.fetchall()
    if connection.vendor == "postgresql":
        return set(rows)
    return {(kind, name, tuple(sorted(piece.strip("()") for piece in sql.split(", ")))) for kind, name, sql in rows}


@pytest.fixture
def fresh(transactional_db: None) -> set[Any]:
    """The facts of a database that never was another."""
    return facts()


@pytest.fixture
def elsewhere(fresh: set[Any], tmp_path: Path) -> Iterator[None]:
    """An empty database in the usual one's place."""
    usual = connections["default"]
    other = usual.copy()
    options = {name: value for name, value in usual.settings_dict["OPTIONS"].items() if name != "pool"}
    other.settings_dict = {**usual.settings_dict, "NAME": str(tmp_path / "steps.sqlite3"), "OPTIONS": options}
    if usual.vendor == "postgresql":
        other.settings_dict["NAME"] = f"{usual.settings_dict['NAME']}_steps"
        with usual._nodb_cursor() as cursor:
            cursor.execute(f'CREATE DATABASE "{other.settings_dict["NAME"]}"')
    connections["default"] = other
    yield
    other.close()
    connections["default"] = usual
    if usual.vendor == "postgresql":
        with usual._nodb_cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{other.settings_dict["NAME"]}"')


@pytest.fixture
def half_way(elsewhere: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """As before the steps were summed up."""
    build = MigrationLoader.build_graph

    def build_of_steps(loader: MigrationLoader) -> None:
        loader.replace_migrations = False
        build(loader)
        for name, whole in loader.replacements.items():
            loader.graph.remove_replacement_node(name, whole.replaces)

    with monkeypatch.context() as patch:
        patch.setattr(MigrationLoader, "build_graph", build_of_steps)
        MigrationExecutor(connection).migrate(HALF_WAY)


def test_an_installation_that_is_half_way_goes_on_and_ends_as_a_fresh_one(fresh: set[Any], half_way: None) -> None:
    assert not nothing_is_left()

    call_command("migrate", verbosity=0)

    assert facts() == fresh
    assert set(Plan.objects.values_list("name", flat=True)) == {"Free", "Mini", "Pro"}
    assert nothing_is_left()


def test_an_installation_that_took_every_step_has_nothing_left_to_do(transactional_db: None) -> None:
    loader = MigrationExecutor(connection).loader
    recorder = MigrationRecorder(connection)
    was = set(recorder.applied_migrations())
    wholes = set(loader.replacements)
    assert wholes <= was
    for app, name in wholes:  # as those know nothing of them that are older
        recorder.record_unapplied(app, name)

    assert nothing_is_left()
    call_command("migrate", verbosity=0)

    assert set(recorder.applied_migrations()) == was


def test_an_index_that_was_there_before_its_own_step_is_built_anew(fresh: set[Any], elsewhere: None) -> None:
    MigrationExecutor(connection).migrate([("conversations", "0028_spam")])
    with connection.cursor() as cursor:
        cursor.execute("CREATE INDEX conversation_spam ON conversations_conversation (business_id)")

    call_command("migrate", verbosity=0)

    assert facts() == fresh


def test_only_where_the_teams_last_word_failed_is_something_not_sent_after_the_upgrade(elsewhere: None) -> None:
    before = MigrationExecutor(connection)
    before.migrate([("conversations", "0033_not_sent")])
    old = before.loader.project_state([("conversations", "0033_not_sent")]).apps
    plan = old.get_model("businesses", "Plan").objects.first()
    acme = old.get_model("businesses", "Business").objects.create(name="Acme", plan=plan)

    def talk(status: str, *messages: tuple[str, str]) -> Any:
        at = timezone.now()
        conversation = old.get_model("conversations", "Conversation").objects.create(
            business=acme, channel_type="email", status=status, created_at=at, updated_at=at
        )
        for seq, (sender_type, state) in enumerate(messages, start=1):
            conversation.last_message = old.get_model("conversations", "Message").objects.create(
                conversation=conversation, seq=seq, sender_type=sender_type, status=state, created_at=at
            )
        conversation.save()
        return conversation.pk

    failed, sent = ("agent", "failed"), ("agent", "sent")
    lost = talk("open", sent, failed)
    talk("open", failed, sent)
    talk("pending", failed, ("customer", "sent"))
    talk("resolved", failed)

    call_command("migrate", verbosity=0)

    marked = Conversation.objects.get(not_sent_at__isnull=False)
    assert marked.pk == lost
    assert [message.seq for message in Message.objects.lacking_in(marked)] == [2]
    assert Message.objects.filter(failed_at__isnull=False).count() == 1
