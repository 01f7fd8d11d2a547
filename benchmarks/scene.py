"""Who talks to whom: the people and conversations that a benchmark's clients play.

Run as `python -m benchmarks.scene WORKSPACES VISITORS AGENTS` in a server's own environment it fills that PingBack's
database and prints the scene as JSON.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.processes import ROOT


@dataclass(frozen=True)
class Workspace:
    """agents: what each agent's CONNECT carries; visitors: each visitor's, and the id of its one conversation."""

    business_id: str
    agents: list[Any]
    visitors: list[Any]
    conversations: list[str]


Scene = list[Workspace]


def in_rooms(workspaces: int, visitors: int, agents: int = 2) -> Scene:
    """For servers that let everybody in and put them into the rooms that they name, one per conversation."""
    scene = []
    for number in range(1, workspaces + 1):
        ids = [f"00000000-0000-7000-8000-{number:06d}{each:06d}" for each in range(1, visitors + 1)]
        scene.append(
            Workspace(
                business_id=f"00000000-0000-7000-9000-{number:012d}",
                agents=[{"rooms": ids} for _ in range(agents)],
                visitors=[{"rooms": [each]} for each in ids],
                conversations=ids,
            )
        )
    return scene


def in_pingback(environment: Mapping[str, str], workspaces: int, visitors: int, agents: int = 2) -> Scene:
    """For a PingBack with this environment: stored in its database by its own services."""
    return _told_by("benchmarks.scene", environment, workspaces, visitors, agents)


def in_plain(environment: Mapping[str, str], workspaces: int, visitors: int, agents: int = 2) -> Scene:
    """For the plain reference; it makes its tables too."""
    return _told_by("benchmarks.references.plain", environment, workspaces, visitors, agents)


def _told_by(module: str, environment: Mapping[str, str], *counts: int) -> Scene:
    command = [sys.executable, "-m", module, *map(str, counts)]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    return [Workspace(**each) for each in json.loads(done.stdout)]


def _store(workspaces: int, visitors: int, agents: int) -> Scene:
    os.environ["DJANGO_SETTINGS_MODULE"] = "pingback.settings"
    import django

    django.setup()
    from django.conf import settings

    from tests import builders

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # nobody signs in with one
    tag = os.urandom(4).hex()
    scene = []
    for number in range(workspaces):
        owner = builders.person(f"Ada-{tag}-{number}")
        business = builders.workspace(owner, f"Acme {number}")
        widget = builders.widget(owner)
        team = [owner]
        for each in range(1, agents):
            team.append(builders.person(f"Ben-{tag}-{number}-{each}"))
            builders.member(business, team[-1])
        received = [builders.visitor_writes(business, widget=widget) for _ in range(visitors)]
        for first in received:
            builders.answers(owner, first.conversation, "Hello!")  # so that it is taken, as most are
        known = {"business_id": str(business.pk)}
        scene.append(
            Workspace(
                business_id=str(business.pk),
                agents=[{**known, "token": builders.token(user)} for user in team],
                visitors=[{**known, "widget_id": str(widget.pk), "visitor_key": each.visitor_key} for each in received],
                conversations=[str(each.conversation.pk) for each in received],
            )
        )
    return scene


if __name__ == "__main__":
    print(json.dumps([asdict(workspace) for workspace in _store(*map(int, sys.argv[1:]))]))
