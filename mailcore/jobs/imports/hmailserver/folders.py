"""hMailServer's folders and messages: the tree of an account or of the public folders, with flags and dates, from the Data folder."""

import re
from collections.abc import Iterator
from pathlib import Path, PureWindowsPath
from xml.etree.ElementTree import Element

from mailcore.base.errors import MailError, Reason
from mailcore.directory import sharing_verbs
from mailcore.jobs.fetch import with_line_ends
from mailcore.jobs.imports import mailing
from mailcore.jobs.imports.hmailserver.people import moment
from mailcore.jobs.imports.hmailserver.reading import number
from mailcore.jobs.imports.hmailserver.work import ACTOR, Work
from mailcore.jobs.imports.letters import Letter, arrived, clean_name
from mailcore.store import Tx, mailboxes, messages, sharing
from mailcore.store.accounts import Account
from mailcore.wire.imap import mutf7

FLAGS = {1: messages.SEEN, 4: messages.FLAGGED, 8: messages.ANSWERED, 16: messages.DRAFT}
DELETED = 2
RIGHTS = "lrswipkxtea"
"""hMailServer's rights from bit 1 on."""
PUBLIC = "#Public"


def bring(work: Work, mine: Account, element: Element, data: Path | None, step: mailing.Step) -> None:
    """The mail of an account: what the backup lists, or every file of its folder where it lists none."""
    folders = list(_tree(element))
    subscribe(work, mine, folders)
    if work.is_dry:
        work.report.messages["found"] += sum(number(node.get("MessageCount", "")) for _, node in folders)
        return
    local, _, domain = mine.address.partition("@")
    home = None if data is None else _home(data, domain, local)
    has_list = any(node.find(".//Message") is not None for _, node in folders)
    limit = int(work.runtime.settings.get("smtp.message_size"))
    if has_list and home is None:
        work.leave_out("mail", mine.address, "the backup lists messages, but their files are not there. Name hMailServer's Data folder with --data")
        return
    if home is None:
        return
    found = _listed(folders, home, limit) if has_list else _loose(home, limit)
    _count(work, mine.address, mailing.bring(work.runtime, mine, found, step=step))


def subscribe(work: Work, mine: Account, folders: list[tuple[str, Element]]) -> None:
    """Make every folder, with mail or without."""
    homes = {box.role: box.name for box in mailboxes.list_all(work.read(), mine.id) if box.role}

    def step(tx: Tx) -> None:
        for name, node in folders:
            place = mailing.place_of(name, "", homes)
            if mailboxes.by_name(tx, mine.id, place) is None:
                mailboxes.create(tx, mine.id, place, actor=ACTOR.name, now=work.now, is_subscribed=node.get("Subscribed") == "1")

    if folders:
        work.do("folders", mine.address, step)


def public(work: Work, element: Element, data: Path | None, step: mailing.Step) -> None:
    """Public folders, who may do what in them, and their mail; they are the server's public mailboxes."""
    folders = list(_tree(element))
    for name, node in folders:

        def make(tx: Tx, name: str = name, node: Element = node) -> None:
            made = sharing_verbs.add_public(tx, ACTOR, "", name, work.now)
            box = mailboxes.get(tx, made)
            assert box is not None
            for entry in node.findall("./ACLs/Permission") or node.findall("./Permissions/Permission"):
                _share(work, tx, box, entry)

        work.do("public folder", name, make)
    if work.is_dry:
        work.report.messages["found"] += sum(number(node.get("MessageCount", "")) for _, node in folders)
        return
    home = None if data is None else next((p for p in data.iterdir() if p.name.lower() == PUBLIC.lower() and p.is_dir()), None)
    owner = sharing.public_account(work.read(), None)
    if home is not None and owner is not None:
        limit = int(work.runtime.settings.get("smtp.message_size"))
        _count(work, "public folders", mailing.bring(work.runtime, owner, _listed(folders, home, limit), step=step))


def _share(work: Work, tx: Tx, box: mailboxes.Mailbox, entry: Element) -> None:
    name, bits = entry.get("Holder", ""), number(entry.get("Rights", ""))
    who = {1: "$" + work.groups.get(name.lower(), name), 2: "anyone"}.get(number(entry.get("Type", "")), name)
    rights = "".join(letter for position, letter in enumerate(RIGHTS) if bits >> position & 1)
    try:
        sharing_verbs.share(tx, ACTOR, box, sharing_verbs.holder(tx, None, box, who), rights, work.now)
    except MailError as error:
        if error.reason not in (Reason.NOT_FOUND, Reason.NOT_PERMITTED):
            raise
        work.note("public folder", box.name, f"the rights of {name} were not taken: {error.detail}")


def _tree(element: Element) -> Iterator[tuple[str, Element]]:
    """(mailbox name, its element), parents first."""
    waiting = [("", node) for node in _children(element)]
    while waiting:
        parent, node = waiting.pop(0)
        name = clean_name("/".join(part for part in (parent, _folder_name(node.get("Name", ""))) if part))
        yield name, node
        waiting = [(name, child) for child in _children(node)] + waiting


def _children(element: Element) -> list[Element]:
    holder = element.find("Folders")
    return [node for node in (element if holder is None else holder) if node.tag == "Folder"]


def _folder_name(text: str) -> str:
    try:
        text = mutf7.decode(text.encode("ascii"))
    except (MailError, UnicodeError):
        pass
    return text.replace("/", "_")


def _home(data: Path, domain: str, local: str) -> Path | None:
    """`Data/domain/localpart`, whatever the case of the letters there."""
    found: Path | None = data
    for level in (domain, local):
        found = next((p for p in found.iterdir() if p.name.lower() == level.lower() and p.is_dir()), None) if found is not None else None
    return found


def _listed(folders: list[tuple[str, Element]], home: Path, limit: int) -> Iterator[Letter]:
    for name, node in folders:
        holder = node.find("Messages")
        for one in node.findall("Message") if holder is None else holder.findall("Message"):
            flags = number(one.get("Flags", ""))
            if flags & DELETED:
                continue
            file = PureWindowsPath(one.get("Filename", "")).name
            path = next((p for p in (home / file[1:3], home / file[1:3].lower(), home / file[1:3].upper(), home) if (p / file).is_file()), None) if file else None
            bits = sum(bit for theirs, bit in FLAGS.items() if flags & theirs)
            if path is None:
                yield Letter(mailbox=name, data=None, source=f"{name}, {file}: the file is not there")
                continue
            yield _letter(path / file, name, limit, bits, moment(one.get("CreateTime", "")))


def _loose(home: Path, limit: int) -> Iterator[Letter]:
    """Every file of an account whose messages the backup does not list, as hMailServer's own synchroniser takes them: into INBOX."""
    for path in sorted(home.glob("*/*.eml")) + sorted(home.glob("*.eml")):
        if re.fullmatch(r"\{?[0-9A-Fa-f-]{36}\}?\.eml", path.name):
            yield _letter(path, "INBOX", limit, messages.SEEN, None)


def _letter(path: Path, name: str, limit: int, flags: int, at: int | None) -> Letter:
    if path.stat().st_size > limit:
        return Letter(mailbox=name, data=None, source=str(path))
    data = with_line_ends(path.read_bytes())
    return Letter(mailbox=name, data=data, flags=flags, at=at or arrived(data), source=str(path))


def _count(work: Work, name: str, outcome: mailing.Outcome) -> None:
    mail = work.report.messages
    mail["brought"] += outcome.brought
    mail["were_here"] += outcome.were_here
    mail["left_out"] += outcome.left_out_count
    for text in outcome.left_out:
        work.note("mail", name, text)
