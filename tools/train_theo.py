"""Fit Theo's confidence: `python -m tools.train_theo [--data FOLDER]`, some five minutes.

FOLDER: theo_dev.jsonl.gz and theo_dev_kb.jsonl.gz, the evaluation's data beside the checkout. Questions are put to the
product's own index; a logistic regression learns which of the best five articles answers. Each question is put to its
knowledge base as it is, to the same where articles know up to three questions that they answer (from other folds), and
to parts of each, so that no size of a knowledge base is peculiar to one business. Bases of a few articles, with the one
that answers and without, have coefficients of their own. Writes confidence.json and background.npz of theo/engine, and
prints what each of five folds, and each business and what is not English, said of what it had not seen.
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

from pingback import env as env  # before numpy, which is told there how many threads to use

ROOT = Path(__file__).resolve().parents[1]
KINDS = {"in", "near", "far", "noise"}
C = {"many": 0.3, "few": 0.1}
# There are many more questions about something else than were written down.
WEIGHT = {"far": 2.5}
FOLDS = 5
# Of each knowledge base: how many parts are drawn, of how many each question sees two, and what these count.
PARTS, SEEN, PART_WEIGHT = 12, 2, 0.25
# How many bases of a few articles are drawn, and what a question counts that none of them answers.
SMALL_PARTS, UNANSWERED_WEIGHT = 24, 0.08
EXAMPLES = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "eval")
    folder = parser.parse_args().data
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pingback.settings")
    import django

    django.setup()
    from theo.engine.confidence import MOST, PLACE
    from theo.engine.embedders import embedders
    from theo.engine.index import BACKGROUND, background

    rows = _rows(folder)
    fitted: dict[str, Any] = {
        "many": {},
        "few": {},
        "note": "Fitted by tools/train_theo.py on 1,511 questions with and without an answer in four knowledge bases: "
        "BANKING77 (CC BY 4.0), CLINC150 (CC BY 3.0), HINT3 (ODbL 1.0) and some of our own; with and without "
        "example questions.",
    }
    for kind, each in rows.items():
        print(f"\n{kind}: {len(each)} questions")
        for state in STATES:
            _report(f"five folds, {state}", each, state, lambda row: row["fold"], MOST)
            _report(f"by business, {state}", each, state, lambda row: row["kb"], MOST)
        _report_few(each, MOST)
        for size in C:
            scaler, model = _fit(each, MOST, size)
            fitted[size][kind] = {
                "mean": _short(scaler.mean_),
                "scale": _short(scaler.scale_),
                "weights": _short(model.coef_[0]),
                "bias": round(float(model.intercept_[0]), 5),
            }
    PLACE.write_text(json.dumps(fitted, indent=1) + "\n")
    read = {model.name: model.questions(background()).astype(np.float16) for model in embedders().values()}
    np.savez(BACKGROUND, allow_pickle=False, **read)
    print(f"\nWritten: {PLACE.relative_to(ROOT)}, {BACKGROUND.relative_to(ROOT)}")


class _Remembering:
    """A model that reads each text once, though it is asked in many states."""

    def __init__(self, model: Any) -> None:
        self.name, self._model = model.name, model
        self._known: dict[tuple[str, str], Any] = {}

    def questions(self, texts: Sequence[str]) -> Any:
        return self._read("questions", texts)

    def passages(self, texts: Sequence[str]) -> Any:
        return self._read("passages", texts)

    def _read(self, how: str, texts: Sequence[str]) -> Any:
        for text in texts:
            if (how, text) not in self._known:
                self._known[how, text] = getattr(self._model, how)([text])[0]
        return np.stack([self._known[how, text] for text in texts])


STATES = ("without examples", "with examples")


class _Base:
    """One knowledge base in all states: by fold the questions of other folds are its examples."""

    def __init__(self, articles: Sequence[dict[str, Any]], asked: Sequence[dict[str, Any]], models: Any) -> None:
        self._articles, self._models, self._known = articles, models, dict[Any, Any]()
        self._asked = sorted(asked, key=lambda case: _hash(case["q"]))
        from theo.engine.index import FEW

        draw = np.random.default_rng(len(articles))
        sizes = draw.integers(max(2, len(articles) // 4), len(articles), PARTS)
        few = draw.integers(1, FEW, SMALL_PARTS, endpoint=True)
        self._parts, self._few = (
            [frozenset(draw.choice(len(articles), size, replace=False).tolist()) for size in each]
            for each in (sizes, few)
        )

    def parts_for(self, case: dict[str, Any]) -> list[frozenset[int]]:
        """Parts that can answer it as well, where anything can; and a few articles, which can and cannot."""
        numbers = {n for n, article in enumerate(self._articles) if article["id"] in case["gold"]}
        is_open = case["kind"] == "in"

        def some(parts: Sequence[frozenset[int]]) -> list[frozenset[int]]:
            first = _hash(case["q"]) % max(1, len(parts))
            return [*parts[first:], *parts[:first]][:SEEN]

        return [
            *some([part for part in self._parts if not is_open or part & numbers]),
            *some([part for part in self._few if not is_open or part & numbers]),
            *some([part for part in self._few if is_open and not part & numbers]),
        ]

    def index(self, state: str, fold: int, part: frozenset[int]) -> Any:
        from theo.engine.index import Index

        key = (state, fold if state == STATES[1] else -1, part)
        if key not in self._known:
            numbers = sorted(part) or range(len(self._articles))
            self._known[key] = Index([self._doc(self._articles[n], state, fold) for n in numbers], self._models)
        return self._known[key]

    def _doc(self, article: dict[str, Any], state: str, fold: int) -> Any:
        from theo.engine.index import Doc
        from theo.engine.passages import rows_of

        told = {"title": article["title"], "text": article["content"], "tags": tuple(article["tags"])}
        known = [case["q"] for case in self._asked if case["gold"][0] == article["id"] and fold != _fold(case)]
        examples = known[:EXAMPLES] if state == STATES[1] else []
        vectors = {kind: rows_of(model, **told, examples=examples) for kind, model in self._models.items()}
        return Doc(key=article["id"], vectors=vectors, questions=1 + len(examples), examples=tuple(examples), **told)


def _hash(text: str) -> int:
    return int(hashlib.sha256(text.encode()).hexdigest(), 16)


def _fold(case: dict[str, Any]) -> int:
    return _hash(case["q"]) % FOLDS


def _rows(folder: Path) -> dict[str, list[dict[str, Any]]]:
    from theo.engine.embedders import embedders
    from theo.engine.index import FEW
    from theo.engine.language import is_english

    models: dict[str, Any] = {kind: _Remembering(model) for kind, model in embedders().items()}
    cases = [case for case in _lines(folder / "theo_dev.jsonl.gz") if case["kind"] in KINDS]
    articles, asked = defaultdict(list), defaultdict(list)
    for article in _lines(folder / "theo_dev_kb.jsonl.gz"):
        articles[article["kb"]].append(article)
    for case in cases:
        if case["kind"] == "in" and not case.get("messages") and case.get("lang", "en") == "en":
            asked[case["kb"]].append(case)
    bases = {kb: _Base(of, asked[kb], models) for kb, of in articles.items()}
    rows: dict[str, list[dict[str, Any]]] = {"full": [], "e5": [], "minilm": []}
    for number, case in enumerate(cases, 1):
        if number % 100 == 0 or number == len(cases):
            print(f"\r{number} of {len(cases)} questions", end="", flush=True)
        base, fold = bases[case["kb"]], _fold(case)
        for kind, each in rows.items():
            if kind != "e5" and not is_english(case["q"]):
                continue
            row: dict[str, Any] = {"kind": case["kind"], "kb": case["kb"], "fold": fold, "lang": case.get("lang", "en")}
            for state in STATES:
                row[state] = _seen(base.index(state, fold, frozenset()), case, kind)
                for size in C:
                    parts = [part for part in base.parts_for(case) if (len(part) <= FEW) == (size == "few")]
                    row[f"{state}, {size}"] = [_seen(base.index(state, fold, part), case, kind) for part in parts]
            each.append(row)
    return rows


def _seen(index: Any, case: dict[str, Any], kind: str) -> tuple[list[list[float]], list[float]]:
    """The features of the best five, and whether each answers."""
    found = index.features(case["q"], kind)
    return [row for _key, row in found], [float(key in case["gold"]) for key, _row in found]


def _weight(kind: str, seen: tuple[list[list[float]], list[float]]) -> float:
    """What a question counts that was put to a part: less where the part lacks what answers it."""
    return UNANSWERED_WEIGHT if kind == "in" and not any(seen[1]) else PART_WEIGHT


def _fit(rows: list[dict[str, Any]], most: float, size: str = "many") -> tuple[Any, Any]:
    x, y, weight = [], [], []
    for row in rows:
        counts = WEIGHT.get(row["kind"], 1.0)
        for state in STATES:
            whole = [(row[state], counts)] if size == "many" else []
            parts = [(part, counts * _weight(row["kind"], part)) for part in row[f"{state}, {size}"]]
            for (features, answers), each in [*whole, *parts]:
                x += features
                y += answers
                weight += [each] * len(answers)
    scaler = StandardScaler().fit(x)
    # A feature that is the same everywhere tells nothing.
    scaler.scale_[scaler.scale_ < 1e-6] = 1.0
    model = LogisticRegression(C=C[size], max_iter=5_000)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(scaler.transform(x).clip(-most, most), y, sample_weight=weight)
    return scaler, model


def _report_few(rows: list[dict[str, Any]], most: float) -> None:
    """Of a few articles, with the coefficients of the other businesses: what was sent of all that was asked there."""
    said: dict[bool, list[tuple[bool, bool]]] = {True: [], False: []}
    for business in sorted({row["kb"] for row in rows}):
        scaler, model = _fit([row for row in rows if row["kb"] != business], most, "few")
        for row in rows:
            for features, answers in row[f"{STATES[0]}, few"] if row["kb"] == business else []:
                chances = model.predict_proba(scaler.transform(features).clip(-most, most))[:, 1]
                best = int(np.argmax(chances))
                said[any(answers)].append((chances[best] >= 0.8, bool(answers[best])))
    answered, wrong = (
        _share([sent and is_right for sent, is_right in said[True]]),
        _share([sent for sent, _ in said[False]]),
    )
    print(f"  by business, few articles: answered {answered:.3f}, sent where none answers {wrong:.3f}")


def _report(
    title: str, rows: list[dict[str, Any]], state: str, fold_of: Callable[[dict[str, Any]], Any], most: float
) -> None:
    """Means of the businesses, as the evaluation has them; the calibration's error of all together."""
    of_business: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for fold in sorted({fold_of(row) for row in rows}):
        scaler, model = _fit([row for row in rows if fold_of(row) != fold], most)
        for row in rows:
            if fold_of(row) == fold:
                features, answers = row[state]
                chances = model.predict_proba(scaler.transform(features).clip(-most, most))[:, 1]
                order = np.argsort(-chances)
                ranked = [bool(answers[n]) for n in order]
                said = {"kind": row["kind"], "sure": float(chances[order[0]]), "ranked": ranked, "lang": row["lang"]}
                of_business[row["kb"]].append(said)
    everything = [each for of in of_business.values() for each in of]
    told = {
        "recall@1": [_share([each["ranked"][0] for each in of if each["kind"] == "in"]) for of in of_business.values()],
        "recall@3": [
            _share([any(each["ranked"][:3]) for each in of if each["kind"] == "in"]) for of in of_business.values()
        ],
        "coverage": [
            _share([each["sure"] >= 0.8 for each in of if each["kind"] == "in"]) for of in of_business.values()
        ],
        "precision": [
            _share([each["ranked"][0] for each in of if each["kind"] == "in" and each["sure"] >= 0.8])
            for of in of_business.values()
        ],
    }
    for kind in ("near", "far", "noise"):
        told[f"{kind} sent"] = [
            _share([each["sure"] >= 0.8 and not each["ranked"][0] for each in of if each["kind"] == kind])
            for of in of_business.values()
            if any(each["kind"] == kind for each in of)
        ]
    foreign = [each for each in everything if each["lang"] != "en" and each["kind"] == "in"]
    told["recall@1, not English"] = [_share([each["ranked"][0] for each in foreign])] if foreign else []
    told["calibration error"] = [_calibration_error(everything)]
    print(f"  {title}: " + ", ".join(f"{name} {np.mean(values):.3f}" for name, values in told.items() if values))


def _share(values: list[bool]) -> float:
    return float(np.mean(values)) if values else 1.0


def _calibration_error(said: list[dict[str, Any]]) -> float:
    error = 0.0
    for least in range(10):
        within = [each for each in said if min(int(each["sure"] * 10), 9) == least]
        if within:
            right = np.mean([each["ranked"][0] and each["kind"] == "in" for each in within])
            error += len(within) / len(said) * abs(float(np.mean([each["sure"] for each in within])) - float(right))
    return error


def _short(values: Any) -> list[float]:
    return [round(float(value), 5) for value in values]


def _lines(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf8") as file:
        return [json.loads(line) for line in file if line.strip()]


if __name__ == "__main__":
    main()
