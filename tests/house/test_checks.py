"""The checks of bin/check that are our own fail when they should."""

import re
import subprocess
from pathlib import Path

import pytest

from tools import house_rules, licences, widget_size


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    monkeypatch.setattr(house_rules, "ROOT", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("static/js/inbox.js", "node.innerHTML = message.content"),
        ("frontend/widget/thread.js", "node.insertAdjacentHTML('beforeend', text)"),
        ("static/js/app.js", "eval(text)"),
        ("conversations/views.py", "return mark_safe(message.content)"),
        ("templates/conversations/thread.html", "{{ message.content|safe }}"),
        ("templates/conversations/thread.html", '<p style="color: red">'),
        ("templates/conversations/thread.html", "<style>p { color: red }</style>"),
        ("templates/conversations/thread.html", '<button onclick="send()">'),
        ("templates/conversations/thread.html", "<script>send()</script>"),
        ("static/css/inbox.css", "  color: #7650ff;"),
        ("static/css/inbox.css", "  color: rgb(0 0 0 / 50%);"),
        ("accounts/services.py", 'os.environ["SECRET_KEY"]'),
    ],
)
def test_a_banned_line_is_found_and_named(
    house: Path, name: str, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (house / name).parent.mkdir(parents=True)
    (house / name).write_text(f"\n{line}\n")

    assert house_rules.main() == 1
    assert f"{name}:2: " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("static/css/tokens.css", "  --brand: #7650ff;"),
        ("static/css/inbox.css", "  color: var(--text);"),
        ("static/vendor/idiomorph-0.8.0.esm.js", "node.innerHTML = html"),
        ("templates/base.html", '<script type="module" src="{% static "js/app.js" %}"></script>'),
        ("templates/base.html", '<script type="application/json" id="page-data">'),
        ("pingback/env.py", 'os.environ["SECRET_KEY"]'),
    ],
)
def test_what_is_allowed_passes(house: Path, name: str, line: str) -> None:
    (house / name).parent.mkdir(parents=True)
    (house / name).write_text(f"{line}\n")
    assert house_rules.main() == 0


def test_this_house_keeps_its_own_rules(capsys: pytest.CaptureFixture[str]) -> None:
    assert house_rules.main() == 0, capsys.readouterr().out


@pytest.mark.parametrize(
    ("licence", "banned"),
    [
        ("GPL-3.0-or-later", True),
        ("AGPL-3.0", True),
        ("License :: OSI Approved :: GNU General Public License v3 (GPLv3)", True),
        ("License :: OSI Approved :: GNU Affero General Public License v3", True),
        ("LGPL-3.0-only", False),
        ("License :: OSI Approved :: GNU Lesser General Public License v3 (LGPLv3)", False),
        ("Apache-2.0 OR GPL-2.0-only", False),
        ("MIT", False),
        ("BSD-3-Clause", False),
    ],
)
def test_a_licence_that_would_bind_us_is_banned(monkeypatch: pytest.MonkeyPatch, licence: str, banned: bool) -> None:
    monkeypatch.setattr(licences, "closure", lambda: {"some-package"})
    monkeypatch.setattr(licences, "licence_of", lambda name: licence)
    assert licences.main() == (1 if banned else 0)


def test_what_we_import_is_free_to_use() -> None:
    assert {"django", "psycopg", "asgiref"} <= licences.closure()  # direct, and brought along
    assert licences.main() == 0


def test_a_widget_over_its_cap_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in {name for files, _goal, _cap in widget_size.BUDGET.values() for name in files}:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"small")
    monkeypatch.setattr(widget_size, "BUILT", tmp_path)
    assert widget_size.main() == 0

    (tmp_path / "loader.js").write_bytes(bytes((i * i * 2654435761 >> 7) % 251 for i in range(9_000)))
    assert widget_size.main() == 1


def test_what_needs_postgresql_or_redis_is_run_with_them() -> None:
    """Skipped without them, and left out with them, it would never run, and nobody would know."""
    tests = Path(__file__).parents[1]
    left_out = re.search(r"for part in (.*?); do", (tests.parent / "bin/test").read_text(), re.DOTALL)
    assert left_out
    parts = [tests / part for part in left_out[1].replace("\\", "").split()]
    files = [path for part in parts for path in ([part] if part.suffix else sorted(part.rglob("*.py")))]
    needs_services = re.compile(r"needs --services|needs_redis|skipif\(settings\.EMBEDDED|vendor != \"postgresql\"")

    assert all(part.exists() for part in parts)
    assert [path.name for path in files if path != Path(__file__) and needs_services.search(path.read_text())] == []
