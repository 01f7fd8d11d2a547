"""The embedded engine needs nobody: no network, and no process that it was not made in."""

import subprocess
import sys

import pytest

# In a process of its own: no socket of any kind is opened there, and what it loaded is used by two threads and a child.
ALONE = """
import os, socket, sys, threading

class Refused(socket.socket):
    def __init__(self, *args, **kwargs):
        raise AssertionError("a socket was opened")

socket.socket = Refused

import django
django.setup()
import numpy as np
from django.conf import settings
settings.THEO_ENGINE = "full"
from theo.engine.embedders import embedders
from theo.engine.index import Doc, Index
from theo.engine.passages import rows_of

SHELF = {"Returns": "Send an item back within 30 days.", "Opening hours": "The shop is open from nine to five."}
models = embedders()
assert set(models) == {"e5", "minilm"}
docs = [
    Doc(key=title, title=title, text=text, vectors={
        kind: rows_of(model, title=title, text=text, tags=()) for kind, model in models.items()
    })
    for title, text in SHELF.items()
]
index = Index(docs, models)
asked = ["when do you open?", "Wie schicke ich etwas zurück?"]
alone = [index.find(one) for one in asked]
assert [hits[0].key for hits in alone] == ["Opening hours", "Returns"]

together = [None] * len(asked)
def ask(n):
    together[n] = index.find(asked[n])
threads = [threading.Thread(target=ask, args=[n]) for n in range(len(asked))]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
assert together == alone

child = os.fork()
if not child:
    os._exit(0 if [index.find(one) for one in asked] == alone else 1)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.timeout(300)
def test_it_works_without_a_network_in_threads_and_in_a_forked_child() -> None:
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", ALONE], capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr[-2000:]
