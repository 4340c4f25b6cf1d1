"""hMailServerBackup.xml, read piece by piece: a record for each domain, account, alias, list and group of settings.

hMailServer writes UTF-16 with line ends inside attribute values, which XML turns into spaces, and control characters, which it forbids;
both are mended on the way in. Messages are kept with their folder, or only counted.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from xml.etree.ElementTree import Element, ParseError, XMLPullParser

from mailcore.base.errors import MailError, Reason

NAME = "hMailServerBackup.xml"
PIECE = 1 << 20
DEPTH = 200
"""Elements inside each other: a folder tree is 25 deep at most."""
_UNITS = {"DomainAlias", "Account", "Alias", "DistributionList"}
_SETTINGS = {
    "Properties", "SecurityRange", "Rules", "TCPIPPort", "SSLCertificate", "BlockedAttachment", "Route", "IncomingRelay", "Group", "DNSBlackList",
    "SURBLServer", "GreyListingWhiteAddress", "WhiteAddress", "ServerMessage", "PublicFolders",
}  # fmt: skip
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_QUOTED_BREAK = re.compile("\r\n|\r|\n|\t")


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One thing of the backup. *kind* is its element's name, "Domain" for a domain's own attributes; *domain* is where it stands, or ""."""

    kind: str
    domain: str
    attributes: dict[str, str]
    element: Element = field(default_factory=lambda: Element("none"))

    def text(self, name: str) -> str:
        """An attribute, "" when it is not there."""
        return self.attributes.get(name, "")

    def number(self, name: str) -> int:
        """An attribute as a number, 0 for what is none."""
        return number(self.attributes.get(name, ""))

    def flag(self, name: str) -> bool:
        """An attribute that is 1 or 0."""
        return self.attributes.get(name, "") == "1"


def number(text: str) -> int:
    """*text* as a number, 0 for what is none."""
    return int(text) if re.fullmatch(r"-?\d{1,15}", text.strip()) else 0


def find(path: Path) -> Path:
    """The XML file that *path* is or holds. Raises MailError in words."""
    if path.suffix.lower() in (".7z", ".zip"):
        raise MailError(Reason.SYNTAX, f"{path.name} is packed. Unpack it first (7z x {path.name}), then name the folder.")
    if path.is_dir():
        found = next((p for p in (path / NAME, *sorted(path.glob("*.xml")), *sorted(path.glob(f"*/{NAME}"))) if p.is_file()), None)
        if found is None:
            raise MailError(Reason.NOT_FOUND, f"There is no {NAME} in {path}. Unpack hMailServer's backup (HMBackup ….7z) there.")
        return found
    if not path.is_file():
        raise MailError(Reason.NOT_FOUND, f"There is no {path}.")
    return path


def records(path: Path, *, has_messages: bool) -> Iterator[Record]:
    """Every record in the order of the file. Raises MailError(SYNTAX) where it is no such backup or ends early."""
    parser: XMLPullParser[Any] = XMLPullParser(("start", "end"))
    reader = _Reader(has_messages)
    try:
        for text in _pieces(path):
            parser.feed(text)
            for event, element in cast(Iterator[tuple[str, Element]], parser.read_events()):
                yield from reader.start(element) if event == "start" else reader.end(element)
        parser.close()
    except ParseError as error:
        raise MailError(Reason.SYNTAX, f"{path.name} is not a whole hMailServer backup: {error}.") from error
    if not reader.is_backup:
        raise MailError(Reason.SYNTAX, f"{path.name} is not an hMailServer backup.")


class _Reader:
    """Follows the elements and lets go of each that was handed out, so that a large backup needs little memory."""

    def __init__(self, has_messages: bool) -> None:
        self.has_messages, self.is_backup = has_messages, False
        self._path: list[Element] = []
        self._domain = ""

    def start(self, element: Element) -> Iterator[Record]:
        if not self._path:
            self.is_backup = element.tag == "Backup"
        self._path.append(element)
        if len(self._path) > DEPTH:
            raise MailError(Reason.LIMIT, "The backup nests too deep.")
        if element.tag == "Domain" and len(self._path) == 3:
            self._domain = element.get("Name", "")
            yield Record(kind="Domain", domain=self._domain, attributes=dict(element.attrib))

    def end(self, element: Element) -> Iterator[Record]:
        self._path.pop()
        parent = self._path[-1] if self._path else None
        depth = len(self._path) + 1
        if element.tag == "Message" and parent is not None and not self.has_messages:
            holder = self._path[-2] if len(self._path) > 1 else parent
            holder.set("MessageCount", str(number(holder.get("MessageCount", "")) + 1))
            parent.remove(element)
        is_unit = self._domain and element.tag in _UNITS and depth == 5
        is_setting = not self._domain and element.tag in _SETTINGS and depth <= 4
        if is_unit or is_setting:
            yield Record(kind=element.tag, domain=self._domain, attributes=dict(element.attrib), element=element)
            if parent is not None and parent.tag != "Backup":
                parent.remove(element)
        elif element.tag == "Domain" and depth == 3:
            self._domain = ""
            element.clear()


def _pieces(path: Path) -> Iterator[str]:
    """The file as text that an XML parser takes."""
    with path.open("rb") as file:
        start = file.read(4)
    encoding = "utf-16" if start[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    is_in_tag, is_quoted, is_first = False, False, True
    with path.open("r", encoding=encoding, errors="replace", newline="") as text:
        while piece := text.read(PIECE):
            if is_first:
                piece, is_first = re.sub(r"^\s*<\?xml[^>]*\?>", "", piece, count=1), False
                if "<!DOCTYPE" in piece:
                    raise MailError(Reason.SYNTAX, f"{path.name} is not an hMailServer backup.")
            made = []
            for part in re.split('([<>"])', _FORBIDDEN.sub("", piece)):
                if part == '"' and is_in_tag:
                    is_quoted = not is_quoted
                elif part == "<" and not is_quoted:
                    is_in_tag = True
                elif part == ">" and not is_quoted:
                    is_in_tag = False
                elif is_quoted:
                    part = "&lt;" if part == "<" else _QUOTED_BREAK.sub(_kept_break, part)
                made.append(part)
            yield "".join(made)


def _kept_break(found: re.Match[str]) -> str:
    return "&#9;" if found[0] == "\t" else "&#10;"
