"""Tag lists, the one grammar of DKIM signatures, DKIM keys, ARC fields and DMARC records. RFC 6376 §3.2.

    tag-list = tag-spec *( ";" tag-spec ) [ ";" ]
    tag-spec = [FWS] tag-name [FWS] "=" [FWS] tag-value [FWS]
"""

import re

from mailcore.base.errors import MailError, Reason

MAX_TAGS = 100
"""Tags of one list. Stops a field of semicolons from costing more than it is worth."""
MAX_LIST_BYTES = 64 * 1024

_NAME = re.compile(rb"[A-Za-z][A-Za-z0-9_]*")
_NUMBER = re.compile(rb"[0-9]{1,12}")


class Unverified(MailError):
    """Why something does not verify: *result* is RFC 8601's word (fail, permerror, temperror, policy, neutral)."""

    def __init__(self, result: str, detail: str) -> None:
        super().__init__(Reason.POLICY, detail, temporary=result == "temperror")
        self.result = result


def parse_tags(value: bytes) -> dict[str, bytes]:
    """Name → value without the white space around it. Raises Unverified(permerror) for what is no tag list, or names a tag twice."""
    if len(value) > MAX_LIST_BYTES:
        raise Unverified("permerror", "The list of tags is too long.")
    specs = value.strip().rstrip(b";").split(b";") if value.strip() else []
    if len(specs) > MAX_TAGS:
        raise Unverified("permerror", "There are too many tags.")
    tags: dict[str, bytes] = {}
    for spec in specs:
        name, equals, content = spec.partition(b"=")
        name = name.strip()
        if not equals or not _NAME.fullmatch(name):
            raise Unverified("permerror", "A tag has no name or no value.")
        key = name.decode("ascii")
        if key in tags:
            raise Unverified("permerror", f"The tag {key} stands twice.")
        tags[key] = content.strip()
    return tags


def number(tags: dict[str, bytes], name: str) -> int | None:
    """The tag as a number of at most twelve digits; None when it is not there. Raises Unverified(permerror)."""
    value = tags.get(name)
    if value is None:
        return None
    if not _NUMBER.fullmatch(value):
        raise Unverified("permerror", f"{name}= is not a number.")
    return int(value)


def words(value: bytes, separator: bytes = b":") -> list[str]:
    """A tag's value as a list, lower case, without white space."""
    return [word for part in value.split(separator) if (word := part.strip().decode("ascii", "replace").lower())]
