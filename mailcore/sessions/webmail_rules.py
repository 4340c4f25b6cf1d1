"""A rule carried out on mail that is here already: what it files and marks, with the way back. Nothing is sent, refused or run again for old mail."""

from mailcore.base.errors import MailError, Reason
from mailcore.delivery import trial
from mailcore.runtime.runtime import Runtime
from mailcore.sessions import webmail
from mailcore.sieve.rules import Kind, Rule, RuleAction
from mailcore.store import listing, mailboxes
from mailcore.store.accounts import Account

HERE = (Kind.LABEL, Kind.FLAG, Kind.MARK_READ, Kind.MOVE, Kind.DELETE)
"""What is done to mail that is here, in this order: a message is marked before it goes."""


def does_something(rule: Rule) -> bool:
    """Whether the rule has an action for mail that is here."""
    return any(action.kind in HERE for action in rule.actions)


def carry_out(runtime: Runtime, account: Account, rule: Rule, ids: list[int]) -> webmail.Done:
    """Do to those of *ids* that fit what the rule says. Raises MailError(NOT_FOUND) where it names a mailbox that is not there."""
    rows = trial.fitting(runtime, account, rule, listing.rows(runtime.store.read(), account.id, ids))
    found = [row.message_id for row in rows]
    steps: list[webmail.Step] = []
    if found:
        for action in sorted((one for one in rule.actions if one.kind in HERE), key=lambda one: HERE.index(one.kind)):
            steps[:0] = _do(runtime, account, action, found).undo.steps
    return webmail.Done(count=len(found), undo=webmail.Undo(steps=tuple(steps)))


def _do(runtime: Runtime, account: Account, action: RuleAction, ids: list[int]) -> webmail.Done:
    if action.kind is Kind.LABEL:
        return webmail.label(runtime, account, ids, action.value, is_on=True)
    if action.kind in (Kind.FLAG, Kind.MARK_READ):
        return webmail.flag(runtime, account, "star" if action.kind is Kind.FLAG else "read", ids)
    if action.kind is Kind.DELETE:
        return webmail.move_by_role(runtime, account, "trash", ids)
    box = mailboxes.by_name(runtime.store.read(), account.id, action.value)
    if box is None:
        raise MailError(Reason.CONFLICT, f"There is no mailbox {action.value} to move mail to.")
    return webmail.move(runtime, account, ids, box.id)
