"""Asks addresses that a message names, for who wanted it: a picture, or RFC 8058's one click. No private address, no cookie.

The name is resolved once, every address is judged, and the connection goes to the judged address; each redirect is judged
anew. What comes back is checked by its first bytes, not by what it says it is.
"""

import http.client
import ipaddress
import socket
import ssl
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urljoin, urlsplit

from mailcore.base.errors import MailError, Reason
from mailcore.base.resolver import DnsTrouble, Resolver
from mailcore.net.patience import in_time

PICTURE_BYTES = 8 * 1024 * 1024
POLICY_BYTES = 64 * 1024
ANSWER_BYTES = 64 * 1024
"""Most of an answer to a form."""
SECONDS = 10.0
"""For one answer, from the first byte to the last. Stops a server that sends one each second from holding a thread."""
REDIRECTS = 3
_GLOBAL_6, _EXAMPLES_6 = ipaddress.ip_network("2000::/3"), ipaddress.ip_network("3fff::/20")
_SPECIAL_4 = (ipaddress.ip_network("192.0.0.0/24"), ipaddress.ip_network("192.88.99.0/24"))
_MAGIC = ((b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF87a", "image/gif"), (b"GIF89a", "image/gif"))


@dataclass(frozen=True, slots=True)
class Picture:
    """A raster picture."""

    data: bytes
    mime: str


def looks_like(data: bytes) -> str:
    """The type of raster picture that *data* begins as, or ""."""
    for magic, mime in _MAGIC:
        if data.startswith(magic):
            return mime
    return "image/webp" if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else ""


def picture(resolver: Resolver, url: str) -> Picture:
    """The picture at *url*. Raises MailError(NOT_PERMITTED, NETWORK)."""
    for _ in range(REDIRECTS + 1):
        response, data = _get(resolver, url)
        if response.status in (301, 302, 303, 307, 308) and (target := response.getheader("Location")):
            url = urljoin(url, target)
            continue
        mime = looks_like(data)
        if response.status != 200 or not mime or len(data) > PICTURE_BYTES:
            raise MailError(Reason.NETWORK, "There is no picture at that address.")
        return Picture(data, mime)
    raise MailError(Reason.NETWORK, "The picture's address goes round in a circle.")


def judged_address(resolver: Resolver, host: str, *, is_private_fine: bool = False) -> str:
    """An address of *host*. Raises MailError(NOT_PERMITTED) when any of its addresses is not public, unless that is fine."""
    try:
        found = [str(ipaddress.ip_address(host.strip("[]")))]
    except ValueError:
        found = [*resolver.query(host, "A").values, *resolver.query(host, "AAAA").values]
    if not found:
        raise MailError(Reason.NETWORK, "That server does not exist.")
    if not is_private_fine and not all(is_public(address) for address in found):
        raise MailError(Reason.NOT_PERMITTED, "That address is inside a private network.")
    return found[0]


def is_public(text: str) -> bool:
    """Whether an address is out on the Internet; an IPv4 address inside an IPv6 one is judged as itself. Of IPv6 only what is given out today."""
    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is not None:
            return is_public(str(inner))
        return address in _GLOBAL_6 and address not in _EXAMPLES_6 and address.is_global
    return address.is_global and not address.is_multicast and not any(address in network for network in _SPECIAL_4)


def one_click(resolver: Resolver, url: str) -> None:
    """Tell a mailing list that the person leaves (RFC 8058 §3.1). Raises MailError(NOT_PERMITTED, NETWORK)."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    response, _data = _ask(resolver, url, "POST", b"List-Unsubscribe=One-Click", form)
    if not 200 <= response.status < 300:
        raise MailError(Reason.NETWORK, f"The list's server answered {response.status}.")


def sts_policy(resolver: Resolver, domain: str, *, port: int, is_private_fine: bool) -> bytes:
    """The MTA-STS policy file of *domain*: over TLS with a good certificate, no redirect. RFC 8461 §3.3. Raises MailError(NETWORK, NOT_PERMITTED)."""
    host = f"mta-sts.{domain}"
    address = judged_address(resolver, host, is_private_fine=is_private_fine)
    try:
        response, data = _said(address, host, port, "GET", "/.well-known/mta-sts.txt", is_tls=True, headers={"User-Agent": "Roost"}, limit=POLICY_BYTES)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise MailError(Reason.NETWORK, f"{host} did not give its policy: {error}") from error
    if response.status != 200:
        raise MailError(Reason.NETWORK, f"{host} answered {response.status} instead of its policy.")
    return data


def post_form(resolver: Resolver, url: str, fields: dict[str, str]) -> tuple[int, bytes]:
    """Send a form to an address that an admin chose, private networks too: status and at most ANSWER_BYTES. No redirect.

    Only over TLS with a good certificate; in the clear to loopback alone. Raises MailError(NOT_PERMITTED, NETWORK).
    """
    parts = urlsplit(url)
    host, is_tls = parts.hostname or "", parts.scheme == "https"
    if not host or parts.username or (not is_tls and not (parts.scheme == "http" and host in ("127.0.0.1", "[::1]", "::1"))):
        raise MailError(Reason.NOT_PERMITTED, f"{url[:200]} is no https address.")
    try:
        port = parts.port or (443 if is_tls else 80)
        address = judged_address(resolver, host, is_private_fine=True)
    except (ValueError, DnsTrouble) as error:
        raise MailError(Reason.NETWORK, f"{host} cannot be looked up now.", temporary=True) from error
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json", "User-Agent": "Roost"}
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        response, data = _said(address, host, port, "POST", path, is_tls=is_tls, body=urlencode(fields).encode(), headers=headers, limit=ANSWER_BYTES)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise MailError(Reason.NETWORK, f"{host} did not answer: {error}", temporary=True) from error
    return response.status, data


def _get(resolver: Resolver, url: str) -> tuple[http.client.HTTPResponse, bytes]:
    return _ask(resolver, url, "GET", None, {"User-Agent": "Roost image proxy", "Accept": "image/*"})


def _ask(resolver: Resolver, url: str, method: str, body: bytes | None, headers: dict[str, str]) -> tuple[http.client.HTTPResponse, bytes]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise MailError(Reason.NOT_PERMITTED, "Only ordinary web addresses are asked.") from error
    if parts.scheme not in ("http", "https") or not host or parts.username is not None or port not in (None, 80, 443):
        raise MailError(Reason.NOT_PERMITTED, "Only ordinary web addresses are asked.")
    address = judged_address(resolver, host)
    is_tls = parts.scheme == "https"
    path = quote((parts.path or "/") + (f"?{parts.query}" if parts.query else ""), safe="!$%&'()*+,/:;=?@[]~")
    try:
        return _said(address, host, port or (443 if is_tls else 80), method, path, is_tls=is_tls, body=body, headers=headers, limit=PICTURE_BYTES + 1)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise MailError(Reason.NETWORK, "That server did not answer.") from error


def _said(
    address: str, host: str, port: int, method: str, path: str, *, is_tls: bool, headers: dict[str, str], limit: int, body: bytes | None = None
) -> tuple[http.client.HTTPResponse, bytes]:  # fmt: skip
    """What *host* at *address* answers, at most *limit* bytes, within SECONDS of its connection. Raises OSError, HTTPException, ValueError."""
    connection = http.client.HTTPConnection(host, port, timeout=SECONDS)
    try:
        raw = socket.create_connection((address, port), timeout=SECONDS)
        with in_time(raw, SECONDS):
            connection.sock = ssl.create_default_context().wrap_socket(raw, server_hostname=host) if is_tls else raw
            connection.request(method, path, body=body, headers=headers)
            with connection.getresponse() as response:  # one without a length outlives its connection
                return response, response.read(limit)
    finally:
        connection.close()
