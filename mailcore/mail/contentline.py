"""Lines of calendars and contacts on the way out: both formats fold alike. RFC 5545 §3.1, RFC 6350 §3.2."""

LINE_OCTETS = 75


def folded(line: str) -> str:
    """*line* in pieces of at most LINE_OCTETS octets that split no character, with its CRLF."""
    out, size = [], 0
    for char in line:
        width = len(char.encode("utf-8", "replace"))
        if size + width > LINE_OCTETS:
            out.append("\r\n ")
            size = 1
        out.append(char)
        size += width
    return "".join(out) + "\r\n"
