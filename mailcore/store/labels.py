"""Labels: IMAP keywords that a person gave a colour. Any program may set them; the colours are the webmail's."""

import re
from dataclasses import dataclass

from mailcore.base.errors import MailError, Reason
from mailcore.store.engine import Tx

TONES = ("blue", "green", "amber", "red", "")
MOST = 100
"""Labels of one account."""
_NAME = re.compile(r"[A-Za-z0-9_.&+-]{1,50}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A label: its keyword and colour ("" is grey)."""

    name: str
    tone: str


def checked(name: str) -> str:
    """*name* as a keyword. Raises MailError(SYNTAX) for what IMAP cannot hold (RFC 3501 §2.3.2)."""
    clean = "-".join(name.split())
    if not _NAME.fullmatch(clean):
        raise MailError(Reason.SYNTAX, "A label has letters of A to Z, digits and - _ . + and at most 50 of them: other programs read it too.")
    return clean


def of_account(tx: Tx, account_id: int) -> list[Label]:
    """All labels, by name."""
    rows = tx.all("SELECT name, tone FROM labels WHERE account_id = :a ORDER BY lower(name)", {"a": account_id})
    return [Label(name=r[0], tone=r[1]) for r in rows]


def put(tx: Tx, account_id: int, name: str, tone: str | None = None) -> None:
    """Add a label, or give one another colour; a new one without a colour takes the next. Raises MailError(LIMIT)."""
    present = of_account(tx, account_id)
    known = next((one for one in present if one.name == name), None)
    if known is None and len(present) >= MOST:
        raise MailError(Reason.LIMIT, f"There are {MOST} labels already.")
    chosen = tone if tone in TONES else known.tone if known is not None else TONES[len(present) % 4]
    tx.run(
        "INSERT INTO labels (account_id, name, tone) VALUES (:a, :n, :t) ON CONFLICT (account_id, name) DO UPDATE SET tone = :t",
        {"a": account_id, "n": name, "t": chosen},
    )
