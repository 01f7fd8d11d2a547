"""Theo for the evaluation script: articles and questions go through the product's own index, in a throw-away database.

`PYTHONPATH=. .venv/bin/python ../shared/eval/eval_theo.py --engine theo.evaluation --set dev`. Source: theo.md 7.
"""

import os
import tempfile
from typing import Any


class Engine:
    """By the id of a knowledge base's list, its workspace; by a workspace's article, the id that the list gave it."""

    def __init__(self) -> None:
        self._workspaces: dict[int, Any] = {}
        self._ids: dict[str, Any] = {}

    def prepare(self, kb: list[dict[str, Any]]) -> None:
        from accounts.models import User
        from businesses.services import create_business
        from theo.articles import create_article
        from theo.indexing import index_article
        from theo.learning import add_example

        owner = User.objects.create(email=f"owner{len(self._workspaces)}@example.com", full_name="Ada")
        business = create_business(owner=owner, name="Acme").business
        business.plan.max_kb_articles = None
        business.plan.save()
        for each in kb:
            article = create_article(
                business=business, title=each["title"], content=each["content"], tags=each["tags"][:20]
            )
            for question in each.get("examples", ()):
                add_example(article=article, question=question)
            index_article(article)
            self._ids[str(article.pk)] = each["id"]
        self._workspaces[id(kb)] = business.pk

    def _find(self, kb: list[dict[str, Any]], messages: list[dict[str, str]], *, by_itself: bool) -> list[Any]:
        from theo.answering import found_for

        if id(kb) not in self._workspaces:
            self.prepare(kb)
        *earlier, last = messages
        before = next((each["text"] for each in reversed(earlier) if each["role"] == "customer"), "")
        return found_for(self._workspaces[id(kb)], last["text"], before, by_itself=by_itself)

    def answer(self, kb: list[dict[str, Any]], question: str, messages: list[dict[str, str]]) -> tuple[Any, float]:
        """What would be sent by itself."""
        best = next(iter(self._find(kb, messages, by_itself=True)), None)
        return (self._ids[best.key], best.confidence) if best else (None, 0.0)

    def rank(self, kb: list[dict[str, Any]], question: str, messages: list[dict[str, str]]) -> list[Any]:
        """What a draft is made of."""
        return [self._ids[hit.key] for hit in self._find(kb, messages, by_itself=False)]

    def handoff(self, kb: list[dict[str, Any]], messages: list[dict[str, str]]) -> str | None:
        from theo.phrases import needs_person

        reason = needs_person(messages[-1]["text"])
        return str(reason.value) if reason else None


def make_engine() -> Engine:
    """Sets Django up on a SQLite file of its own, which is left to the system's temporary folder."""
    os.environ.update(
        PINGBACK_DATA_DIR=tempfile.mkdtemp(prefix="pingback-evaluation-"),
        DATABASE_URL="",
        DJANGO_SETTINGS_MODULE="pingback.settings",
    )
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    return Engine()
