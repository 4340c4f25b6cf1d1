"""Signing in, the same for every protocol and the web: throttled, counted, and answered alike for known and unknown names.

A ban stops sign-ins from an address (IPv6: its /64), never delivery. Loopback is neither counted nor banned. The person's
own list of sign-ins and the admin's table of programs without TLS read the rows written here.
"""

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass, replace

from mailcore.auth import app_passwords, imported, ldap, passwords, second_step
from mailcore.auth.passwords import Verifier
from mailcore.base.clock import DAY, SECOND, Micros
from mailcore.base.errors import MailError, Reason
from mailcore.base.ip import key as ip_key
from mailcore.base.secret import Secret
from mailcore.mail.address import Address
from mailcore.runtime.runtime import Runtime
from mailcore.store import Tx, access, accounts, protection

PROTOCOLS = ("imap", "pop3", "smtp", "sieve", "web", "code")
TRUSTED_DAYS = 30
TRUSTED_FACTOR = 10
"""An address with a good sign-in in TRUSTED_DAYS gets this many times more failures before a ban."""
HALF = "half"
"""The protocol of a sign-in that has not got past its second step."""
CODE_WINDOW: Micros = 900 * SECOND
CODE_FAILURES = 8
"""Wrong second-step codes for one account in CODE_WINDOW. Stops guessing by someone who has the password."""
SEEN_EVERY: Micros = 300 * SECOND
"""A good sign-in from the same place is written down at most this often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try to sign in, as a listener or the web saw it."""

    login: str
    password: Secret
    protocol: str
    ip: str
    is_tls: bool
    agent: str = ""


def network_of(ip: str) -> str:
    """What is counted and banned for *ip*: itself, or the /64 of an IPv6 address."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return ip
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def is_loopback(ip: str) -> bool:
    """True for 127.0.0.1 and ::1 only; the rest of 127/8 counts as outside."""
    return ip in ("127.0.0.1", "::1", "::ffff:127.0.0.1")


def is_banned(tx: Tx, ip: str, now: Micros) -> bool:
    """Whether no sign-in is taken from *ip*: its network is banned, and no range of higher priority holds it."""
    return not is_loopback(ip) and access.banned_until(tx, network_of(ip), now) is not None and not _is_above_bans(tx, ip, now)


def _is_above_bans(tx: Tx, ip: str, now: Micros) -> bool:
    try:
        return protection.is_above_bans(tx, ip_key(ip), now)
    except MailError:
        return False


def _remembered_as(account: accounts.Account | None) -> str:
    """What a good password is remembered under: the hash, or for a directory's people who they are."""
    if account is None:
        return ""
    return f"ldap:{account.id}" if account.password_hash == ldap.STORED else account.password_hash


class Doorkeeper:
    """Signs people in for one process. Blocking: hashing takes 25 ms, so a loop calls it in the CPU pool."""

    def __init__(self, runtime: Runtime, newcomer: Callable[[Runtime, str, str], None] | None = None) -> None:
        """*newcomer* makes an account of an address and a name for who a directory knows and is not here yet."""
        self._runtime = runtime
        self._newcomer = newcomer
        self._verifier = Verifier(runtime.key("wrong passwords"))
        self._written: dict[tuple[int, str, str], Micros] = {}

    def quick(self, attempt: Attempt) -> accounts.Account | None:
        """The account when the same sign-in succeeded here a short while ago and nothing changed; else None. Never blocks long."""
        tx = self._runtime.store.read()
        account = self._find(tx, attempt.login)
        now = self._runtime.clock.micros()
        if account is None or not self._verifier.is_remembered(_remembered_as(account), attempt.password, self._runtime.clock.monotonic()):
            return None
        if not self._may_enter(tx, account) or (account.id, attempt.protocol, attempt.ip) not in self._written or account.totp_secret:
            return None
        if is_banned(tx, attempt.ip, now):
            return None
        if now - self._written[(account.id, attempt.protocol, attempt.ip)] > SEEN_EVERY or access.has_failures(tx, network_of(attempt.ip), account.id):
            return None
        return account

    def sign_in(self, attempt: Attempt) -> accounts.Account:
        """The account that *attempt* proves. Raises MailError(BANNED, AUTH_FAILED, STORAGE)."""
        runtime = self._runtime
        now = runtime.clock.micros()
        network = network_of(attempt.ip)
        tx = runtime.store.read()
        if is_banned(tx, attempt.ip, now):
            raise MailError(Reason.BANNED, "Too many wrong passwords came from your address. Try again later.")
        account = self._find(tx, attempt.login)
        if account is not None and self._may_enter(tx, account) and self._by_app_password(tx, account, attempt, now):
            self._note_success(attempt, account, network, now)
            return account
        account, is_good = self._by_password(tx, account, attempt)
        if is_good and account is not None and account.totp_secret and attempt.protocol != "web":
            raise MailError(Reason.AUTH_FAILED, "This account uses a second step. Make an app password in the webmail's settings and give it to this program.")
        if not is_good or account is None or not self._may_enter(tx, account):
            self._note_failure(attempt, account, network, now)
            raise MailError(Reason.AUTH_FAILED, "The user name or the password is wrong.")
        if imported.is_imported(account.password_hash):
            self._hash_anew(account, attempt.password)
        if not account.totp_secret:  # else it is one only with the code
            self._note_success(attempt, account, network, now)
        return account

    def _hash_anew(self, account: accounts.Account, password: Secret) -> None:
        """Replace the hash of another server by ours, unless it was changed meanwhile. The person's browsers stay signed in."""
        fresh = passwords.hash_password(password)
        values = {"h": fresh, "i": account.id, "o": account.password_hash}
        self._runtime.store.write(lambda tx: tx.run("UPDATE accounts SET password_hash = :h WHERE id = :i AND password_hash = :o", values))

    def check_code(self, account: accounts.Account, code: str, attempt: Attempt) -> None:
        """The second step for a browser whose password was right. Raises MailError(BANNED, AUTH_FAILED)."""
        runtime, now = self._runtime, self._runtime.clock.micros()
        wrong = access.wrong_codes(runtime.store.read(), account.id, now - CODE_WINDOW)
        if wrong >= CODE_FAILURES:
            raise MailError(Reason.BANNED, "Too many wrong codes. Wait a quarter of an hour, then sign in again.")
        if not runtime.store.write(lambda tx: second_step.take(tx, account, code, now)):
            self._note_failure(attempt, account, network_of(attempt.ip), now)
            raise MailError(Reason.AUTH_FAILED, "That code is wrong or was used already. Wait for the next one.")
        self._note_success(replace(attempt, protocol="web"), account, network_of(attempt.ip), now, is_whole=True)

    def note_half(self, account: accounts.Account, attempt: Attempt) -> None:
        """A browser had the right password and is asked for the code: the owner is to see it if the code never comes. A success takes the note away."""
        now, key = self._runtime.clock.micros(), (account.id, HALF, attempt.ip)
        if now - self._written.get(key, 0) < SEEN_EVERY:
            return
        self._written[key] = now
        self._runtime.store.write(
            lambda tx: access.add_sign_in(
                tx, at=now, account_id=account.id, login=attempt.login, protocol=HALF, ip=network_of(attempt.ip), agent=attempt.agent, is_good=False, is_tls=attempt.is_tls
            )
        )

    def asks_outside(self, login: str) -> bool:
        """Whether signing *login* in asks a directory, which may take seconds."""
        tx = self._runtime.store.read()
        account = self._find(tx, login)
        domain = accounts.domain_by_id(tx, account.domain_id) if account is not None else self._domain_of(tx, login)
        return domain is not None and (account is None or account.password_hash == ldap.STORED) and ldap.of_domain(self._runtime, domain.id) is not None

    def _by_password(self, tx: Tx, account: accounts.Account | None, attempt: Attempt) -> tuple[accounts.Account | None, bool]:
        """Ask the hash that is kept here, or the domain's directory; a person it knows may become an account. Raises MailError(NETWORK)."""
        now, key = self._runtime.clock.monotonic(), _remembered_as(account)
        domain = accounts.domain_by_id(tx, account.domain_id) if account is not None else self._domain_of(tx, attempt.login)
        directory = ldap.of_domain(self._runtime, domain.id) if domain is not None and domain.is_enabled else None
        if directory is None or domain is None or (account is not None and account.password_hash != ldap.STORED):
            return account, self._verifier.verify(account.password_hash if account is not None else "", attempt.password, now)
        if account is None and (not directory.creates or self._newcomer is None):
            return None, self._verifier.verify("", attempt.password, now)
        if account is not None and self._verifier.is_remembered(key, attempt.password, now):
            return account, True
        address = account.address if account is not None else f"{self._address(tx, attempt.login).rpartition('@')[0]}@{domain.name}"
        person = ldap.ask(directory, address, attempt.password.reveal())
        if person is None:
            return account, False
        if account is None and self._newcomer is not None:
            self._newcomer(self._runtime, address, person.name)
            account = accounts.account_by_address(self._runtime.store.read(), address)
        self._verifier.remember(_remembered_as(account), attempt.password, now, ldap.REMEMBER_SECONDS)
        return account, account is not None

    def _domain_of(self, tx: Tx, login: str) -> accounts.Domain | None:
        name = self._address(tx, login).rpartition("@")[2]
        alias = accounts.domain_alias(tx, name)
        return accounts.domain_by_id(tx, alias) if alias is not None else accounts.domain(tx, name)

    def _by_app_password(self, tx: Tx, account: accounts.Account, attempt: Attempt, now: Micros) -> bool:
        if attempt.protocol == "web":
            return False
        found = app_passwords.find(tx, account.id, attempt.password.reveal(), attempt.protocol, now)
        if found is None:
            return False
        if found.used_at is None or found.used_from != attempt.ip or now - found.used_at > app_passwords.USED_EVERY:
            self._runtime.store.submit(lambda tx: app_passwords.note_use(tx, found.id, attempt.ip, now))
        return True

    def _address(self, tx: Tx, login: str) -> str:
        """The key of the address that *login* means; "" for what is none."""
        name = login.strip()
        if "@" not in name:
            default = self._runtime.settings.get("server.default_domain") or self._only_domain(tx)
            name = f"{name}@{default}"
        try:
            return Address.parse(name).key
        except MailError:
            return ""

    def _find(self, tx: Tx, login: str) -> accounts.Account | None:
        key = self._address(tx, login)
        return accounts.account_by_address(tx, key) or self._through_alias_domain(tx, key) if key else None

    @staticmethod
    def _only_domain(tx: Tx) -> str:
        rows = tx.all("SELECT name FROM domains LIMIT 2")
        return rows[0][0] if len(rows) == 1 else "invalid"

    @staticmethod
    def _through_alias_domain(tx: Tx, key: str) -> accounts.Account | None:
        local, _, domain = key.rpartition("@")
        domain_id = accounts.domain_alias(tx, domain)
        real = accounts.domain_by_id(tx, domain_id) if domain_id is not None else None
        return accounts.account_by_address(tx, f"{local}@{real.name}") if real is not None else None

    @staticmethod
    def _may_enter(tx: Tx, account: accounts.Account) -> bool:
        domain = accounts.domain_by_id(tx, account.domain_id)
        return account.is_enabled and account.kind == "person" and domain is not None and domain.is_enabled

    def _note_failure(self, attempt: Attempt, account: accounts.Account | None, network: str, now: Micros) -> None:
        runtime = self._runtime
        get = runtime.settings.get
        window, most, ban = get("signin.window") * SECOND, get("signin.max_failures"), get("signin.ban") * SECOND
        fingerprint = self._verifier.fingerprint(attempt.password)

        def note(tx: Tx) -> None:
            access.add_sign_in(
                tx, at=now, account_id=account.id if account else None, login=attempt.login, protocol=attempt.protocol, ip=network,
                agent=attempt.agent, is_good=False, is_tls=attempt.is_tls, secret_hash=fingerprint,
            )  # fmt: skip
            if is_loopback(attempt.ip) or _is_above_bans(tx, attempt.ip, now):
                return
            is_trusted = access.had_good_sign_in(tx, network, now - TRUSTED_DAYS * DAY)
            if access.failures(tx, network, now - window) >= most * (TRUSTED_FACTOR if is_trusted else 1):
                access.put_ban(tx, network, f"wrong passwords for {attempt.login[:100]} by {attempt.protocol}", now, now + ban)

        runtime.store.write(note)
        runtime.log.warning("sign-in failed", protocol=attempt.protocol, login=attempt.login, ip=attempt.ip)

    def _note_success(self, attempt: Attempt, account: accounts.Account, network: str, now: Micros, *, is_whole: bool = False) -> None:
        """Write it down, and forgive; wrong codes only where the second step *is_whole*."""
        key = (account.id, attempt.protocol, attempt.ip)
        if not is_whole and now - self._written.get(key, 0) < SEEN_EVERY and not access.has_failures(self._runtime.store.read(), network, account.id):
            return

        def note(tx: Tx) -> None:
            access.add_sign_in(
                tx, at=now, account_id=account.id, login=attempt.login, protocol=attempt.protocol, ip=network, agent=attempt.agent,
                is_good=True, is_tls=attempt.is_tls,
            )  # fmt: skip
            access.clear_failures(tx, network, account.id, with_codes=is_whole)
            accounts.set_account(tx, account.id, last_sign_in_at=now)

        self._runtime.store.write(note)
        if len(self._written) > 10_000:
            self._written.clear()
        self._written[key] = now
