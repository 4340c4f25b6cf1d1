"""Every command and test there is: its tags, its positional arguments, and the extension that brings it.

A tag is (kind of its value or "", extension). Positional kinds: "s" one string, "S" string list, "n" number; "?" behind one makes
it optional. Match type, comparator and address part are shared by most tests. Base RFC 5228; include RFC 6609, ihave RFC 5463.
"""

from dataclasses import dataclass, field

CORE = ""

MATCH = {"is": ("", CORE), "contains": ("", CORE), "matches": ("", CORE), "regex": ("", "regex"), "value": ("s", "relational"), "count": ("s", "relational")}
COMPARATOR = {"comparator": ("s", CORE)}
PART = {"all": ("", CORE), "localpart": ("", CORE), "domain": ("", CORE), "user": ("", "subaddress"), "detail": ("", "subaddress")}
INDEX = {"index": ("n", "index"), "last": ("", "index")}
MIME = {"mime": ("", "mime"), "anychild": ("", "mime"), "type": ("", "mime"), "subtype": ("", "mime"), "contenttype": ("", "mime"), "param": ("S", "mime")}
FLAGS = {"flags": ("S", "imap4flags")}
COMPARES = MATCH | COMPARATOR
RELATIONS = ("gt", "ge", "lt", "le", "eq", "ne")
COMPARATORS = ("i;ascii-casemap", "i;octet", "i;ascii-numeric", "i;unicode-casemap")


@dataclass(frozen=True, slots=True)
class Spec:
    """One command or test. tests: "" none, "1" one, "*" a list; has_block: a block follows."""

    positional: tuple[str, ...] = ()
    tags: dict[str, tuple[str, str]] = field(default_factory=dict)
    extension: str = CORE
    tests: str = ""
    has_block: bool = False


COMMANDS: dict[str, Spec] = {
    "if": Spec(tests="1", has_block=True),
    "elsif": Spec(tests="1", has_block=True),
    "else": Spec(has_block=True),
    "require": Spec(("S",)),
    "stop": Spec(),
    "keep": Spec(tags=FLAGS),
    "discard": Spec(),
    "redirect": Spec(("s",), {"copy": ("", "copy")}),
    "fileinto": Spec(("s",), {"copy": ("", "copy"), "create": ("", "mailbox"), "specialuse": ("s", "special-use"), **FLAGS}, "fileinto"),
    "reject": Spec(("s",), extension="reject"),
    "ereject": Spec(("s",), extension="ereject"),
    "vacation": Spec(
        ("s",),
        {
            "days": ("n", CORE), "seconds": ("n", "vacation-seconds"), "subject": ("s", CORE), "from": ("s", CORE), "addresses": ("S", CORE),
            "mime": ("", CORE), "handle": ("s", CORE),
        },
        "vacation",
    ),
    "set": Spec(
        ("s", "s"), dict.fromkeys(("lower", "upper", "lowerfirst", "upperfirst", "quotewildcard", "length", "quoteregex"), ("", "variables")), "variables"
    ),
    "setflag": Spec(("S?", "S"), extension="imap4flags"),
    "addflag": Spec(("S?", "S"), extension="imap4flags"),
    "removeflag": Spec(("S?", "S"), extension="imap4flags"),
    "addheader": Spec(("s", "s"), {"last": ("", "editheader")}, "editheader"),
    "deleteheader": Spec(("s", "S?"), INDEX | COMPARES, "editheader"),
    "include": Spec(("s",), {"personal": ("", CORE), "global": ("", CORE), "once": ("", CORE), "optional": ("", CORE)}, "include"),
    "return": Spec(extension="include"),
    "global": Spec(("S",), extension="include"),
    "foreverypart": Spec(tags={"name": ("s", CORE)}, extension="foreverypart", has_block=True),
    "break": Spec(tags={"name": ("s", CORE)}, extension="foreverypart"),
    "extracttext": Spec(("s",), {"first": ("n", CORE), **dict.fromkeys(("lower", "upper", "lowerfirst", "upperfirst", "quotewildcard", "length"), ("", CORE))}, "extracttext"),
    "notify": Spec(("s",), {"from": ("s", CORE), "importance": ("s", CORE), "options": ("S", CORE), "message": ("s", CORE)}, "enotify"),
    "error": Spec(("s",), extension="ihave"),
    "route": Spec(("s",), extension="vnd.roost.route"),
    "program": Spec(("s",), extension="vnd.roost.program"),
}  # fmt: skip

TESTS: dict[str, Spec] = {
    "true": Spec(), "false": Spec(), "not": Spec(tests="1"), "allof": Spec(tests="*"), "anyof": Spec(tests="*"),
    "address": Spec(("S", "S"), COMPARES | PART | INDEX | MIME),
    "envelope": Spec(("S", "S"), COMPARES | PART, "envelope"),
    "exists": Spec(("S",), MIME),
    "header": Spec(("S", "S"), COMPARES | INDEX | MIME),
    "size": Spec(("n",), {"over": ("", CORE), "under": ("", CORE)}),
    "body": Spec(("S",), COMPARES | {"raw": ("", CORE), "content": ("S", CORE), "text": ("", CORE)}, "body"),
    "date": Spec(("s", "s", "S"), COMPARES | INDEX | {"zone": ("s", CORE), "originalzone": ("", CORE)}, "date"),
    "currentdate": Spec(("s", "S"), COMPARES | {"zone": ("s", CORE)}, "date"),
    "string": Spec(("S", "S"), COMPARES, "variables"),
    "hasflag": Spec(("S?", "S"), COMPARES, "imap4flags"),
    "spamtest": Spec(("s",), COMPARES | {"percent": ("", "spamtestplus")}, "spamtest"),
    "virustest": Spec(("s",), COMPARES, "virustest"),
    "mailboxexists": Spec(("S",), extension="mailbox"),
    "specialuse_exists": Spec(("s?", "S"), extension="special-use"),
    "environment": Spec(("s", "S"), COMPARES, "environment"),
    "ihave": Spec(("S",), extension="ihave"),
    "duplicate": Spec((), {"handle": ("s", CORE), "header": ("s", CORE), "uniqueid": ("s", CORE), "seconds": ("n", CORE), "last": ("", CORE)}, "duplicate"),
    "valid_notify_method": Spec(("S",), extension="enotify"),
}  # fmt: skip

EXTENSIONS = (
    "fileinto", "envelope", "encoded-character", "body", "variables", "vacation", "vacation-seconds", "relational", "comparator-i;ascii-numeric",
    "comparator-i;octet", "comparator-i;ascii-casemap", "comparator-i;unicode-casemap", "imap4flags", "subaddress", "spamtest", "spamtestplus", "virustest",
    "date", "index", "editheader", "reject", "ereject", "copy", "ihave", "mailbox", "environment", "include", "duplicate", "regex", "special-use",
    "foreverypart", "mime", "extracttext", "enotify",
)  # fmt: skip
"""What `require` may name, and what ManageSieve advertises."""
OWN_EXTENSIONS = ("vnd.roost.route", "vnd.roost.program")
"""Only in programs that are printed from forms and were allowed them when they were saved; no script that a person sends may name them."""
IMPLIED = {"spamtestplus": ("spamtest",), "vacation-seconds": ("vacation",), "reject": (), "ereject": ()}
EXCLUSIVE = (("is", "contains", "matches", "regex", "value", "count"), ("all", "localpart", "domain", "user", "detail"), ("raw", "content", "text"), ("over", "under"), ("type", "subtype", "contenttype", "param"), ("header", "uniqueid"), ("days", "seconds"), ("zone", "originalzone"), ("personal", "global"))
"""Tags of which one at most may stand."""
