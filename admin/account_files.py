"""Accounts of a domain as CSV: out, and in after a look at what would change."""

from typing import Any

import flask
from flask_babel import gettext as _
from flask_babel import ngettext

from admin.blueprints import admin, domain_of, toast
from mailcore.base.errors import MailError, Reason
from mailcore.directory import account_csv
from mailcore.store import accounts
from web.drawing import done, page
from web.signed_in import require
from web.site import actor, site

SHOWN = 500
"""Lines of a plan that the page lists."""


@admin.get("/domains/<domain>/accounts.csv")
@require("domain-admin")
def accounts_out(domain: str) -> Any:
    found = domain_of(domain)
    text = account_csv.written(accounts.accounts(site().read(), found.id, limit=1_000_000))
    heads = {"Content-Disposition": f'attachment; filename="{found.name}.csv"', "Cache-Control": "no-store"}
    return flask.Response("\ufeff" + text, content_type="text/csv; charset=utf-8", headers=heads)


@admin.route("/domains/<domain>/accounts-in", methods=["GET", "POST"])
@require("domain-admin")
def accounts_in(domain: str) -> Any:
    found, lines, errors, text = domain_of(domain), [], {}, ""
    if flask.request.method == "POST":
        try:
            text = given()
            lines = planned(found, text)
            if flask.request.form.get("op") == "apply":
                return apply(found, lines)
        except MailError as error:
            errors["file"] = error.detail
    counts = {state: sum(line.state == state for line in lines) for state in ("added", "changed", "unchanged", "wrong")}
    rows = [line for line in lines if line.state != "unchanged"]
    values = {"lines": rows[:SHOWN], "more": max(0, len(rows) - SHOWN), "counts": counts, "text": text, "errors": errors, "columns": ", ".join(account_csv.COLUMNS)}
    answer = flask.make_response(page("admin/accounts_in.html", area="domains", domain=found.name, **values))
    answer.headers["Cache-Control"] = "no-store"
    return answer, 422 if errors else 200


def given() -> str:
    """The file that came, or the text of one that was looked at. Raises MailError(SYNTAX)."""
    file = flask.request.files.get("file")
    if file is None:
        return str(flask.request.form.get("text", ""))
    try:
        return file.stream.read(4 * account_csv.MAX_BYTES).decode()
    except UnicodeDecodeError as error:
        raise MailError(Reason.SYNTAX, _("The file is not UTF-8. Save it as “CSV UTF-8”.")) from error


def quota_of(found: accounts.Domain) -> int:
    """What a new account gets where its line names no quota."""
    return int(site().runtime.settings.get("quota.default", domain_id=found.id))


def planned(found: accounts.Domain, text: str) -> list[account_csv.Line]:
    """What each line would do. Raises MailError."""
    return account_csv.planned(site().read(), actor(), found, text, default_quota=quota_of(found))


def apply(found: accounts.Domain, lines: list[account_csv.Line]) -> Any:
    """Do what the lines say that are not wrong. Raises MailError."""
    quota, count = quota_of(found), 0
    for batch in account_csv.batches(lines):
        count += site().write(lambda tx, b=batch: account_csv.perform(tx, actor(), b, site().now(), default_quota=quota), bulk=True)  # type: ignore[misc]
    toast(ngettext("One account changed", "%(num)d accounts changed", count))
    return done(flask.url_for("admin.domain", domain=found.name))
