"""A bounded run of the fuzzer; a longer one is started by hand (fuzzing.py)."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from tests.channels_app.seeds import TYPES, seeds

pytest.importorskip("atheris", reason="no wheel for this platform")


@pytest.mark.timeout(600)
@pytest.mark.skipif(not settings.EMBEDDED, reason="once is enough: there is no database in it")
def test_nothing_that_atheris_makes_of_real_payloads_escapes_a_parser(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for number, seed in enumerate(seeds()):
        (corpus / str(number)).write_bytes(seed)
    assert {seed[0] for seed in seeds()} == set(range(len(TYPES)))

    options = ["-runs=3000", "-seed=1", "-max_len=2048", "-timeout=60", f"-artifact_prefix={tmp_path}/"]
    command = [sys.executable, "-m", "tests.channels_app.fuzzing", str(corpus), *options]
    run = subprocess.run(command, cwd=settings.BASE_DIR, capture_output=True, text=True, check=False)

    assert run.returncode == 0, run.stderr[-3000:]
    assert re.search(r"Done 3\d{3} runs", run.stderr)  # one that is begun is ended
