"""Servers as processes of their own: starting and ending them, and what they cost. Linux only: it reads /proc."""

import asyncio
import contextlib
import ctypes
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
START_SECONDS = 90
PR_SET_PDEATHSIG = 1


class Process:
    """A server that is up once `health` answers; it leads a process group of its own, which ends with it."""

    def __init__(
        self, name: str, command: Sequence[str], *, log: Path, health: str, environment: Mapping[str, str] = {}
    ) -> None:
        self.name, self.log, self._health = name, log, health
        with log.open("ab") as out:
            self.child = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                preexec_fn=_end_with_parent,
            )
        _running.append(self)

    @property
    def pid(self) -> int:
        return self.child.pid

    async def ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.child.poll() is not None:
                raise RuntimeError(f"{self.name} ended by itself:\n{self.log.read_text()[-3000:]}")
            if await asyncio.to_thread(_answers, self._health):
                return
            await asyncio.sleep(0.05)
        raise RuntimeError(f"{self.name} did not start in {START_SECONDS} s:\n{self.log.read_text()[-3000:]}")

    def stop(self) -> None:
        _stop([self])


_running: list[Process] = []


def stop_all() -> None:
    _stop(list(_running))


def _stop(processes: list[Process]) -> None:
    """Ask all of them first, then wait for each."""
    for process in processes:
        _signal(process, signal.SIGTERM)
    for process in processes:
        try:
            process.child.wait(15)
        except subprocess.TimeoutExpired:
            _signal(process, signal.SIGKILL)
            process.child.wait(5)
        _signal(process, signal.SIGKILL)  # what it left behind
        _running.remove(process)


def _signal(process: Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _end_with_parent() -> None:
    """In the child: should we be killed, it gets the signal that we could not send. Source: prctl(2)."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=2).close()
    except urllib.error.HTTPError:
        return True  # that it answers is enough
    except OSError:
        return False
    return True


def tree(pid: int) -> list[int]:
    """The process and everything that it started and that still runs."""
    found, waiting = [], [pid]
    while waiting:
        each = waiting.pop()
        found.append(each)
        for children in Path(f"/proc/{each}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                waiting += map(int, children.read_text().split())
    return found


def cpu(*pids: int) -> float:
    """Seconds of CPU that these process trees have used so far, dead children included."""
    total = 0
    for pid in (each for root in pids for each in tree(root)):
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += sum(map(int, fields[11:15]))  # utime, stime, cutime, cstime
    return total / TICKS


def memory(*pids: int) -> int:
    """Resident bytes of these process trees."""
    total = 0
    for pid in (each for root in pids for each in tree(root)):
        with contextlib.suppress(OSError):
            total += int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    return total
