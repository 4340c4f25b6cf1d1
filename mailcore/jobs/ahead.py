"""Makes large HTML safe when it comes, so that nobody waits for it. One message at a time, when the index has nothing to do."""

from mailcore.mail import texts
from mailcore.mail.part import load_parts
from mailcore.runtime.runtime import Runtime
from mailcore.sessions import safe_bodies
from mailcore.store.blobs import Locator


class Ahead:
    """The process that keeps the index does this, too. Mail from before it started is made safe when it is opened."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.done: int | None = None

    def step(self) -> bool:
        """One message, if there is one; whether there may be more. Raises MailError."""
        tx = self.runtime.store.read()
        newest = int(tx.value("SELECT max(id) FROM emails") or 0)
        if self.done is None:
            self.done = newest
        if newest == self.done:
            return False
        row = tx.one(
            'SELECT e.id, e.parts, b.segment, b."offset", b.length FROM emails e JOIN blobs b ON b.id = e.blob_id WHERE e.id > :i AND b.length >= :n ORDER BY e.id LIMIT 1',
            {"i": self.done, "n": safe_bodies.LARGE_CHARACTERS},
        )
        self.done = int(row[0]) if row is not None else newest
        if row is None:
            return False
        data, root = self.runtime.store.blobs.read(Locator(segment=row[2], offset=row[3], length=row[4])), load_parts(row[1])
        written = texts.texts(data, root, texts.SHOWN_BYTES)
        pictures = texts.pictures(root, written.markup)
        for one in written.pieces:
            if one.is_html and len(one.text) >= safe_bodies.LARGE_CHARACTERS:
                safe_bodies.make(self.runtime, self.done, one.text, pictures)
        return True
