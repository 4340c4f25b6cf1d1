"""Someone who passes mail on and seals it (ARC, RFC 8617): one set, written by hand with the plainest lines, so that nothing of Roost helps."""

import base64
import hashlib

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

SIGNED = ("from", "to", "subject")


class Sealer:
    """A domain with a key; `record` is what DNS shows at s._domainkey of it."""

    def __init__(self, domain: str) -> None:
        self.domain = domain
        self._key = rsa.generate_private_key(65537, 2048)
        public = self._key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        text = f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}"
        self.record = text[:200] + '" "' + text[200:]

    def _signed(self, text: str) -> str:
        return base64.b64encode(self._key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()

    def seal(self, data: bytes, results: str) -> bytes:
        """*data* (simple lines, no folds) with the first set on top; *results* is what the sealer says it found."""
        head, _, body = data.decode().partition("\r\n\r\n")
        fields = {line.partition(":")[0].lower(): line.partition(":")[2].strip() for line in head.split("\r\n")}
        found = f"i=1; mx.{self.domain}; {results}"
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        message = f"i=1; a=rsa-sha256; c=relaxed/relaxed; d={self.domain}; s=s; h={':'.join(SIGNED)}; bh={digest}; b="
        message += self._signed("".join(f"{name}:{fields[name]}\r\n" for name in SIGNED) + f"arc-message-signature:{message}")
        seal = f"i=1; a=rsa-sha256; cv=none; d={self.domain}; s=s; b="
        seal += self._signed(f"arc-authentication-results:{found}\r\narc-message-signature:{message}\r\narc-seal:{seal}")
        return f"ARC-Seal: {seal}\r\nARC-Message-Signature: {message}\r\nARC-Authentication-Results: {found}\r\n".encode() + data
