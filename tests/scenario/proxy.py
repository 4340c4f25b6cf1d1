"""A TCP proxy on loopback, as in front of a container: behind it every stranger has the proxy's own address."""

import contextlib
import socket
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def proxy(host: str, target: tuple[str, int]) -> Iterator[int]:
    """A port of *host* (127.0.0.1 or ::1) that leads to *target*."""
    with socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET) as door:

        def serve() -> None:
            while True:
                try:
                    near = door.accept()[0]
                except OSError:
                    return
                far = socket.create_connection(target, timeout=20)
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=carry, args=(source, sink), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield int(door.getsockname()[1])
        door.shutdown(socket.SHUT_RDWR)


def carry(source: socket.socket, sink: socket.socket) -> None:
    """Bytes one way, until either side ends."""
    with contextlib.suppress(OSError):
        while data := source.recv(65_536):
            sink.sendall(data)
    for one in (source, sink):
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
