"""Rules of the server, of a domain, and a person's own in their place: one form, run as Sieve in this order."""

from dataclasses import dataclass
from typing import Any

import flask
from flask_babel import gettext as _
from flask_babel import ngettext

from admin.blueprints import admin, domain_of, toast
from mailcore.base.errors import MailError, Reason
from mailcore.delivery import confirm, trial
from mailcore.directory import rules, verbs
from mailcore.runtime import programs
from mailcore.sieve.rules import forwarded_to
from mailcore.store import accounts, routes
from web import rule_forms
from web.drawing import done, page
from web.signed_in import account, require
from web.site import actor, site


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Whose rules are shown: a domain's, a person's (*address*), else the server's."""

    scope: str
    domain: str = ""
    address: str = ""

    @property
    def list_url(self) -> str:
        """Where they are listed."""
        if self.address:
            return flask.url_for("admin.account_rules", address=self.address)
        return flask.url_for("admin.domain_rules", domain=self.domain) if self.domain else flask.url_for("admin.rules")

    @property
    def area(self) -> str:
        """Where it stands in the navigation."""
        return "accounts" if self.address else "domains" if self.domain else "rules"

    def rule_url(self, number: int | str) -> str:
        """Where one is edited."""
        return f"{self.list_url}/{number}"


def of_server() -> Place:
    """The server's rules."""
    return Place(scope=rules.SYSTEM)


def of_domain(name: str) -> Place:
    """A domain's rules. Raises MailError(NOT_FOUND, NOT_PERMITTED)."""
    found: accounts.Domain = domain_of(name)
    return Place(scope=rules.of_domain(found.id), domain=found.name)


def of_person(address: str) -> Place:
    """Somebody's own rules. Raises MailError(NOT_FOUND, NOT_PERMITTED)."""
    found = verbs.find_account(site().read(), address)
    verbs.manageable(site().read(), actor(), found.id)
    return Place(scope=f"account:{found.id}", address=found.address)


@admin.route("/rules", methods=["GET", "POST"], endpoint="rules")
@require("server-admin")
def of_the_server() -> Any:
    return listed(of_server())


@admin.route("/rules/<number>", methods=["GET", "POST"], endpoint="rule")
@require("server-admin")
def one_of_the_server(number: str) -> Any:
    return edited(of_server(), number)


@admin.route("/domains/<domain>/rules", methods=["GET", "POST"])
@require("domain-admin")
def domain_rules(domain: str) -> Any:
    return listed(of_domain(domain))


@admin.route("/domains/<domain>/rules/<number>", methods=["GET", "POST"])
@require("domain-admin")
def domain_rule(domain: str, number: str) -> Any:
    return edited(of_domain(domain), number)


@admin.route("/accounts/<address>/rules", methods=["GET", "POST"])
@require("domain-admin")
def account_rules(address: str) -> Any:
    return listed(of_person(address))


@admin.route("/accounts/<address>/rules/<number>", methods=["GET", "POST"])
@require("domain-admin")
def account_rule(address: str, number: str) -> Any:
    return edited(of_person(address), number)


def listed(place: Place) -> Any:
    """The list, or what one of its buttons does."""
    if flask.request.method == "POST":
        form = flask.request.form
        change(place, form.get("op", ""), number_of(form.get("number", "")))
        toast(_("Rule removed") if form.get("op") == "remove" else _("Saved"))
        return done(place.list_url)
    tx = site().read()
    found = rules.of_scope(tx, place.scope)
    lines = tuple(rule_forms.line_of(rule, n) for n, rule in enumerate(found))
    summary = ngettext("One rule", "%(num)d rules", len(found)) if found else _("None yet")
    return page("admin/rules.html", area=place.area, place=place, lines=lines, sieve=rules.sieve_of(tx, place.scope), script=rules.script_of(tx, place.scope), summary=summary)


def number_of(text: str) -> int:
    """The place of a rule as an address or a form gives it. Raises MailError(NOT_FOUND)."""
    if not (text.isascii() and text.isdigit() and len(text) < 5):
        raise MailError(Reason.NOT_FOUND, _("This rule is no longer here."))
    return int(text)


def change(place: Place, op: str, number: int) -> None:
    """Switch, move or remove. Raises MailError."""
    acts = {
        "remove": lambda tx: rules.remove(tx, actor(), place.scope, number, site().now()),
        "switch": lambda tx: rules.switch(tx, actor(), place.scope, number, None, site().now()),
        "up": lambda tx: rules.move(tx, actor(), place.scope, number, number - 1, site().now()),
        "down": lambda tx: rules.move(tx, actor(), place.scope, number, number + 1, site().now()),
    }
    if op not in acts:
        flask.abort(400)
    site().write(acts[op])


def edited(place: Place, number: str) -> Any:
    """The editor of one rule, and what its buttons do."""
    found, at = rules.of_scope(site().read(), place.scope), -1 if number == "new" else number_of(number)
    if at >= len(found):
        raise MailError(Reason.NOT_FOUND, _("This rule is no longer here."))
    if flask.request.method == "GET":
        return drawn(place, rule_forms.form_of(found[at], at) if at >= 0 else rule_forms.RuleForm())
    made, op = rule_forms.typed(flask.request.form, at), flask.request.form.get("op", "save")
    if op.startswith(("more-", "less-")):
        return drawn(place, made)
    try:
        rule = rule_forms.rule_of(made)
        if op == "try":
            rows, looked = trial.fits(site().runtime, account(), rule)
            words = ngettext("%(num)d message fits", "%(num)d messages fit", len(rows)) + " " + _("of the newest %(looked)d in your own Inbox.", looked=looked)
            return drawn(place, made, trial_text=words, fitting=tuple((r.subject, r.from_addr) for r in rows[:20]))
        if at >= 0:
            site().write(lambda tx: rules.replace_rule(tx, actor(), place.scope, at, rule, site().now()))
        else:
            site().write(lambda tx: rules.add(tx, actor(), place.scope, rule, site().now()))
        if place.address:  # as for the server's rules, the admin answers for where mail is sent on to
            confirm.answer_for(site().runtime, actor(), verbs.find_account(site().read(), place.address), forwarded_to([rule]))
    except MailError as error:
        return drawn(place, made, error=error.detail), 422
    toast(_("Rule saved; it holds within seconds"))
    return done(place.list_url)


def drawn(place: Place, made: rule_forms.RuleForm, *, error: str = "", trial_text: str = "", fitting: tuple[tuple[str, str], ...] = ()) -> Any:
    """The editor. A domain admin sees neither routes nor programs."""
    if actor().role == "server-admin":
        names = [one.pattern for one in routes.routes(site().read()) if one.is_enabled]
        made = rule_forms.offering(made, routes=names, programs=None if place.domain or place.address else programs.names(site().runtime.config.data_dir))
    else:
        made = rule_forms.offering(made)
    return page("admin/rule.html", area=place.area, place=place, rule=made, error=error, trial_text=trial_text, fitting=fitting)
