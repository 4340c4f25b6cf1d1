"""MTA-STS of other domains, as far as it is text: the TXT record, the policy, and whether a host is in it. RFC 8461."""

from dataclasses import dataclass

from mailcore.base.errors import MailError, Reason

MAX_POLICY_BYTES = 64 * 1024
"""RFC 8461 §3.3 lets a reader stop there."""
MAX_AGE_SECONDS = 31_557_600
MODES = ("enforce", "testing", "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """RFC 8461 §3.2. *mx* are host names, or patterns whose first label is a star."""

    mode: str
    mx: tuple[str, ...]
    max_age_seconds: int


def record_id(values: tuple[str, ...]) -> str | None:
    """The id of the one record among TXT *values*, or None: RFC 8461 §3.1 wants exactly one."""
    found = [value for value in values if value.replace(" ", "").startswith("v=STSv1;")]
    if len(found) != 1:
        return None
    for field in found[0].split(";"):
        name, _, value = field.partition("=")
        if name.strip() == "id" and value.strip().isalnum() and len(value.strip()) <= 32:
            return value.strip()
    return None


def parse(text: bytes) -> Policy:
    """The policy in *text*. Raises MailError(SYNTAX)."""
    fields: dict[str, list[str]] = {}
    for line in text[:MAX_POLICY_BYTES].decode("utf-8", "replace").splitlines():
        name, colon, value = line.partition(":")
        if colon:
            fields.setdefault(name.strip(), []).append(value.strip())
    mode, age = fields.get("mode", [""])[0], fields.get("max_age", [""])[0]
    mx = tuple(m.lower().rstrip(".") for m in fields.get("mx", []))
    if fields.get("version") != ["STSv1"] or mode not in MODES or not age.isascii() or not age.isdigit() or len(age) > 10 or (mode != "none" and not mx):
        raise MailError(Reason.SYNTAX, "The MTA-STS policy cannot be read.")
    return Policy(mode=mode, mx=mx, max_age_seconds=min(int(age), MAX_AGE_SECONDS))


def is_in(host: str, mx: tuple[str, ...]) -> bool:
    """Whether *host* is named by a policy's patterns: a star stands for exactly one label. RFC 8461 §4.1."""
    name = host.lower().rstrip(".")
    return any(name == one or (one.startswith("*.") and name.partition(".")[2] == one[2:] and "." in name) for one in mx)
