"""The worker."""

import threading


def run_forever(stop: threading.Event) -> None:
    stop.wait()


def is_alive() -> bool:
    return True
