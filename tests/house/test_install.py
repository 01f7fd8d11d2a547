"""tools/install.py, which bin/serve runs on a fresh machine; pip itself is left out."""

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from tools import install


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """An empty house, and the list of what was installed into it."""
    installed: list[str] = []
    monkeypatch.setattr(install, "ROOT", tmp_path)
    monkeypatch.setattr(install, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(install, "PYTHON", tmp_path / ".venv/bin/python")
    monkeypatch.setattr(install, "pip", lambda: [sys.executable, "-c", ""])
    monkeypatch.setattr(install.importlib.util, "find_spec", lambda name: None)
    real = subprocess.run

    def run(command: list[Any], **options: Any) -> Any:
        if "install" in command:
            installed.append(command[-1])
        return real(command, **options)

    monkeypatch.setattr(install.subprocess, "run", run)
    return installed


def test_what_is_installed_is_not_installed_again(fresh: list[str], tmp_path: Path) -> None:
    install.bring_to("requirements-dev.txt", "1")
    install.bring_to("requirements-dev.txt", "1")
    install.bring_to("requirements.txt", "1")  # part of the first
    assert fresh == ["requirements-dev.txt"]

    install.bring_to("requirements.txt", "2")
    assert fresh == ["requirements-dev.txt", "requirements.txt"]


def test_an_environment_that_was_cut_off_or_lost_its_python_is_made_anew(fresh: list[str], tmp_path: Path) -> None:
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/bin/python").symlink_to(tmp_path / "gone")

    install.bring_to("requirements.txt", "1")

    assert install.runs(install.PYTHON)
    assert fresh == ["requirements.txt"]


def test_two_starts_at_once_install_once(
    fresh: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["install.py", "requirements.txt", "1"])
    starts = [threading.Thread(target=install.main) for _ in range(3)]
    for start in starts:
        start.start()
    for start in starts:
        start.join(60)

    assert fresh == ["requirements.txt"]
    assert "Another start is installing" in capsys.readouterr().out


def test_a_python_without_pip_is_told_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "works", lambda command: False)
    with pytest.raises(SystemExit, match="apt-get install python3-venv"):
        install.pip()
