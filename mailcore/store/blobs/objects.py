"""Blobs on an S3-compatible store: what a batch adds is one object, put whole when the batch is synced.

The same locator fits: the object's key is the segment. Nothing is ever overwritten, a put is made only if the key is absent.
"""

import hashlib
import threading
from pathlib import Path
from typing import Any

from mailcore.base.errors import MailError, Reason
from mailcore.base.ids import Random, base32
from mailcore.store.blobs import Locator, Staged


class ObjectStore:
    """A bucket. *url* is s3://bucket/prefix; endpoint and keys come from *options* (AWS_* names)."""

    def __init__(self, url: str, options: dict[str, str], random: Random) -> None:
        import obstore
        from obstore.store import S3Store

        self._obstore: Any = obstore
        try:
            wanted: dict[str, Any] = {k: v for k, v in options.items() if k != "aws_allow_http"}
            is_plain = options.get("aws_allow_http", "").lower() in ("1", "true", "yes")
            self._store: Any = S3Store.from_url(url, config=wanted, client_options={"allow_http": is_plain})  # type: ignore[arg-type]
        except Exception as error:  # noqa: BLE001 - obstore raises its own kinds
            raise MailError(Reason.STORAGE, f"The object store {url} cannot be used: {error}.") from error
        self._random = random
        self._lock = threading.Lock()
        self._key = self._new_key()
        self._pending: list[bytes] = []
        self._size = 0
        self._void: set[str] = set()

    def is_void(self, segment: str) -> bool:
        return segment in self._void

    def _new_key(self) -> str:
        return "blobs/" + base32(int.from_bytes(self._random.bytes(15), "big"), 24)

    def add(self, data: bytes) -> Staged:
        digest = hashlib.sha256(data).digest()
        with self._lock:
            locator = Locator(segment=self._key, offset=self._size, length=len(data))
            self._pending.append(data)
            self._size += len(data)
        return Staged(sha256=digest, locator=locator)

    def spool(self) -> "ObjectSpool":
        return ObjectSpool(self)

    def sync(self) -> None:
        with self._lock:
            pending, key = self._pending, self._key
            if not pending:
                return
            self._pending, self._size, self._key = [], 0, self._new_key()
            # The put stays under the lock: a write that named this key must not commit before the object is there.
            try:
                self._obstore.put(self._store, key, b"".join(pending), mode="create")
            except Exception as error:  # noqa: BLE001 - obstore raises its own kinds
                self._void.add(key)
                raise MailError(Reason.STORAGE, f"The object store refused: {error}.") from error

    def read(self, locator: Locator, start: int = 0, length: int | None = None) -> bytes:
        want = max(0, locator.length - start) if length is None else max(0, min(length, locator.length - start))
        if want == 0:
            return b""
        try:
            data = bytes(self._obstore.get_range(self._store, locator.segment, start=locator.offset + start, length=want))
        except Exception as error:  # noqa: BLE001 - obstore raises its own kinds
            raise MailError(Reason.STORAGE, f"The object store cannot give {locator.segment}: {error}.") from error
        if len(data) != want:
            raise MailError(Reason.STORAGE, f"Object {locator.segment} is shorter than its index says.")
        return data

    def remove_segment(self, segment: str) -> None:
        try:
            self._obstore.delete(self._store, segment)
        except FileNotFoundError:
            return
        except Exception as error:  # noqa: BLE001 - obstore raises its own kinds
            raise MailError(Reason.STORAGE, f"The object store refused: {error}.") from error

    def bring(self, segment: str, path: Path) -> None:
        try:
            self._obstore.put(self._store, segment, path)
        except Exception as error:  # noqa: BLE001 - obstore raises its own kinds
            raise MailError(Reason.STORAGE, f"The object store refused {segment}: {error}.") from error

    def segments(self) -> dict[str, int]:
        return {item["path"]: item["size"] for batch in self._obstore.list(self._store, prefix="blobs") for item in batch}

    def close(self) -> None:
        self.sync()


class ObjectSpool:
    """Collects one message in memory (the object API takes it whole)."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._chunks: list[bytes] = []
        self.size = 0

    def write(self, chunk: bytes) -> None:
        self._chunks.append(chunk)
        self.size += len(chunk)

    def contents(self) -> bytes:
        return b"".join(self._chunks)

    def finish(self) -> Staged:
        return self._store.add(b"".join(self._chunks))

    def abort(self) -> None:
        self._chunks.clear()
