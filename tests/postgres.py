"""A real PostgreSQL server for the tests: Debian's, in a folder of its own, on a free port, as a user that is not root."""

import glob
import os
import shutil
import socket
import subprocess
import tempfile
import time
import uuid


def binaries() -> str | None:
    """The folder of initdb and postgres, the newest version installed."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda p: int(p.split("/")[4]))
    return found[-1] if found else None


def free_port() -> int:
    """A TCP port nobody listens on at present."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class PostgresServer:
    """Started once a test run; `database()` makes an empty database and gives its URL."""

    def __init__(self) -> None:
        folder = binaries()
        assert folder is not None
        self.folder = tempfile.mkdtemp(prefix="roost-pg-")
        self.port = free_port()
        self._as: list[str] = []
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
            os.chmod(self.folder, 0o755)
            self._as = ["runuser", "-u", "postgres", "--"]
        data = os.path.join(self.folder, "data")
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder} -c fsync=off -c max_connections=200"
        self._run([f"{folder}/initdb", "-D", data, "-A", "trust", "-U", "roost", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"])
        self._server = subprocess.Popen(
            [*self._as, f"{folder}/postgres", "-D", data, *options.split()], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self.folder
        )
        self._wait()

    def _run(self, command: list[str]) -> None:
        subprocess.run([*self._as, *command], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=self.folder)

    def _wait(self) -> None:
        import psycopg

        for _ in range(200):
            try:
                psycopg.connect(self.url("postgres")).close()
                return
            except psycopg.OperationalError:
                time.sleep(0.05)
        raise AssertionError("PostgreSQL did not start")

    def url(self, name: str) -> str:
        """The URL of a database of this server."""
        return f"postgresql://roost@127.0.0.1:{self.port}/{name}"

    def database(self) -> str:
        """The URL of a new, empty database."""
        import psycopg

        name = "t" + uuid.uuid4().hex[:12]
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")  # type: ignore[call-overload]
        return self.url(name)

    def stop(self) -> None:
        """End the server and remove its folder."""
        self._server.terminate()
        self._server.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)
