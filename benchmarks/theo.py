"""What one question costs Theo at 1,000 articles, beside nothing but reading it with the two models.

In a process of its own, one thread, on SQLite. Articles have vectors of the right shape that mean nothing: how long it
takes does not depend on it. Source: theo.md 1 and 7.
"""

import asyncio
import json
import resource
import sys
import time
from statistics import median

from benchmarks.plan import Plan
from benchmarks.processes import ROOT
from benchmarks.report import Outcome, Ratio

ARTICLES, ROWS, QUESTIONS = 1_000, 9, 100
# Of theo.md's reach: 34 ms, of which reading is 12 and 5; 24 and 165 MB.
REACH = 34 / 17
MEMORY = 24 + 165


async def run(plan: Plan) -> list[Outcome]:
    found = []
    for _round in range(plan.rounds):
        count = str(max(10, round(ARTICLES * plan.scale)))
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "benchmarks.theo", count, cwd=ROOT, stdout=asyncio.subprocess.PIPE
        )
        told, _errors = await child.communicate()
        found.append(json.loads(told.splitlines()[-1]))
    middle = {name: median(each[name] for each in found) for name in found[0]}
    rows = {
        "reading the question": {"p50 ms": middle["read p50"], "p95 ms": middle["read p95"]},
        "finding the article": {"p50 ms": middle["find p50"], "p95 ms": middle["find p95"]},
        "the first question": {"p50 ms": middle["first"]},
        "memory, MB more": {"p50 ms": middle["memory"]},
    }
    ratios = [
        Ratio("Theo, p95 of a question / reading it alone", middle["find p95"] / middle["read p95"], REACH),
        Ratio("Theo, memory / that of the two models", middle["memory"] / MEMORY, 1.5),
    ]
    return [Outcome("theo", "one question at 1,000 articles, one thread", rows, ratios, [])]


def measure(count: int) -> dict[str, float]:
    from theo.evaluation import make_engine

    make_engine()
    import numpy as np
    from django.utils import timezone

    from accounts.models import User
    from businesses.services import create_business
    from theo.engine.embedders import DIMENSIONS, embedders
    from theo.indexing import find, stored_as
    from theo.models import Article, ArticleVectors, IndexState

    before = _megabytes()
    models = embedders()
    now = timezone.now()
    business = create_business(
        owner=User.objects.create(email="ada@example.com", full_name="Ada"), name="Acme"
    ).business
    text = " ".join(f"Sentence {n} says what there is to say about this." for n in range(ROWS - 3))
    articles = Article.objects.bulk_create(
        Article(
            business=business,
            title=f"Topic {n}",
            content=text,
            index_state=IndexState.READY,
            created_at=now,
            updated_at=now,
        )
        for n in range(count)
    )
    draw = np.random.default_rng(7)
    made = []
    for article in articles:
        for model in models.values():
            rows = draw.normal(size=(ROWS, DIMENSIONS))
            rows /= np.linalg.norm(rows, axis=1, keepdims=True)
            made.append(ArticleVectors(article=article, model=stored_as(model), rows=rows.astype(np.float16).tobytes()))
    ArticleVectors.objects.bulk_create(made)
    started = time.perf_counter()
    find(business.pk, "How long does it take until my order number 0 is there?")
    first = time.perf_counter() - started
    took: dict[str, list[float]] = {"read": [], "find": []}
    for number in range(1, QUESTIONS + 1):
        question = f"How long does it take until my order number {number} is there?"
        started = time.perf_counter()
        for model in models.values():
            model.questions([question])
        took["read"].append(time.perf_counter() - started)
        started = time.perf_counter()
        find(business.pk, question)
        took["find"].append(time.perf_counter() - started)
    told = {"first": first * 1_000, "memory": _megabytes() - before}
    for name, seconds in took.items():
        seconds.sort()
        told |= {f"{name} p50": median(seconds) * 1_000, f"{name} p95": seconds[int(len(seconds) * 0.95)] * 1_000}
    return told


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
