"""How likely it is that an article answers: a logistic regression over the features of `index`.

A base of a few articles has coefficients of its own: much of what is asked there has no answer yet, and what comes
nearest looks near. The coefficients are made by `tools/train_theo.py`; confidence.json says from what. 0.8 means right
in 8 of 10.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

PLACE = Path(__file__).with_name("confidence.json")


def chances(kind: str, rows: NDArray[np.floating[Any]], *, few: bool) -> NDArray[np.floating[Any]]:
    """kind: "full", "e5" or "minilm". rows: (articles, features). few: the base has. 0 to 1 for each."""
    mean, scale, weights, bias = _fitted(kind, "few" if few else "many")
    said = ((rows - mean) / scale).clip(-MOST, MOST) @ weights + bias
    return 1 / (1 + np.exp(-said))


# Further from the middle than nearly everything that was trained on, a feature says no more than there.
MOST = 4.0


@cache
def _fitted(kind: str, size: str) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], float]:
    fitted = json.loads(PLACE.read_text("utf-8"))[size][kind]
    mean, scale, weights = (np.asarray(fitted[name]) for name in ("mean", "scale", "weights"))
    return mean, scale, weights, float(fitted["bias"])
