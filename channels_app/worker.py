"""The loop that does the background work: in a thread of the one process, or as `manage.py worker`."""

import logging
import threading
import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta

from django.db import close_old_connections
from django.db.models.functions import Now

from businesses import status
from channels_app import chores, deliveries, files, intake, purging
from channels_app.chores import Chore
from channels_app.models import Delivery, Heartbeat, Media

log = logging.getLogger("pingback.worker")

NAME = "worker"
POLL_SECONDS = 1.0
BEAT_SECONDS = 10.0
SETTLE_SECONDS = 5.0
ASK_FOR_PURGE_SECONDS = 300.0
# Several beats: one that is late is not a death.
ALIVE_FOR = timedelta(seconds=60)
# Each kind of work has hands of its own, so that what hangs in one keeps none of the others waiting; threads come when
# there is work. Of those for deliveries a channel holds at most deliveries.PER_CHANNEL, a provider PER_TYPE.
SLOTS = 24
FETCHING = 6


def is_alive() -> bool:
    """Whether some worker of this installation was heard of lately, by the database's clock: ours may be wrong."""
    return Heartbeat.objects.filter(name=NAME, beat_at__gt=Now() - ALIVE_FOR).exists()


def run_forever(stop: threading.Event, *, concurrency: int | None = None) -> None:
    """Work until `stop` is set; then finish what is under way and give back what is not begun.

    concurrency: how much is on its way out at once; SLOTS when it is not given.
    """
    _Worker(stop, concurrency or SLOTS).run()


class _Worker:
    def __init__(self, stop: threading.Event, slots: int) -> None:
        self.stop = stop
        self.slots = slots
        self.senders = ThreadPoolExecutor(slots, thread_name_prefix="delivery")
        self.takers = ThreadPoolExecutor(1, thread_name_prefix="intake")
        self.fetchers = ThreadPoolExecutor(FETCHING, thread_name_prefix="files")
        self.choremen = ThreadPoolExecutor(len(chores.chores) + 1, thread_name_prefix="chore")  # one for the purge
        self.under_way: dict[Future[None], Delivery] = {}
        self.fetching: dict[Future[None], Media] = {}
        self.taking_in: Future[None] | None = None
        self.next_beat = 0.0
        self.next_purge = 0.0
        self.next_settling = 0.0
        self.next_chores = {chore.name: 0.0 for chore in chores.chores}
        self.at_chores: dict[str, Future[None]] = {}

    def run(self) -> None:
        try:
            while not self.stop.is_set():
                deliveries.news.clear()
                self._round()
                deliveries.news.wait(POLL_SECONDS)
        finally:
            for pool in (self.senders, self.takers, self.fetchers, self.choremen):
                pool.shutdown(wait=True)

    def _round(self) -> None:
        """Whatever fails here, a database that is away above all, is tried again at the next round."""
        try:
            self._beat()
            self._send()
            self._take_in()
            self._fetch()
            self._settle()
            self._purge()
            self._do_chores()
        except Exception:
            log.exception("A round of the worker failed")
        finally:
            close_old_connections()

    def _send(self) -> None:
        self.under_way = {future: delivery for future, delivery in self.under_way.items() if not future.done()}
        busy = Counter(delivery.channel.type for delivery in self.under_way.values() if delivery.channel)
        for delivery in deliveries.claim(self.slots - len(self.under_way), under_way=busy):
            future = self.senders.submit(self._do, delivery)
            # The next message of the conversation may go.
            future.add_done_callback(lambda _future: deliveries.news.set())
            self.under_way[future] = delivery

    def _do(self, delivery: Delivery) -> None:
        try:
            if self.stop.is_set():
                deliveries.release(delivery)
            else:
                deliveries.attempt(delivery)
        except Exception:
            log.exception("Delivery %s stays claimed until its lease ends", delivery.pk)
        finally:
            close_old_connections()

    def _take_in(self) -> None:
        """Beside the deliveries, one after the other: messages of one customer keep their order."""
        if self.taking_in is None or self.taking_in.done():
            self.taking_in = self.takers.submit(self._work_off)

    def _work_off(self) -> None:
        try:
            while not self.stop.is_set() and intake.work():
                pass
        except Exception:
            log.exception("Taking in what providers sent failed, and is tried again")
        finally:
            close_old_connections()

    def _fetch(self) -> None:
        self.fetching = {future: media for future, media in self.fetching.items() if not future.done()}
        if len(self.fetching) < FETCHING:
            busy = Counter(media.channel_id for media in self.fetching.values())
            for media in files.claim(most=FETCHING - len(self.fetching), under_way=busy):
                self.fetching[self.fetchers.submit(self._fetch_one, media)] = media

    def _fetch_one(self, media: Media) -> None:
        try:
            files.fetch(media)
        except Exception:
            log.exception("A file of message %s waits until its lease ends", media.message_id)
        finally:
            close_old_connections()

    def _purge(self) -> None:
        """Beside the deliveries: what takes long must hold up none of them."""
        if time.monotonic() < self.next_purge:
            return
        self.next_purge = time.monotonic() + ASK_FOR_PURGE_SECONDS
        if purging.claim():
            self.choremen.submit(self._throw_away)

    def _throw_away(self) -> None:
        try:
            purging.purge_all(self.stop)
        finally:
            close_old_connections()

    def _do_chores(self) -> None:
        """Beside the deliveries, too; one that is not done is not begun again."""
        for chore in chores.chores:
            under_way = self.at_chores.get(chore.name)
            if time.monotonic() < self.next_chores[chore.name] or (under_way and not under_way.done()):
                continue
            self.next_chores[chore.name] = time.monotonic() + chore.every()
            self.at_chores[chore.name] = self.choremen.submit(self._do_chore, chore)

    def _do_chore(self, chore: Chore) -> None:
        try:
            chore.work(self.stop)
        except Exception:
            log.exception("%s failed, and is tried again", chore.name)
        finally:
            close_old_connections()

    def _settle(self) -> None:
        """Whoever closed the laptop is not there any more."""
        if time.monotonic() < self.next_settling:
            return
        self.next_settling = time.monotonic() + SETTLE_SECONDS
        status.settle_absent()

    def _beat(self) -> None:
        if time.monotonic() < self.next_beat:
            return
        beat = Heartbeat(name=NAME, beat_at=Now())
        Heartbeat.objects.bulk_create([beat], update_conflicts=True, unique_fields=["name"], update_fields=["beat_at"])
        self.next_beat = time.monotonic() + BEAT_SECONDS
