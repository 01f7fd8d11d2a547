"""Fit Theo's confidence: `python -m tools.train_theo [--data FOLDER]`, some two minutes.

FOLDER: theo_dev.jsonl.gz and theo_dev_kb.jsonl.gz, the evaluation's data beside the checkout. Questions are put to the
product's own index; a logistic regression learns which of the best five articles answers. Writes
theo/engine/confidence.json and prints what each of five folds, and each business, said of what it had not seen.
"""

import argparse
import gzip
import hashlib
import json
import os
import warnings
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

ROOT = Path(__file__).resolve().parents[1]
KINDS = {"in", "near", "far", "noise"}
C = 0.3
# What is far from everything must not be answered at all: it counts twice.
WEIGHT = {"far": 2.0}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "eval")
    folder = parser.parse_args().data
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pingback.settings")
    import django

    django.setup()
    from theo.engine.confidence import MOST, PLACE

    rows = _rows(folder)
    fitted: dict[str, Any] = {
        "note": "Fitted by tools/train_theo.py on 1,511 questions with and without an answer in four knowledge bases: "
        "BANKING77 (CC BY 4.0), CLINC150 (CC BY 3.0), HINT3 (ODbL 1.0) and some of our own."
    }
    for kind, each in rows.items():
        print(f"\n{kind}: {len(each)} questions")
        _report("five folds", each, lambda row: row["fold"], MOST)
        _report("by business", each, lambda row: row["kb"], MOST)
        scaler, model = _fit(each, MOST)
        fitted[kind] = {
            "mean": _short(scaler.mean_),
            "scale": _short(scaler.scale_),
            "weights": _short(model.coef_[0]),
            "bias": round(float(model.intercept_[0]), 5),
        }
    PLACE.write_text(json.dumps(fitted, indent=1) + "\n")
    print(f"\nWritten: {PLACE.relative_to(ROOT)}")


class _Remembering:
    """A model that reads a question once, though it is asked for several formulas."""

    def __init__(self, model: Any) -> None:
        self.name, self.passages, self._model = model.name, model.passages, model
        self._known: dict[str, Any] = {}

    def questions(self, texts: Sequence[str]) -> Any:
        for text in texts:
            if text not in self._known:
                self._known[text] = self._model.questions([text])[0]
        return np.stack([self._known[text] for text in texts])


def _rows(folder: Path) -> dict[str, list[dict[str, Any]]]:
    from theo.engine.embedders import embedders
    from theo.engine.index import Doc, Index
    from theo.engine.language import is_english
    from theo.engine.passages import passages_of

    models: dict[str, Any] = {kind: _Remembering(model) for kind, model in embedders().items()}
    by_business = defaultdict(list)
    for article in _lines(folder / "theo_dev_kb.jsonl.gz"):
        passages = passages_of(article["title"], article["content"])
        vectors = {kind: model.passages(passages) for kind, model in models.items()}
        by_business[article["kb"]].append(
            Doc(
                key=article["id"],
                title=article["title"],
                text=article["content"],
                tags=tuple(article["tags"]),
                vectors=vectors,
            )
        )
    indexes = {kb: Index(docs, models) for kb, docs in by_business.items()}
    rows: dict[str, list[dict[str, Any]]] = {"full": [], "e5": [], "minilm": []}
    cases = [case for case in _lines(folder / "theo_dev.jsonl.gz") if case["kind"] in KINDS]
    for number, case in enumerate(cases, 1):
        if number % 200 == 0 or number == len(cases):
            print(f"\r{number} of {len(cases)} questions", end="", flush=True)
        english = is_english(case["q"])
        for kind, each in rows.items():
            if kind != "e5" and not english:
                continue
            found = indexes[case["kb"]].features(case["q"], kind)
            each.append(
                {
                    "x": [row for _key, row in found],
                    "y": [float(key in case["gold"]) for key, _row in found],
                    "kind": case["kind"],
                    "kb": case["kb"],
                    "fold": int(hashlib.sha256(case["q"].encode()).hexdigest(), 16) % 5,
                }
            )
    return rows


def _fit(rows: list[dict[str, Any]], most: float) -> tuple[Any, Any]:
    x = np.concatenate([row["x"] for row in rows])
    y = np.concatenate([row["y"] for row in rows])
    weight = np.concatenate([[WEIGHT.get(row["kind"], 1.0)] * len(row["y"]) for row in rows])
    scaler = StandardScaler().fit(x)
    # A feature that is the same everywhere tells nothing.
    scaler.scale_[scaler.scale_ < 1e-6] = 1.0
    model = LogisticRegression(C=C, max_iter=5_000)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(scaler.transform(x).clip(-most, most), y, sample_weight=weight)
    return scaler, model


def _report(title: str, rows: list[dict[str, Any]], fold_of: Callable[[dict[str, Any]], Any], most: float) -> None:
    sent: dict[str, list[bool]] = defaultdict(list)
    right = []
    for fold in sorted({fold_of(row) for row in rows}):
        scaler, model = _fit([row for row in rows if fold_of(row) != fold], most)
        for row in rows:
            if fold_of(row) == fold:
                chances = model.predict_proba(scaler.transform(np.asarray(row["x"])).clip(-most, most))[:, 1]
                best = int(chances.argmax())
                is_sent = bool(chances[best] >= 0.8)
                sent[row["kind"]].append(is_sent if row["kind"] == "in" else is_sent and not row["y"][best])
                if row["kind"] == "in" and is_sent:
                    right.append(bool(row["y"][best]))
    coverage, precision = float(np.mean(sent["in"])), float(np.mean(right))
    wrong = ", ".join(f"{kind} {np.mean(sent[kind]):.3f}" for kind in ("near", "far", "noise") if sent[kind])
    print(f"  {title}: coverage {coverage:.3f}, of those right {precision:.3f}; sent though nothing answers: {wrong}")


def _short(values: Any) -> list[float]:
    return [round(float(value), 5) for value in values]


def _lines(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf8") as file:
        return [json.loads(line) for line in file if line.strip()]


if __name__ == "__main__":
    main()
