"""A person's rules: listed in words, edited on a page of their own, tried on the newest mail before they are saved."""

from typing import Any

import flask
from flask_babel import gettext as _
from flask_babel import ngettext

from mailcore.base.errors import MailError, Reason
from mailcore.delivery import trial
from mailcore.directory import away, rules
from mailcore.sessions import webmail_bulk, webmail_rules
from mailcore.sieve.rules import Criterion, Field, Operator, Rule, as_json
from mailcore.store import filters, labels, routes
from web import rule_forms
from web.drawing import done, page
from web.signed_in import account, require
from web.site import actor, site
from web.words import said
from webmail.blueprints import boxes
from webmail.blueprints import settings_blueprint as settings
from webmail.rows import row_of
from webmail.settings.values import Errors, RulePage, RulesPage


def shown(_errors: Errors) -> dict[str, Any]:
    """The list."""
    tx, mine = site().read(), account()
    found = rules.of_scope(tx, away.scope_of(mine))
    lines = tuple(rule_forms.line_of(rule, n) for n, rule in enumerate(found))
    return {"form": RulesPage(lines=lines, sieve=rules.sieve_of(tx, away.scope_of(mine)), script=rules.script_of(tx, away.scope_of(mine)), error=filters.form(tx, away.scope_of(mine), "error"))}


def save(form: Any) -> str:
    """A button of the list: switch, move, remove. Raises MailError."""
    found, number = present(), form.get("number", "")
    place = int(number) if number.isdigit() and int(number) < len(found) else -1
    op = form.get("op")
    if place < 0:
        return _("This rule is no longer here.")
    if op == "remove":
        del found[place]
    elif op == "switch":
        rule = found[place]
        found[place] = Rule(name=rule.name, criteria=rule.criteria, actions=rule.actions, match_all=rule.match_all, stop=rule.stop, is_enabled=not rule.is_enabled)
    elif op in ("up", "down"):
        other = place + (-1 if op == "up" else 1)
        if 0 <= other < len(found):
            found[place], found[other] = found[other], found[place]
    put(found)
    return _("Rule removed") if op == "remove" else _("Saved")


def present() -> list[Rule]:
    """The person's rules."""
    return rules.of_scope(site().read(), away.scope_of(account()))


def put(found: list[Rule]) -> None:
    """Store them. Raises MailError."""
    site().write(lambda tx: rules.save(tx, actor(), away.scope_of(account()), found, site().now()))


@settings.route("/settings/rules/<number>", methods=["GET", "POST"], endpoint="rule")
@require("user")
def edit(number: str) -> Any:
    found = present()
    place = int(number) if number.isdigit() and int(number) < len(found) else -1
    form, request = flask.request.form, flask.request
    if request.method == "GET":
        made = rule_forms.form_of(found[place], place) if place >= 0 else suggested(request.args)
        return drawn(made)
    made = rule_forms.typed(form, place)
    op = form.get("op", "save")
    if op.startswith(("more-", "less-")):
        return drawn(made)
    try:
        rule = rule_forms.rule_of(made)
        if op == "try":
            return tried(made, rule)
        put([*found[:place], rule, *found[place + 1 :]] if place >= 0 else [*found, rule])
        if op == "run":
            return run(rule)
    except MailError as error:
        return drawn(made, error=said(error)), 422
    flask.session["toast"] = {"text": _("Rule saved"), "undo": None}
    return done(flask.url_for("settings.page", section="rules"), message=_("Rule saved"))


def run(rule: Rule) -> Any:
    """Carry the rule out on the Inbox as it is, as a job with progress and a way back. Raises MailError."""
    if not webmail_rules.does_something(rule):
        raise MailError(Reason.SYNTAX, _("This rule files and marks nothing: there is nothing to do to mail that is here."))
    inbox = next(box for box in boxes() if box.role == "inbox")
    job_id = webmail_bulk.ask(site().runtime, account(), {"op": "rule", "rule": as_json([rule]), "mailbox": inbox.id, "back": flask.url_for("settings.page", section="rules")})
    return done(flask.url_for("mail.work", job_id=job_id))


def suggested(args: Any) -> rule_forms.RuleForm:
    """A new rule; with ?list= or ?from= for messages like one that was open."""
    for name, field in (("list", Field.LIST_ID), ("from", Field.FROM)):
        if args.get(name):
            criterion = Criterion(field=field, operator=Operator.CONTAINS, value=args[name][:300])
            return rule_forms.form_of(Rule(name="", criteria=(criterion,), actions=()), -1)
    return rule_forms.RuleForm()


def tried(made: rule_forms.RuleForm, rule: Rule) -> Any:
    """The page with the messages that the rule fits."""
    rows, looked = trial.fits(site().runtime, account(), rule)
    words = ngettext("%(num)d message fits", "%(num)d messages fit", len(rows)) + " " + _("of the newest %(looked)d in the Inbox.", looked=looked)
    by_id = {b.id: b for b in boxes()}
    return drawn(made, trial_text=words, fitting=tuple(row_of(r, by_id.get(r.mailbox_id), account().address) for r in rows[:20]))


def drawn(made: rule_forms.RuleForm, *, error: str = "", trial_text: str = "", fitting: tuple[Any, ...] = ()) -> Any:
    """The editor. Which route mail takes is a server admin's to say, in their own rules too."""
    patterns = [one.pattern for one in routes.routes(site().read()) if one.is_enabled] if actor().role == "server-admin" else None
    made = rule_forms.offering(made, routes=patterns)
    names = tuple(b.name for b in boxes() if not b.is_noselect and b.role not in ("inbox", "drafts", "sent"))
    value = RulePage(rule=made, mailboxes=names, labels=tuple(one.name for one in labels.of_account(site().read(), account().id)), trial_text=trial_text, fitting=fitting)
    return page("webmail/settings/rule.html", form=value, errors={"form": error} if error else {})
