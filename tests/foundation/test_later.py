"""Work beside the answer: bounded in number, and in how long it may hold up the end of a process."""

import os
import queue
import subprocess
import sys
import threading

import pytest

from foundation.later import Pool


def test_what_waits_is_done_and_one_that_fails_stops_nothing() -> None:
    pool, done = Pool(threads=1, most=10), []
    pool.submit(lambda: done.append(1 / 0))
    pool.submit(lambda: done.append("after"))
    assert pool.finish(seconds=10)
    assert done == ["after"]


def test_only_so_much_may_wait() -> None:
    pool, begun, go_on = Pool(threads=1, most=2), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        go_on.wait(10)

    pool.submit(work)
    assert begun.wait(10)
    pool.submit(work)
    pool.submit(work)
    with pytest.raises(queue.Full):
        pool.submit(work)
    assert not pool.finish(seconds=0)
    go_on.set()
    assert pool.finish(seconds=10)


def test_a_process_ends_whatever_hangs_in_it() -> None:
    """A mail server and a resolver that do not answer for ten minutes."""
    code = """
import time
from foundation import http, later
http.resolve = lambda host: time.sleep(600)
http.CONNECT_SECONDS = 0.2
try:
    http.get("https://slow.example/")
except http.OutboundFailed:
    later.later(lambda: time.sleep(600))
    print("ends")
"""
    command = [sys.executable, "-c", "import django; django.setup()" + code]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "pingback.settings"}
    ended = subprocess.run(command, timeout=60, capture_output=True, text=True, env=environment)
    assert (ended.returncode, ended.stdout) == (0, "ends\n"), ended.stderr
