"""Work that no answer waits for, like handing over a mail: neither its duration nor its outcome shows in the answer.

Best effort: what is lost with the process can be asked for again. What must not be lost is a row.
"""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import connections

log = logging.getLogger("pingback.later")
_pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="later")


def later(work: Callable[[], None]) -> None:
    """Run it soon, in another thread with database connections of its own."""
    _pool.submit(_run, work)


def _run(work: Callable[[], None]) -> None:
    try:
        work()
    except Exception:
        log.exception("Something that nobody waits for failed")
    finally:
        connections.close_all()
