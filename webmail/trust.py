"""What our own checks say of a sender, in one word. Only lines of the prefix count: they are ours, whatever the message itself claims."""

import re

from flask_babel import gettext as _

from mailcore.directory import personal
from mailcore.mail.authres import MethodResult, parse_authres
from mailcore.mail.headers import scan_headers
from web.signed_in import account
from web.site import actor, site
from webmail import presenters as p
from webmail.blueprints import setting

MOST_SENDERS = 500
_ADDRESS = re.compile(r"[^\s<>\"@]+@([^\s<>\"@]+\.[^\s<>\"@.]+)")


def trust_of(prefix: bytes, from_name: str, from_addr: str) -> p.Trust | None:
    """The badge for a message, or None where nothing was checked (mail of our own people, older mail)."""
    domain = from_addr.rpartition("@")[2].lower()
    claimed = _ADDRESS.search(from_name)
    if claimed is not None and claimed[1].lower() != domain:
        return p.Trust(kind="suspicious", domain=domain, text=_("The name shows %(claimed)s, but the mail came from %(real)s.", claimed=claimed[0], real=from_addr))
    results = _results(prefix)
    if not results:
        return None
    dmarc = next((r for r in results if r.method == "dmarc"), None)
    if dmarc is not None and dmarc.result == "pass":
        return p.Trust(kind="verified", domain=domain, text=_("%(domain)s confirmed that this mail is its own (DMARC).", domain=domain))
    if dmarc is not None and dmarc.result == "fail":
        return p.Trust(kind="suspicious", domain=domain, text=_("%(domain)s says that this mail is not from there. Do not trust links or files in it.", domain=domain))
    signed = next((r for r in results if r.method == "dkim" and r.result == "pass" and _ends(dict(r.properties).get("header.d", ""), domain)), None)
    if signed is not None:
        return p.Trust(kind="verified", domain=domain, text=_("Signed by %(domain)s (DKIM).", domain=domain))
    return p.Trust(kind="unverified", domain=domain, text=_("Nothing proves that this came from %(domain)s.", domain=domain))


def loads_images(address: str, trust: p.Trust | None) -> bool:
    """Whether the remote images of *address* load without asking: of all, or of a sender one said so of, and then not of who is suspected to forge it."""
    is_known = address.lower() in setting("web.images_from").split()
    return setting("web.images") == "always" or is_known and (trust is None or trust.kind != "suspicious")


def show_images_of(address: str) -> None:
    """Let the images of *address* load without asking from now on; beyond MOST_SENDERS the first one is asked about again. Raises MailError."""
    known = [*(one for one in setting("web.images_from").split() if one != address.lower()), address.lower()]
    site().write(lambda tx: personal.set_display(tx, actor(), account(), {"web.images_from": " ".join(known[-MOST_SENDERS:])}, site().now()))
    site().runtime.settings.refresh()


def _results(prefix: bytes) -> tuple[MethodResult, ...]:
    raw = scan_headers(prefix).raw(b"authentication-results")
    found = parse_authres(raw) if raw is not None else None
    return found.results if found is not None else ()


def _ends(signer: str, domain: str) -> bool:
    signer = signer.lower()
    return bool(signer) and (domain == signer or domain.endswith("." + signer))
