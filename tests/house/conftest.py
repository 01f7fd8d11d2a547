"""A fresh clone of this house, on the packages that are already installed: no test here downloads anything."""

import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest

from tests.services import free_port

ROOT = Path(__file__).resolve().parents[2]
# What the suite itself was given must not reach a house that starts with nothing.
GIVEN = {"DATABASE_URL", "REDIS_URL", "PINGBACK_DATA_DIR", "DJANGO_SETTINGS_MODULE", "PORT"}


def fresh_environment(**settings: str) -> dict[str, str]:
    return {**{name: value for name, value in os.environ.items() if name not in GIVEN}, **settings}


def cloned(into: Path) -> Path:
    """The files as they lie here, in a folder whose name has a space, with the installed packages lent to it."""
    copy = into / "my house"
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
    (copy / ".venv").symlink_to(Path(sys.prefix))
    return copy


class Start:
    """One `bin/serve` that runs; what it says goes to a file."""

    def __init__(self, house: Path, cwd: Path, log: IO[bytes], **settings: str) -> None:
        self.port = free_port()
        self.log = Path(str(log.name))
        environment = fresh_environment(PORT=str(self.port), **settings)
        command = [os.path.relpath(house / "bin/serve", cwd)]
        self.process = subprocess.Popen(command, cwd=cwd, env=environment, stdout=log, stderr=log)

    @property
    def said(self) -> str:
        return self.log.read_text()

    def healthz(self, within: float = 180) -> str:
        deadline = time.monotonic() + within
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=2) as answer:
                    return str(answer.read().decode())
            except OSError:
                time.sleep(0.05)
        raise AssertionError(f"no answer: {self.said}")

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(20)


@dataclass(frozen=True)
class First:
    """What the very first start in a fresh clone did. house: the clone, which nobody changes any more."""

    house: Path
    port: int
    said: str
    health: str


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> First:
    """It collects and migrates, which takes its time: once is enough for what is only looked at afterwards."""
    folder = tmp_path_factory.mktemp("first")
    house = cloned(folder)
    with (folder / "log").open("wb") as log:
        start = Start(house, folder, log)
    health = start.healthz()
    start.stop()
    return First(house=house, port=start.port, said=start.said, health=health)


@pytest.fixture
def clone(first: First, tmp_path: Path) -> Path:
    """One that was started before, by whoever has just cloned it."""
    return Path(shutil.copytree(first.house, tmp_path / "my house", symlinks=True))


@pytest.fixture
def serve(clone: Path, tmp_path: Path) -> Iterator[Callable[..., Start]]:
    """`serve(**settings)` starts the clone's bin/serve, from another folder."""
    started: list[Start] = []

    def start(**settings: str) -> Start:
        with (tmp_path / f"log-{len(started)}").open("wb") as log:
            started.append(Start(clone, tmp_path, log, **settings))
        return started[-1]

    yield start
    for one in started:
        one.stop()
