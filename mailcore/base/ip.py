"""IP addresses as keys that sort and compare as text, whichever their version."""

import ipaddress

from mailcore.base.errors import MailError, Reason


def key(ip: str) -> str:
    """An address as 32 hex digits, IPv4 mapped into IPv6. Raises MailError(SYNTAX)."""
    try:
        address = ipaddress.ip_address(ip.strip())
    except ValueError as error:
        raise MailError(Reason.SYNTAX, f"{ip!r} is not an IP address.") from error
    number = int(address) if address.version == 6 else (0xFFFF << 32) | int(address)
    return f"{number:032x}"


def text(hexadecimal: str) -> str:
    """The address that `key` made *hexadecimal* of."""
    address = ipaddress.IPv6Address(int(hexadecimal, 16))
    return str(address.ipv4_mapped or address)
