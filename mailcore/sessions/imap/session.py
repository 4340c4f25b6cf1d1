"""One IMAP session: its state, the table of handlers, and what is said after each command.

`run(command)` is a generator of steps. Errors of any layer become the tagged answer here, the session's one catch; a fault of
ours is NO [SERVERBUG] and a line in the log.
"""

from collections.abc import Callable
from typing import Any

from mailcore.auth.login import is_loopback
from mailcore.base.errors import MailError, Reason
from mailcore.directory.actor import Actor, of_account
from mailcore.policy import ranges
from mailcore.runtime.runtime import Runtime
from mailcore.sessions.imap import acl, append, enter, fetch, folders, marks, notify, search, selecting, sort
from mailcore.sessions.imap.steps import Read, Steps
from mailcore.sessions.imap.view import View
from mailcore.store import Tx, accounts, sharing
from mailcore.wire.imap import commands as c
from mailcore.wire.imap import responses as r
from mailcore.wire.imap.codes import refusal_for
from mailcore.wire.imap.mutf7 import Spelling
from mailcore.wire.imap.states import BY_SEQUENCE_NUMBER, Offer, State, capabilities, refusal

GONE = "The mailbox was deleted by another program, or is no longer shared with you."
MAX_BAD_COMMANDS = 50
"""Wrong commands before the connection is closed."""


class Session:
    """State of one connection. The listener sets `is_tls`; `is_over` tells it to close, `wants_tls` and `wants_deflate` to change what it speaks."""

    def __init__(self, runtime: Runtime, *, ip: str, is_tls: bool) -> None:
        self.runtime = runtime
        self.ip = ip
        self.is_tls = is_tls
        self.state = State.NOT_AUTHENTICATED
        self.account: accounts.Account | None = None
        self.view: View | None = None
        self.watch: notify.Watch | None = None
        self.enabled: set[str] = set()
        self.program = ""
        self.bad_commands = 0
        self.is_over = False
        self.wants_tls = False
        self.wants_deflate = False
        self.delimiter = str(runtime.settings.get("imap.delimiter"))
        self.may_add_account: Callable[[int], bool] = lambda _account_id: True

    @property
    def account_id(self) -> int:
        """The signed-in account's id."""
        assert self.account is not None
        return self.account.id

    @property
    def actor(self) -> str:
        """Who writes, for the change log: the program by its ID, or the address it comes from."""
        return f"imap:{self.program or self.ip}"[:120]

    @property
    def is_rev2(self) -> bool:
        """Whether the client speaks IMAP4rev2 (RFC 9051)."""
        return "IMAP4rev2" in self.enabled

    @property
    def spelling(self) -> Spelling:
        """How names of mailboxes are written; as UTF-8 by RFC 9051 §5.1, RFC 6855 §3 and RFC 9755 §3 after it."""
        return Spelling(self.is_rev2 or "UTF8=ACCEPT" in self.enabled, self.delimiter)

    @property
    def someone(self) -> accounts.Account:
        """Who is signed in."""
        assert self.account is not None
        return self.account

    @property
    def as_actor(self) -> Actor:
        """Who is signed in, for verbs."""
        return of_account(self.someone, self.ip)

    def writer(self, owner_id: int) -> str:
        """`actor` for a change in *owner_id*'s mailbox: in another's the person stands before the program."""
        return self.actor if owner_id == self.account_id else f"imap:{self.someone.address} {self.program or self.ip}"[:120]

    @property
    def may_login(self) -> bool:
        """Whether a password is taken: under TLS or from real loopback."""
        return self.is_tls or is_loopback(self.ip) or ranges.may_show_password(self.runtime, self.ip)

    def capabilities(self) -> tuple[str, ...]:
        """The words of CAPABILITY now."""
        limit = int(self.runtime.settings.get("smtp.message_size", domain_id=self.account.domain_id if self.account else None))
        offer = Offer(is_tls=self.is_tls, can_starttls=True, can_login=self.may_login, can_compress=not self.wants_deflate, append_limit_bytes=limit)
        return capabilities(self.state, offer)

    def greeting(self) -> bytes:
        """The first line."""
        text = self.runtime.settings.get("imap.greeting") or f"{self.runtime.hostname} Roost is ready."
        return r.untagged("OK", str(text), r.capability_code(self.capabilities()))

    def run(self, command: c.Command) -> Steps:
        """Carry out one command."""
        trouble = refusal(self.state, command)
        if trouble is not None:
            self.bad_commands += 1
            yield r.tagged(command.tag, "BAD", trouble)
            return
        handler = HANDLERS.get(type(command))
        if handler is None:
            yield r.tagged(command.tag, "BAD", "This server does not offer that.")
            return
        try:
            if self.view is not None and not self.view.is_own:
                yield from self.look_again(self.view)
            yield from handler(self, command)
        except MailError as error:
            answer = refusal_for(error)
            yield from self.news(command)
            yield r.tagged(command.tag, answer.status, error.detail, answer.code)

    def look_again(self, view: View) -> Steps:
        """What may be done in another's mailbox is asked before each command. Raises MailError(NOT_FOUND) once it may not be read."""
        view.rights = yield Read(lambda tx: sharing.rights(tx, self.someone, view.mailbox_id))
        if "r" not in view.rights:
            raise MailError(Reason.NOT_FOUND, GONE)

    def done(self, command: c.Command, text: str = "Done.", code: str | bytes = b"") -> Steps:
        """What others did, then the tagged OK."""
        yield from self.news(command)
        yield r.tagged(command.tag, "OK", text, code)

    def news(self, command: c.Command | None = None) -> Steps:
        """Tell what changed in the selected mailbox, as far as *command* allows (RFC 3501 §7.4.1)."""
        kind = type(command)
        may_expunge = not (kind in BY_SEQUENCE_NUMBER and kind not in (c.Copy, c.Move, c.Replace) and not getattr(command, "is_uid", False))
        if self.view is not None:
            yield from self.news_of_view(may_expunge=may_expunge)
        if self.watch is not None and not self.is_over:
            yield from notify.others(self)

    def news_of_view(self, *, may_expunge: bool) -> Steps:
        """Tell what changed in the selected mailbox."""
        assert self.view is not None
        fresh = self.view.uids[-1] + 1 if len(self.view) else 1
        try:
            said = yield Read(lambda tx: self.told(tx, may_expunge=may_expunge))
        except MailError as error:
            if error.reason is not Reason.NOT_FOUND:
                raise
            self.view = None
            self.is_over = True
            yield r.bye(GONE)
            return
        if said:
            yield said
            if self.watch is not None:
                yield from notify.items_of_new(self, fresh)

    def told(self, tx: Tx, *, may_expunge: bool) -> bytes:
        """The bytes of `news`. Raises MailError(NOT_FOUND) when the mailbox is gone. Nothing is read while nobody has written."""
        view, version = self.view, tx.version()
        assert view is not None
        if version is not None and version == view.seen_version and not (view.held_back and may_expunge):
            return b""
        if not view.is_own and "r" not in sharing.rights(tx, self.someone, view.mailbox_id):
            raise MailError(Reason.NOT_FOUND, GONE)
        try:
            said = b"".join(
                view.sync(tx, may_expunge=may_expunge, has_condstore="CONDSTORE" in self.enabled, has_qresync="QRESYNC" in self.enabled, always_uid=False)
            )
            view.seen_version = version
            return said
        except KeyError:
            raise MailError(Reason.NOT_FOUND, GONE) from None


HANDLERS: dict[type[c.Command], Callable[[Session, Any], Steps]] = {
    c.Capability: enter.capability, c.Noop: enter.noop, c.Check: enter.noop, c.Logout: enter.logout, c.Id: enter.identify, c.StartTls: enter.starttls, c.Compress: enter.compress,
    c.Login: enter.login, c.Enable: enter.enable, c.Unauthenticate: enter.unauthenticate, c.Select: selecting.select, c.Examine: selecting.select,
    c.Close: selecting.close, c.Unselect: selecting.unselect, c.Create: folders.create, c.Delete: folders.delete, c.Rename: folders.rename,
    c.Subscribe: folders.subscribe, c.Unsubscribe: folders.unsubscribe, c.List: folders.list_, c.Lsub: folders.lsub, c.Namespace: folders.namespace,
    c.Status: folders.status, c.GetQuota: folders.get_quota, c.GetQuotaRoot: folders.get_quota_root, c.SetQuota: folders.set_quota,
    c.Append: append.append, c.Replace: append.append, c.Expunge: marks.expunge, c.Store: marks.store, c.Copy: marks.copy, c.Move: marks.move, c.Fetch: fetch.fetch,
    c.GetAcl: acl.get_acl, c.SetAcl: acl.set_acl, c.DeleteAcl: acl.delete_acl, c.ListRights: acl.list_rights, c.MyRights: acl.my_rights,
    c.Notify: notify.notify, c.Search: search.search, c.Sort: sort.sort, c.Thread: sort.thread,
}  # fmt: skip
"""One handler a command; IDLE and AUTHENTICATE talk on, so the listener leads them."""
