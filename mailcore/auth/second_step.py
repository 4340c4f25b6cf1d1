"""The second step of a browser's sign-in: TOTP codes, each good once (RFC 6238 §5.2), and recovery codes for a lost device.

With a second step on, mail programs need app passwords: the main password alone opens nothing but the web (see `login`).
"""

import base64
import hashlib
import hmac

import pyotp

from mailcore.auth.app_passwords import LETTERS
from mailcore.base.clock import Micros
from mailcore.base.errors import MailError, Reason
from mailcore.base.ids import Random
from mailcore.store.accounts import Account, set_account
from mailcore.store.engine import Tx

STEP_SECONDS = 30
WINDOW = 1
"""Steps before and after the present one that are taken, for clocks that are off."""
SECRET_BYTES = 20
RECOVERY_CODES, RECOVERY_LETTERS = 10, 10


def new_secret(random: Random) -> str:
    """A TOTP secret in base 32."""
    return base64.b32encode(random.bytes(SECRET_BYTES)).decode()


def uri(secret: str, address: str) -> str:
    """What the QR code holds."""
    return pyotp.TOTP(secret).provisioning_uri(name=address, issuer_name="Roost")


def step_of(secret: str, code: str, seconds: int, after: int) -> int | None:
    """The time step that *code* belongs to, if it is near *seconds* (since 1970) and later than step *after*."""
    clean = "".join(code.split())
    if not clean.isascii() or not clean.isdigit() or len(clean) != 6:
        return None
    now = seconds // STEP_SECONDS
    steps = (step for step in range(now - WINDOW, now + WINDOW + 1) if step > after)
    return next((s for s in steps if hmac.compare_digest(pyotp.TOTP(secret).at(s * STEP_SECONDS), clean)), None)


def turn_on(tx: Tx, account: Account, secret: str, code: str, seconds: int, codes: list[str]) -> None:
    """Switch it on once *code* shows that the device has *secret*; *codes* are the recovery codes. Raises MailError(SYNTAX)."""
    step = step_of(secret, code, seconds, 0)
    if step is None:
        raise MailError(Reason.SYNTAX, "That code does not fit. Scan the picture again, and look whether the device's clock is right.")
    set_account(tx, account.id, totp_secret=secret, totp_last_step=step)
    replace_recovery(tx, account.id, codes)


def turn_off(tx: Tx, account_id: int) -> None:
    """Switch it off."""
    set_account(tx, account_id, totp_secret="", totp_last_step=0)
    tx.run("DELETE FROM recovery_codes WHERE account_id = :a", {"a": account_id})


def take(tx: Tx, account: Account, code: str, now: Micros) -> bool:
    """Use a TOTP or recovery code up; whether it was good. Inside a write, so that one code opens one session."""
    fresh = tx.one("SELECT totp_secret, totp_last_step FROM accounts WHERE id = :a", {"a": account.id})
    if fresh is None or not fresh[0]:
        return False
    step = step_of(fresh[0], code, now // 1_000_000, fresh[1])
    if step is not None:
        set_account(tx, account.id, totp_last_step=step)
        return True
    used = tx.run(
        "UPDATE recovery_codes SET used_at = :n WHERE account_id = :a AND code_hash = :h AND used_at IS NULL", {"n": now, "a": account.id, "h": _digest(code)}
    )
    return used > 0


def new_recovery(random: Random) -> list[str]:
    """Fresh recovery codes, as "abcde-fghij"."""
    made = []
    for _ in range(RECOVERY_CODES):
        signs = "".join(LETTERS[b & 31] for b in random.bytes(RECOVERY_LETTERS))
        made.append(f"{signs[:5]}-{signs[5:]}")
    return made


def replace_recovery(tx: Tx, account_id: int, codes: list[str]) -> None:
    """Store new recovery codes; older ones are void."""
    tx.run("DELETE FROM recovery_codes WHERE account_id = :a", {"a": account_id})
    for code in codes:
        tx.run("INSERT INTO recovery_codes (account_id, code_hash) VALUES (:a, :h)", {"a": account_id, "h": _digest(code)})


def recovery_left(tx: Tx, account_id: int) -> int:
    """How many recovery codes are unused."""
    return int(tx.value("SELECT count(*) FROM recovery_codes WHERE account_id = :a AND used_at IS NULL", {"a": account_id}))


def _digest(code: str) -> str:
    return hashlib.sha256("".join(c for c in code.lower() if c in LETTERS).encode()).hexdigest()
