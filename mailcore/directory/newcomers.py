"""People whom a directory knows and who sign in for the first time: they get an account, within the domain's limits."""

from mailcore.auth import ldap
from mailcore.directory import verbs
from mailcore.directory.actor import Actor
from mailcore.runtime.runtime import Runtime

LDAP = Actor(name="ldap", role="server-admin")


def add(runtime: Runtime, address: str, name: str) -> None:
    """Make the account of *address*. Raises MailError when the domain's limits say no."""
    quota = int(runtime.settings.get("quota.default"))
    runtime.store.write(
        lambda tx: verbs.add_account(tx, LDAP, address, runtime.clock.micros(), password_hash=ldap.STORED, display_name=name, default_quota=quota)
    )
