"""Templates of answers: what a person writes again and again, by name."""

from dataclasses import dataclass

from mailcore.base.errors import MailError, Reason
from mailcore.mail.html import sanitise
from mailcore.store.engine import Tx

MOST = 200
"""Templates of one account."""
NAME_CHARACTERS = 100
TEXT_CHARACTERS = 100_000
"""Text, and HTML, of one template: stops the table from becoming a store of files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """Plain text always, HTML where it has form (sanitised before it is stored)."""

    id: int
    name: str
    subject: str = ""
    text: str = ""
    html: str = ""


def of_account(tx: Tx, account_id: int) -> list[Template]:
    """All of an account, by name."""
    rows = tx.all("SELECT id, name, subject, text, html FROM answer_templates WHERE account_id = :a ORDER BY lower(name)", {"a": account_id})
    return [Template(id=r[0], name=r[1], subject=r[2], text=r[3], html=r[4]) for r in rows]


def names(tx: Tx, account_id: int) -> list[tuple[int, str]]:
    """(id, name) of each, by name: what a menu needs."""
    return [(r[0], r[1]) for r in tx.all("SELECT id, name FROM answer_templates WHERE account_id = :a ORDER BY lower(name)", {"a": account_id})]


def get(tx: Tx, account_id: int, template_id: int) -> Template:
    """One template. Raises MailError(NOT_FOUND)."""
    found = next((one for one in of_account(tx, account_id) if one.id == template_id), None)
    if found is None:
        raise MailError(Reason.NOT_FOUND, "This template is no longer here.")
    return found


def save(tx: Tx, account_id: int, wanted: Template) -> int:
    """Change a template, or add one when its id is 0; its id. Raises MailError(SYNTAX, LIMIT, ALREADY_EXISTS)."""
    name, text = " ".join(wanted.name.split())[:NAME_CHARACTERS], wanted.text.replace("\r\n", "\n").strip("\n")
    html = sanitise(wanted.html, cid_url=lambda _cid: None, remote_url=None).html if wanted.html.strip() else ""
    if not name:
        raise MailError(Reason.SYNTAX, "A template needs a name.")
    if not text.strip() and not html:
        raise MailError(Reason.SYNTAX, "There is no text to keep as a template.")
    if max(len(text), len(html)) > TEXT_CHARACTERS or "\0" in text:
        raise MailError(Reason.SYNTAX, f"A template has at most {TEXT_CHARACTERS} characters.")
    there = names(tx, account_id)
    if any(known == name and number != wanted.id for number, known in there):
        raise MailError(Reason.ALREADY_EXISTS, f"There is a template called {name} already.")
    if not wanted.id and len(there) >= MOST:
        raise MailError(Reason.LIMIT, f"There are {MOST} templates already. Remove one first.")
    values = {"a": account_id, "n": name, "s": " ".join(wanted.subject.split())[:500], "t": text, "h": html, "i": wanted.id}
    if wanted.id:
        tx.run("UPDATE answer_templates SET name = :n, subject = :s, text = :t, html = :h WHERE id = :i AND account_id = :a", values)
        return wanted.id
    return tx.insert("INSERT INTO answer_templates (account_id, name, subject, text, html) VALUES (:a, :n, :s, :t, :h)", values)


def remove(tx: Tx, account_id: int, template_id: int) -> None:
    """Forget a template."""
    tx.run("DELETE FROM answer_templates WHERE id = :i AND account_id = :a", {"i": template_id, "a": account_id})
