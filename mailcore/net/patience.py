"""Time for a whole conversation. A socket's own timeout begins anew with each byte, so that one who sends one now and then is never done."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def in_time(connection: socket.socket, seconds: float) -> Iterator[None]:
    """Shut *connection*, whatever is still being said, when what stands inside takes longer; TimeoutError then, unless another error came of it."""
    is_over = threading.Event()
    with socket.socket(fileno=os.dup(connection.fileno())) as same:  # TLS takes the first for itself, and a closed one may be another's by then

        def shut() -> None:
            is_over.set()
            with suppress(OSError):
                same.shutdown(socket.SHUT_RDWR)

        timer = threading.Timer(seconds, shut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
        if is_over.is_set():
            raise TimeoutError("It took too long.")
