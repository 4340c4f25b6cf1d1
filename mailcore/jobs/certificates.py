"""Gets certificates from an ACME authority (RFC 8555, HTTP-01) and renews them when a third of their life is left.

The order is a library's work; ours is which names want one, the answers where every web process finds them, and words for what
went wrong. One group of names that fails never stops the next, and an old certificate stays until a new one is there.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from mailcore.base.clock import HOUR, Micros, from_micros, to_micros
from mailcore.base.errors import MailError, Reason
from mailcore.directory import certificate_verbs
from mailcore.net.tls import key_pem, make_key
from mailcore.runtime.runtime import Runtime
from mailcore.store import Tx, certificates, jobs
from mailcore.store.jobs import Job

EVERY: Micros = 12 * HOUR
"""How often it is looked whether something ends soon; authorities count failures, so not oftener."""
ORDER_SECONDS = 90
"""How long an authority may take for one order."""
NETWORK_SECONDS = 20

T = TypeVar("T")
Step = Callable[[int, int, str], bool]


def ask_when_due(runtime: Runtime, tx: Tx, now: Micros) -> None:
    """Look at the certificates when the last look is EVERY ago, and an authority is to sign."""
    if not runtime.settings.get("acme.enabled") or now - (tx.value("SELECT max(created_at) FROM jobs WHERE kind = 'certificates'") or 0) < EVERY:
        return

    def put(write: Tx) -> None:
        if now - (write.value("SELECT max(created_at) FROM jobs WHERE kind = 'certificates'") or 0) >= EVERY:
            write.run("DELETE FROM jobs WHERE kind = 'certificates' AND state = 'done'")
            jobs.put(write, "certificates", {}, now)

    runtime.store.write(put, bulk=True)


def run(runtime: Runtime, job: Job, step: Step) -> str:
    """One round over all names. Raises MailError when nothing could be got that was wanted."""
    if not runtime.settings.get("acme.enabled"):
        raise MailError(Reason.NOT_PERMITTED, "No authority is to sign: switch that on first.")
    tx, now = runtime.store.read(), runtime.clock.micros()
    groups = [g for g in certificate_verbs.wanted(tx, runtime.resolver, runtime.hostname) if is_due(certificates.served(tx), g, now)]
    if not groups:
        return "every certificate is good for a while"
    authority = Authority(runtime)
    got, failures = [], []
    for number, names in enumerate(groups):
        if not step(number, len(groups), ", ".join(names)):
            return "cancelled"
        try:
            authority.order(names)
            got.append(names[0])
        except MailError as error:
            failures.append(f"{names[0]}: {error.detail}")
            runtime.log.warning("certificate was not signed", names=" ".join(names), detail=error.detail)
    if failures:
        raise MailError(Reason.NETWORK, " ".join(failures))
    return "signed for " + ", ".join(got)


def is_due(rows: list[certificates.Certificate], names: tuple[str, ...], now: Micros) -> bool:
    """Whether *names* lack a certificate with more than a third of its life left."""
    return not any(set(names) <= set(one.names) and one.not_after - now > (one.not_after - one.created_at) // 3 for one in rows)


class Authority:
    """One ACME directory and our account there."""

    def __init__(self, runtime: Runtime) -> None:
        from acme import client
        from josepy.jwk import JWKRSA

        self._runtime = runtime
        self._directory = str(runtime.settings.get("acme.directory"))
        known = certificates.acme_account(runtime.store.read(), self._directory)
        key = serialization.load_pem_private_key(known[1].encode(), None) if known else _account_key()
        network: Any = client.ClientNetwork(JWKRSA(key=key), user_agent="Roost", timeout=NETWORK_SECONDS)
        network.verify_ssl = str(runtime.settings.get("acme.ca_file")) or True
        self._client: Any = worded(lambda: client.ClientV2(client.ClientV2.get_directory(self._directory, network), network))
        worded(lambda: self._enter(known[0] if known else "", key))

    def _enter(self, address: str, key: Any) -> None:
        """Find our account again, or open one."""
        from acme import errors, messages

        email = str(self._runtime.settings.get("acme.email"))
        body = messages.NewRegistration.from_data(email=email or None, terms_of_service_agreed=True)
        if address:
            self._client.net.account = messages.RegistrationResource(uri=address, body=messages.Registration())
            return
        try:
            address = self._client.new_account(body).uri
        except errors.ConflictError as error:
            address = error.location
            self._client.net.account = messages.RegistrationResource(uri=address, body=messages.Registration())
        pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
        now = self._runtime.clock.micros()
        self._runtime.store.write(lambda tx: certificates.put(tx, (self._directory,), "account", address, pem, 0, now))

    def order(self, names: tuple[str, ...]) -> None:
        """One certificate for *names*, kept when it is signed. Raises MailError(NETWORK) with the authority's words."""
        key = make_key()
        try:
            made = worded(lambda: self._ordered(names, key))
        finally:
            self._runtime.store.write(certificates.forget_challenges)
        leaf = x509.load_pem_x509_certificates(made.encode())[0]
        now, ends = self._runtime.clock.micros(), to_micros(leaf.not_valid_after_utc)
        self._runtime.store.write(lambda tx: certificates.put(tx, names, "acme", made, key_pem(key).decode(), ends, now))

    def _ordered(self, names: tuple[str, ...], key: ec.EllipticCurvePrivateKey) -> str:
        from acme import challenges

        order = self._client.new_order(request_for(names, key))
        for authorization in order.authorizations:
            body = next((c for c in authorization.body.challenges if isinstance(c.chall, challenges.HTTP01)), None)
            if body is None:
                raise MailError(Reason.NETWORK, "The authority offers no check over http, the only one Roost does.")
            answer, text = body.chall.response_and_validation(self._client.net.key)
            self._show(body.chall.encode("token"), text)
            self._client.answer_challenge(body, answer)
        # the library compares with a clock of its own, without a zone
        deadline = (from_micros(self._runtime.clock.micros()).astimezone() + timedelta(seconds=ORDER_SECONDS)).replace(tzinfo=None)
        return str(self._client.poll_and_finalize(order, deadline).fullchain_pem)


    def _show(self, token: str, text: str) -> None:
        """Let every web process answer *text* under *token*."""
        now = self._runtime.clock.micros()
        self._runtime.store.write(lambda tx: certificates.put(tx, (token,), "challenge", text, "", 0, now))


def _account_key() -> Any:
    from cryptography.hazmat.primitives.asymmetric import rsa

    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def request_for(names: tuple[str, ...], key: ec.EllipticCurvePrivateKey) -> bytes:
    """A certificate signing request in PEM. RFC 2986."""
    alternatives = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
    return x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).add_extension(alternatives, critical=False).sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def worded(call: Callable[[], T]) -> T:
    """*call*, with the authority's and the network's errors as MailError(NETWORK)."""
    import requests
    from acme import errors, messages

    try:
        return call()
    except errors.ValidationError as error:
        said = [f"{a.body.identifier.value}: {c.error.detail}" for a in error.failed_authzrs for c in a.body.challenges if c.error is not None]
        raise MailError(Reason.NETWORK, "The authority could not read our answer. It must reach this server by its name on port 80. It says: " + "; ".join(said)) from error
    except errors.TimeoutError as error:
        raise MailError(Reason.NETWORK, f"The authority did not finish within {ORDER_SECONDS} seconds. Roost tries again by itself.", temporary=True) from error
    except messages.Error as error:
        raise MailError(Reason.NETWORK, f"The authority refused: {error.detail or error.typ}") from error
    except (errors.Error, requests.RequestException, ValueError) as error:
        raise MailError(Reason.NETWORK, f"The authority could not be asked: {str(error)[:200]}", temporary=True) from error
