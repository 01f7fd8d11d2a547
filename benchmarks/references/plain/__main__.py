"""`python -m benchmarks.references.plain WORKSPACES VISITORS AGENTS`: tables, people, and the scene as JSON."""

import json
import os
import sys
from dataclasses import asdict

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.references.plain.settings"

import django

django.setup()

from django.core.management import call_command

from benchmarks.references.plain.models import Business, Conversation, Person
from benchmarks.scene import Workspace


def made(visitors: int, agents: int) -> Workspace:
    business = Business.objects.create()
    conversations = [Conversation.objects.create(business=business) for _ in range(visitors)]

    def person(conversation: Conversation | None = None) -> dict[str, str]:
        token = os.urandom(16).hex()
        Person.objects.create(business=business, token=token, name="Somebody", conversation=conversation)
        return {"token": token}

    return Workspace(
        business_id=str(business.pk),
        agents=[person() for _ in range(agents)],
        visitors=[person(each) for each in conversations],
        conversations=[str(each.pk) for each in conversations],
    )


if __name__ == "__main__":
    call_command("migrate", run_syncdb=True, verbosity=0)
    workspaces, visitors, agents = map(int, sys.argv[1:])
    print(json.dumps([asdict(made(visitors, agents)) for _ in range(workspaces)]))
