"""The line to a mail server, whatever is spoken on it: to an address that was judged, and cut when its time is over."""

import socket
import ssl
import threading
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from typing import Self

from foundation import http


class Cut:
    """`with Cut(seconds) as cut:` ends the talk then, whatever the server does: one that drips must not keep a thread.

    It holds the connection below TLS, so that it does not matter when that begins.
    """

    def __init__(self, seconds: float) -> None:
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True
        self._line: socket.socket | None = None
        self._is_over = False
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def connect(self, host: str, port: int, *, timeout: float, ports: Sequence[int]) -> socket.socket:
        """Raises OutboundRefused, OSError."""
        line = http.open_socket(host, port, timeout=timeout, ports=ports)
        with self._lock:
            if not self._is_over:
                self._line = line.dup()
                return line
        line.close()
        raise TimeoutError("The time is up.")

    def stop(self) -> None:
        """From now on it may last."""
        self._timer.cancel()
        with self._lock:
            if self._line:
                self._line.close()
                self._line = None

    def _end(self) -> None:
        with self._lock, suppress(OSError):
            self._is_over = True
            if self._line:
                self._line.shutdown(socket.SHUT_RDWR)


@cache
def tls() -> ssl.SSLContext:
    return ssl.create_default_context()
