"""People: Ada owns Acme, Ben is her agent, Cleo writes in, Mallory owns another workspace and sees nothing here."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.postgresql.operations import DatabaseOperations
from django.db.backends.utils import CursorWrapper
from django.db.models.signals import post_migrate

from accounts.models import User
from businesses import feed
from businesses.models import Business, FeedEvent, Role
from tests import builders, migrated


def pytest_configure() -> None:
    """Whitenoise warns when nothing was collected yet."""
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Embedded, every process of a run begins on a copy of one migrated database."""
    if settings.EMBEDDED:
        migrated.bring(Path(settings.DATABASES["default"]["TEST"]["NAME"]))


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    return settings.EMBEDDED


@pytest.fixture(scope="session", autouse=True)
def what_only_tests_ask_takes_as_long_as_it_takes() -> Iterator[None]:
    """To empty every table, to make a database and to drop it: on a busy machine longer than the house would wait."""
    flush, elsewhere = DatabaseOperations.sql_flush, BaseDatabaseWrapper._nodb_cursor

    def patiently_flush(*given: Any, **how: Any) -> list[str]:
        return ["SET LOCAL statement_timeout = 0", *flush(*given, **how)]

    @contextmanager
    def patiently_elsewhere(database: BaseDatabaseWrapper) -> Iterator[CursorWrapper]:
        with elsewhere(database) as cursor:
            if database.vendor == "postgresql":
                cursor.execute("SET statement_timeout = 0")
            yield cursor

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "sql_flush", patiently_flush)
        patch.setattr(BaseDatabaseWrapper, "_nodb_cursor", patiently_elsewhere)
        yield


@pytest.fixture(scope="session", autouse=True)
def plans_outlive_a_flush() -> None:
    """A test that needs real transactions empties every table after it; what a migration put there comes back."""
    plans = import_module("businesses.migrations.0002_plans")

    def restore(**_kwargs: Any) -> None:
        plans.create_plans(apps, None)

    post_migrate.connect(restore, sender=apps.get_app_config("businesses"), weak=False)


@pytest.fixture(autouse=True)
def quick_passwords(settings: Any) -> None:
    """Argon2id is slow by intent; what it costs is no part of what other tests say."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def nothing_is_left_for_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is handed to another thread happens at once, within the test's own transaction."""

    class AtOnce:
        def submit(self, work: Any) -> None:
            work()

    monkeypatch.setattr("foundation.later._pool", AtOnce())
    monkeypatch.setattr("channels_app.signs._pool", AtOnce())
    monkeypatch.setattr("channels_app.checking._pool", AtOnce())


@pytest.fixture(autouse=True)
def plain_static_files(settings: Any) -> None:
    """Tests run from the sources: no collected manifest."""
    storage = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": storage}}


@pytest.fixture(autouse=True)
def theo_reads_words_alone(settings: Any) -> None:
    """The models take a second and 200 MB a process: the tests that are about them turn them on."""
    settings.THEO_ENGINE = "lexical"


@pytest.fixture(autouse=True)
def files_of_their_own(settings: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    settings.MEDIA_ROOT = tmp_path_factory.mktemp("uploads", numbered=True)


@pytest.fixture
def ada(db: None) -> User:
    return builders.person("Ada")


@pytest.fixture
def acme(ada: User) -> Business:
    return builders.workspace(ada)


@pytest.fixture
def ben(acme: Business) -> User:
    ben = builders.person("Ben")
    builders.member(acme, ben, Role.AGENT)
    return ben


@pytest.fixture
def mallory(db: None) -> User:
    mallory = builders.person("Mallory")
    builders.workspace(mallory, "Umbrella")
    return mallory


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[FeedEvent]:
    """What went out after commits, in order."""
    sent: list[FeedEvent] = []
    monkeypatch.setattr(feed, "_publish", sent.extend)
    return sent
