"""Addresses: what SMTP calls Mailbox, ReversePath and ForwardPath, what headers call an address list, and how both print.

`Address.parse` takes exactly RFC 5321's Mailbox (with RFC 6531's UTF-8) and is for commands and forms; the header parser takes
whatever people's programs write and never raises. `Address.key` is the one normal form to look things up by. Who owns an
address, tags after a plus, and aliases are `directory`'s.
"""

import ipaddress
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import idna

from mailcore.base.errors import MailError, Reason
from mailcore.mail.addrtokens import RawGroup, RawMailbox, split_addresses, unquote
from mailcore.mail.headers import decode_value, encode_phrase, has_control

MAX_LOCAL_BYTES = 64
"""RFC 5321 §4.5.3.1.1. Stops names that no store column was made for."""
MAX_DOMAIN_BYTES = 255
"""RFC 5321 §4.5.3.1.2. Also bounds the work of IDNA mapping."""
MAX_PATH_BYTES = 256
"""RFC 5321 §4.5.3.1.3, angle brackets included."""

_ATEXT = r"A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\u0080-\U0010ffff"
_DOT_STRING = re.compile(rf"[{_ATEXT}]+(?:\.[{_ATEXT}]+)*")
_MAILBOX = re.compile(rf"([{_ATEXT}]+(?:\.[{_ATEXT}]+)*|\"(?:[ !#-\[\]-~\u0080-\U0010ffff]|\\[ -~])*\")@(\S+)", re.DOTALL)
_LDH = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*")
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_ROUTE = re.compile(r"@[^\s@,:<>]+(?:,@[^\s@,:<>]+)*:")


def _wrong(detail: str) -> MailError:
    return MailError(Reason.SYNTAX, detail)


@lru_cache(maxsize=4096)
def _a_label(text: str) -> str:
    """The lower-case A-label form of a host name. Raises SYNTAX."""
    if len(text.encode("utf-8", "surrogatepass")) > MAX_DOMAIN_BYTES:
        raise _wrong("The domain is longer than 255 octets.")
    if text.isascii():
        name = text.lower()
    else:
        try:
            name = idna.encode(text, uts46=True).decode("ascii")
        except (idna.IDNAError, UnicodeError, ValueError, IndexError):
            raise _wrong(f"{text!r} is not a domain name.") from None
    if len(name) > MAX_DOMAIN_BYTES or not _LDH.fullmatch(name):
        raise _wrong(f"{text!r} is not a domain name.")
    return name


@lru_cache(maxsize=4096)
def _u_label(ascii_name: str) -> str:
    """The Unicode form of an A-label name; a label that does not decode stays as it is."""
    if "xn--" not in ascii_name:
        return ascii_name
    labels = []
    for label in ascii_name.split("."):
        try:
            labels.append(idna.decode(label) if label.startswith("xn--") else label)
        except (idna.IDNAError, UnicodeError, ValueError, IndexError):
            labels.append(label)
    return ".".join(labels)


@dataclass(frozen=True, slots=True)
class Domain:
    """A host name in its one normal form, `ascii`: A-labels, lower case, no final dot."""

    ascii: str

    @classmethod
    def parse(cls, text: str) -> "Domain":
        """Reads a domain name, IDN or not. Raises SYNTAX. RFC 5321 §4.1.2, RFC 5890 §2.3."""
        return cls(_a_label(text))

    @property
    def unicode(self) -> str:
        """The form to show people (U-labels where they decode)."""
        return _u_label(self.ascii)

    def __str__(self) -> str:
        return self.ascii


def _check_literal(text: str) -> None:
    """Judges an address literal such as `[192.0.2.1]` or `[IPv6:2001:db8::1]`. Raises SYNTAX. RFC 5321 §4.1.3."""
    inner = text[1:-1]
    try:
        if inner[:5].lower() == "ipv6:":
            if "%" in inner:
                raise ValueError
            ipaddress.IPv6Address(inner[5:])
        else:
            # RFC 5321's General-address-literal needs a registered tag, and IPv6 is the only one there is.
            ipaddress.IPv4Address(inner)
    except ValueError:
        raise _wrong(f"{text!r} is not an address literal.") from None


@dataclass(frozen=True, slots=True)
class Address:
    """A mailbox's address: *local* without quotes, *domain* as written (host name, literal, "" for bare postmaster)."""

    local: str
    domain: str

    def __post_init__(self) -> None:
        if _UNSAFE.search(self.local) or _UNSAFE.search(self.domain):
            raise _wrong("An address holds a control character.")

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Reads `Mailbox = Local-part "@" ( Domain / address-literal )`. Raises SYNTAX. RFC 5321 §4.1.2, RFC 6531 §3.3."""
        found = _MAILBOX.fullmatch(text)
        if found is None:
            raise _wrong(f"{text[:300]!r} is not an address.")
        local, domain = found.groups()
        if len(text) * 4 > MAX_PATH_BYTES and len(text.encode("utf-8", "surrogatepass")) > MAX_PATH_BYTES - 2:
            raise _wrong("The address is longer than 254 octets.")
        if len(local) * 4 > MAX_LOCAL_BYTES and len(local.encode("utf-8", "surrogatepass")) > MAX_LOCAL_BYTES:
            raise _wrong("The part before the @ is longer than 64 octets.")
        if domain.startswith("[") and domain.endswith("]"):
            if len(domain) > MAX_DOMAIN_BYTES:
                raise _wrong("The domain is longer than 255 octets.")
            _check_literal(domain)
        else:
            _a_label(domain)
        return cls(unquote(local) if local[0] == '"' else local, domain)

    @property
    def key(self) -> str:
        """The normal form to look up by: local part NFC and lower case, domain as lower-case A-labels."""
        local = self.local.lower() if self.local.isascii() else unicodedata.normalize("NFC", self.local.lower())
        return f"{local}@{self.ascii_domain}" if self.domain else local

    @property
    def ascii_domain(self) -> str:
        """The domain as lower-case A-labels; what is no host name is only lower-cased."""
        try:
            return _a_label(self.domain)
        except MailError:
            return self.domain.lower()

    @property
    def is_ascii(self) -> bool:
        """Whether it can be written without SMTPUTF8."""
        return self.local.isascii() and self.domain.isascii()

    def with_ascii_domain(self) -> "Address":
        """The same mailbox with its domain as A-labels: all that an IDN domain needs under a next hop without SMTPUTF8."""
        return self if self.domain.isascii() else Address(self.local, self.ascii_domain)

    @property
    def quoted_local(self) -> str:
        """The local part as it stands in an address, in quotes where needed."""
        if _DOT_STRING.fullmatch(self.local):
            return self.local
        return '"' + self.local.replace("\\", "\\\\").replace('"', '\\"') + '"'

    def __str__(self) -> str:
        return f"{self.quoted_local}@{self.domain}" if self.domain else self.quoted_local


def _inside_angles(text: str) -> str:
    """The inside of `<...>` without a source route. Raises SYNTAX. RFC 5321 §4.1.2, Appendix C."""
    if len(text) < 2 or text[0] != "<" or text[-1] != ">":
        raise _wrong("A path stands in angle brackets.")
    route = _ROUTE.match(text, 1)
    inner = text[route.end() : -1] if route else text[1:-1]
    if len(inner.encode("utf-8", "surrogatepass")) + 2 > MAX_PATH_BYTES:
        raise _wrong("The path is longer than 256 octets.")
    return inner


@dataclass(frozen=True, slots=True)
class ReversePath:
    """Who gets the bounce. `ReversePath(None)` is the null path `<>`. RFC 5321 §4.1.2."""

    address: Address | None

    @classmethod
    def parse(cls, text: str) -> "ReversePath":
        """Reads `<>` or `<Mailbox>`. Raises SYNTAX."""
        inner = _inside_angles(text)
        return cls(Address.parse(inner) if inner else None)

    @property
    def is_null(self) -> bool:
        return self.address is None

    def __str__(self) -> str:
        return f"<{self.address}>" if self.address is not None else "<>"


@dataclass(frozen=True, slots=True)
class ForwardPath:
    """One recipient of an SMTP transaction. Bare `<postmaster>` has the domain "". RFC 5321 §4.1.2, §4.5.1."""

    address: Address

    @classmethod
    def parse(cls, text: str) -> "ForwardPath":
        """Reads `<Mailbox>` or `<postmaster>` in any case. Raises SYNTAX."""
        inner = _inside_angles(text)
        if inner.lower() == "postmaster":
            return cls(Address(inner, ""))
        return cls(Address.parse(inner))

    def __str__(self) -> str:
        return f"<{self.address}>"


@dataclass(frozen=True, slots=True)
class NamedAddress:
    """A mailbox of a header: its decoded *name*, its *address* (None when there is none to be had), and what stood there."""

    name: str
    address: Address | None
    raw: str = ""

    def __str__(self) -> str:
        return format_address(self.name, self.address) if self.address else self.name


@dataclass(frozen=True, slots=True)
class Group:
    """A named group of a header (RFC 5322 §3.4), often empty: `undisclosed-recipients:;`."""

    name: str
    members: tuple[NamedAddress, ...]


def loose_address(local: str, host: str | None) -> Address | None:
    """An address from a header's pieces, taking what exists in the wild (dots in odd places, underscores in hosts); else None."""
    if not local or not host or len(local) > 512 or len(host) > MAX_DOMAIN_BYTES or _UNSAFE.search(local) or _UNSAFE.search(host):
        return None
    if any(char in host for char in ' <>()@,;:"\\') and not host.startswith("["):
        return None
    return Address(local, host)


def header_text(value: bytes | str) -> str:
    """A raw header value as text with 8-bit bytes read as UTF-8 or Windows-1252."""
    if isinstance(value, str):
        return value
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("cp1252", "replace")


def parse_address_list(value: bytes | str) -> list[NamedAddress | Group]:
    """The mailboxes and groups of an address header. Never raises; linear in its length. RFC 5322 §3.4, §4.4."""
    out: list[NamedAddress | Group] = []
    members: list[NamedAddress] | None = None
    group_name = ""
    for item in split_addresses(header_text(value)):
        if item is None:
            out.append(Group(group_name, tuple(members or ())))
            members = None
        elif isinstance(item, RawGroup):
            group_name, members = _name(item.name), []
        elif members is None:
            out.append(_named(item))
        else:
            members.append(_named(item))
    return out


def mailboxes(value: bytes | str) -> list[NamedAddress]:
    """The mailboxes of an address header with groups opened up."""
    flat: list[NamedAddress] = []
    for item in parse_address_list(value):
        if isinstance(item, Group):
            flat.extend(item.members)
        else:
            flat.append(item)
    return flat


def _name(raw: str) -> str:
    if raw.isascii() and "=?" not in raw and not has_control(raw):
        return raw
    return decode_value(raw.encode("utf-8", "replace"))


def _named(item: RawMailbox) -> NamedAddress:
    return NamedAddress(_name(item.name), loose_address(item.local, item.host), item.raw)


def format_address(name: str, address: Address) -> str:
    """`name <address>` for a header we write: quoted or encoded as needed. Raises SYNTAX on CR, LF or NUL. RFC 5322 §3.4."""
    if has_control(name):
        raise _wrong("A name holds a control character.")
    return f"{encode_phrase(name)} <{address}>" if name.strip() else str(address)
