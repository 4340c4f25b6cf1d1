"""The EHLO keyword list, built by the server and read by the client (RFC 5321 §4.1.1.1 and each extension's own)."""

from dataclasses import dataclass

from mailcore.wire.smtp.replies import Reply

_KEYWORDS_WITHOUT_VALUE: tuple[tuple[str, str], ...] = (
    ("PIPELINING", "has_pipelining"),
    ("8BITMIME", "has_8bitmime"),
    ("SMTPUTF8", "has_smtputf8"),
    ("STARTTLS", "has_starttls"),
    ("ENHANCEDSTATUSCODES", "has_enhanced_codes"),
    ("DSN", "has_dsn"),
    ("CHUNKING", "has_chunking"),
    ("BINARYMIME", "has_binarymime"),
    ("REQUIRETLS", "has_requiretls"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Extensions:
    """What a server offers. *size_bytes* is None without SIZE, 0 for "no fixed limit" (RFC 1870 §3)."""

    size_bytes: int | None = None
    has_pipelining: bool = False
    has_8bitmime: bool = False
    has_smtputf8: bool = False
    has_starttls: bool = False
    has_enhanced_codes: bool = False
    has_dsn: bool = False
    has_chunking: bool = False
    has_binarymime: bool = False
    has_requiretls: bool = False
    mechanisms: tuple[str, ...] = ()
    recipients_max: int | None = None

    @classmethod
    def parse(cls, reply: Reply) -> "Extensions":
        """What *reply* to EHLO offers; unknown keywords are passed over. RFC 5321 §4.1.1.1, RFC 9422 (LIMITS)."""
        found: dict[str, tuple[str, ...]] = {}
        for line in reply.lines[1:]:
            # `AUTH=LOGIN PLAIN` is how servers wrote it before RFC 2554; some still send both.
            words = line.upper().replace("AUTH=", "AUTH ", 1).split() if line.upper().startswith("AUTH=") else line.upper().split()
            if words:
                found[words[0]] = (*found.get(words[0], ()), *words[1:])
        limits = dict(word.split("=", 1) for word in found.get("LIMITS", ()) if "=" in word)
        return cls(
            size_bytes=(_number(found["SIZE"][:1]) or 0) if "SIZE" in found else None,
            mechanisms=tuple(dict.fromkeys(found.get("AUTH", ()))),
            recipients_max=_number((limits.get("RCPTMAX", ""),)) or None,
            **{field: keyword in found for keyword, field in _KEYWORDS_WITHOUT_VALUE},
        )

    def reply(self, host: str, greeting: str = "") -> Reply:
        """The server's answer to EHLO. RFC 5321 §4.1.1.1."""
        lines = [f"{host} {greeting}".strip()]
        if self.size_bytes is not None:
            lines.append(f"SIZE {self.size_bytes}" if self.size_bytes else "SIZE")
        lines += [keyword for keyword, field in _KEYWORDS_WITHOUT_VALUE if getattr(self, field)]
        if self.mechanisms:
            lines.append("AUTH " + " ".join(self.mechanisms))
        if self.recipients_max is not None:
            lines.append(f"LIMITS RCPTMAX={self.recipients_max}")
        return Reply(250, "", tuple(lines))


def _number(words: tuple[str, ...]) -> int | None:
    text = words[0] if words else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None
