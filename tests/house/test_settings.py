"""The checklist of settings, with the environment of somebody who runs PingBack in earnest."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.house.conftest import ROOT, fresh_environment
from tools.check import PRODUCTION

MIB = 1024 * 1024
REPORT = """
import json
from django.conf import settings
from django.utils.functional import Promise
names = [name for name in dir(settings) if name.isupper()]
said = lambda value: "in words" if isinstance(value, Promise) else str(value)
print(json.dumps({name: getattr(settings, name) for name in names}, default=said))
"""


def python(tmp_path: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = fresh_environment(PINGBACK_DATA_DIR=str(tmp_path), **settings)
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )


def settings_under(tmp_path: Path, **environment: str) -> dict[str, Any]:
    report = python(tmp_path, "-c", REPORT, DJANGO_SETTINGS_MODULE="pingback.settings", **environment)
    assert report.returncode == 0, report.stderr
    return dict(json.loads(report.stdout))


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return settings_under(tmp_path_factory.mktemp("production"), **PRODUCTION)


@pytest.fixture(scope="module")
def unset(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return settings_under(tmp_path_factory.mktemp("unset"))


def test_a_deployment_in_earnest_has_no_warning(tmp_path: Path) -> None:
    check = python(tmp_path, "manage.py", "check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)
    assert check.returncode == 0, check.stderr


def test_https_turns_on_what_only_works_with_it(production: dict[str, Any], unset: dict[str, Any]) -> None:
    for name in ("SECURE_SSL_REDIRECT", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE"):
        assert production[name] is True, name
        assert unset[name] is False, name
    assert production["SECURE_HSTS_SECONDS"] == 365 * 24 * 3600
    assert unset["SECURE_HSTS_SECONDS"] == 0
    assert production["SESSION_COOKIE_NAME"].startswith("__Host-")
    assert production["CSRF_TRUSTED_ORIGINS"] == ["https://support.example.com"]


def test_a_proxys_word_counts_only_when_a_proxy_is_declared(tmp_path: Path, production: dict[str, Any]) -> None:
    assert production["SECURE_PROXY_SSL_HEADER"] == ["HTTP_X_FORWARDED_PROTO", "https"]
    assert settings_under(tmp_path, **{**PRODUCTION, "TRUSTED_PROXIES": "0"})["SECURE_PROXY_SSL_HEADER"] is None


def test_hosts_are_named_and_never_everybody(production: dict[str, Any], unset: dict[str, Any]) -> None:
    assert production["ALLOWED_HOSTS"] == ["support.example.com"]
    assert set(unset["ALLOWED_HOSTS"]) == {"127.0.0.1", "localhost", "[::1]"}


@pytest.mark.parametrize("environment", ["production", "unset"])
def test_the_floors_hold_everywhere(environment: str, request: pytest.FixtureRequest) -> None:
    settings = request.getfixturevalue(environment)
    assert settings["DEBUG"] is False
    assert settings["SESSION_COOKIE_HTTPONLY"] is True
    assert settings["SESSION_COOKIE_SAMESITE"] == settings["CSRF_COOKIE_SAMESITE"] == "Lax"
    assert settings["SESSION_SERIALIZER"].endswith("JSONSerializer")
    assert settings["X_FRAME_OPTIONS"] == "DENY"
    assert settings["SECURE_CONTENT_TYPE_NOSNIFF"] is True
    assert settings["SECURE_REFERRER_POLICY"] == "strict-origin"
    assert settings["SECURE_CROSS_ORIGIN_OPENER_POLICY"] == "same-origin"
    assert settings["PASSWORD_HASHERS"][0].endswith("Argon2PasswordHasher")
    assert settings["DATA_UPLOAD_MAX_MEMORY_SIZE"] == MIB // 2
    assert (settings["WEBHOOK_BODY_BYTES"], settings["MAIL_BODY_BYTES"]) == (3 * MIB, 25 * MIB)
    assert settings["DATA_UPLOAD_MAX_NUMBER_FIELDS"] == 200
    assert settings["DATA_UPLOAD_MAX_NUMBER_FILES"] == 5
    assert settings["CORS_ALLOW_CREDENTIALS"] is False
    assert settings["CORS_ALLOWED_ORIGINS"] == []
    assert settings["TIME_ZONE"] == "UTC"
    assert settings["THROTTLES"] is True


def test_the_api_speaks_json_alone_and_to_people_who_signed_in(unset: dict[str, Any]) -> None:
    api = unset["REST_FRAMEWORK"]
    assert api["DEFAULT_PERMISSION_CLASSES"][0] == "rest_framework.permissions.IsAuthenticated"
    assert [name.rsplit(".")[-1] for name in api["DEFAULT_PARSER_CLASSES"]] == ["StrictJSONParser"]
    assert [name.rsplit(".")[-1] for name in api["DEFAULT_RENDERER_CLASSES"]] == ["JSONRenderer"]


def test_the_content_policy_allows_nothing_unsafe(production: dict[str, Any]) -> None:
    policy = production["CONTENT_SECURITY_POLICY"]["DIRECTIVES"]
    assert policy["default-src"] == policy["form-action"] == ["'self'"]
    assert policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == ["'none'"]
    assert "unsafe" not in json.dumps(policy)


def test_databases_are_set_so_that_an_answer_means_stored(production: dict[str, Any], unset: dict[str, Any]) -> None:
    embedded, server = unset["DATABASES"]["default"], production["DATABASES"]["default"]
    assert embedded["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert "synchronous=FULL" in embedded["OPTIONS"]["init_command"]
    assert "synchronous_commit=on" in server["OPTIONS"]["options"]
    assert "statement_timeout=5000" in server["OPTIONS"]["options"]
    assert server["CONN_HEALTH_CHECKS"] is True


def test_a_key_may_come_from_a_file(tmp_path: Path) -> None:
    key = tmp_path / "jwt"
    key.write_text("from-a-file-" * 4 + "\n")
    assert settings_under(tmp_path, JWT_KEY_FILE=str(key))["JWT_KEY"] == "from-a-file-" * 4


@pytest.mark.parametrize(
    ("name", "value"), [("DEBUG", "maybe"), ("PORT", "eighty"), ("PORT", "0"), ("TRUSTED_PROXIES", "-1")]
)
def test_what_is_not_understood_is_refused(tmp_path: Path, name: str, value: str) -> None:
    check = python(tmp_path, "manage.py", "check", **{name: value})
    assert check.returncode != 0
    assert name in check.stderr


def test_the_readme_names_every_setting_and_no_other() -> None:
    read = set(re.findall(r'(?:env_\w+|_provider)\(\s*"([A-Z_]+)"', Path(ROOT, "pingback/settings.py").read_text()))
    table = Path(ROOT, "README.md").read_text().partition("| setting |")[2].partition("\n\n")[0]
    named = {
        name
        for row in table.splitlines()
        if row.startswith("| `")
        for name in re.findall(r"`([A-Z_]+)`", row.split("|")[1])
    }
    assert named == read


@pytest.mark.parametrize(("value", "path"), [("off", ""), ("", ""), ("/house/", "house")])
def test_admin_moves_or_is_not_served(tmp_path: Path, value: str, path: str) -> None:
    assert settings_under(tmp_path, ADMIN_PATH=value)["ADMIN_PATH"] == path


def test_installations_that_share_a_redis_do_not_hear_each_other(tmp_path: Path) -> None:
    def heard_as(database: str, number: int) -> str:
        at = {"DATABASE_URL": f"postgres://a:b@localhost/{database}", "REDIS_URL": f"redis://localhost/{number}"}
        layers = settings_under(tmp_path, **at)["CHANNEL_LAYERS"]
        return str(layers["default"]["CONFIG"]["prefix"])

    assert len({heard_as("acme", 0), heard_as("umbrella", 0), heard_as("acme", 1)}) == 3
    assert heard_as("acme", 0) == heard_as("acme", 0)


@pytest.mark.parametrize(
    ("environment", "warns"),
    [
        ({"WORKER_IN_PROCESS": "off"}, True),
        ({"WORKER_IN_PROCESS": "off", "REDIS_URL": "redis://localhost/0"}, False),
        ({}, False),
    ],
    ids=str,
)
def test_several_processes_that_cannot_hear_each_other_are_told_of(
    tmp_path: Path, environment: dict[str, str], warns: bool
) -> None:
    postgres = {"DATABASE_URL": "postgres://a:b@localhost/x"}

    said = python(tmp_path, "manage.py", "check", **postgres, **environment)

    assert ("pingback.W002" in said.stderr) is warns
