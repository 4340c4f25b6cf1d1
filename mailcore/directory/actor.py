"""Who is asking: carried into every verb, written into the audit, and checked against what they may do."""

from dataclasses import dataclass

from mailcore.base.errors import MailError, Reason
from mailcore.store.accounts import Account

ROLES = ("user", "domain-admin", "server-admin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A person or program that changes things. *domain_id* limits a domain admin."""

    name: str
    role: str
    ip: str = ""
    domain_id: int | None = None
    account_id: int | None = None

    def require_server(self) -> None:
        """Raises MailError(NOT_PERMITTED) unless a server admin asks."""
        if self.role != "server-admin":
            raise MailError(Reason.NOT_PERMITTED, "Only a server admin may do this.")

    def require_domain(self, domain_id: int) -> None:
        """Raises MailError(NOT_PERMITTED) unless the asker administers this domain."""
        if self.role == "server-admin" or (self.role == "domain-admin" and self.domain_id == domain_id):
            return
        raise MailError(Reason.NOT_PERMITTED, "You administer another domain.")


def of_account(account: Account, ip: str) -> Actor:
    """The actor that a signed-in account is."""
    return Actor(name=account.address, role=account.role, ip=ip, domain_id=account.domain_id, account_id=account.id)


COMMAND_LINE = Actor(name="command line", role="server-admin")
"""Whoever can run programs as Roost's user may do everything."""
