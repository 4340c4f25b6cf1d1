"""Certificates: what is shown to programs for which name, until when; uploaded, signed by an authority, or by Roost's own CA."""

from typing import Any

import flask
from cryptography import x509
from flask_babel import gettext as _

from admin import values as p
from admin.blueprints import admin, toast
from admin.keeping import job_of
from mailcore.base.clock import DAY, to_micros
from mailcore.base.errors import MailError
from mailcore.directory import certificate_verbs, flow_verbs
from mailcore.store import certificates as store
from mailcore.store import jobs
from web import words
from web.drawing import page
from web.signed_in import require
from web.site import actor, site
from web.words import said

SOON_DAYS = 14


@admin.route("/certificates", methods=["GET", "POST"])
@require("server-admin")
def certificates() -> Any:
    error = ""
    if flask.request.method == "POST":
        try:
            return change(flask.request.form)
        except MailError as refused:
            error = said(refused)
    return page("admin/certificates.html", area="certificates", summary=summary(), page=shown(error)), 422 if error else 200


def shown(error: str) -> p.CertificatesPage:
    """Everything on the page."""
    get, tx = site().runtime.settings.get, site().read()
    rows = tuple(row(one) for one in reversed(store.served(tx)))
    latest = next((j for j in jobs.recent(tx, limit=200) if j.kind == "certificates"), None)
    typed = flask.request.form
    return p.CertificatesPage(
        rows=rows, own=own(), is_acme=bool(get("acme.enabled")), email=typed.get("email", str(get("acme.email"))), directory=str(get("acme.directory")),
        hostname=site().runtime.hostname, job=job_of(latest), error=error,
    )  # fmt: skip


def summary() -> str:
    """The page in one sentence."""
    found = store.served(site().read())
    if any(site().runtime.hostname in one.names for one in found):
        return _("Programs and browsers trust %(name)s.", name=site().runtime.hostname)
    return _("Roost's own CA signs for %(name)s. Devices trust it once they have installed it.", name=site().runtime.hostname)


def row(one: store.Certificate) -> p.CertificateRow:
    """One certificate in words."""
    left = one.not_after - site().now()
    tone = "red" if left <= 0 else "amber" if left < SOON_DAYS * DAY else "green"
    state = {"red": _("has ended"), "amber": _("ends soon"), "green": _("good")}[tone]
    source = _("signed by an authority, renewed by itself") if one.source == "acme" else _("uploaded")
    return p.CertificateRow(id=one.id, names=one.names, source_text=source, ends_text=words.long(one.not_after), state_text=state, tone=tone)


def own() -> p.CertificateRow | None:
    """The leaf that Roost's own CA has signed."""
    try:
        leaf = x509.load_pem_x509_certificates((site().data_dir / "tls" / "leaf.pem").read_bytes())[0]
    except (OSError, ValueError):
        return None
    ends = words.long(to_micros(leaf.not_valid_after_utc))
    names = certificate_verbs.names_of(leaf)
    return p.CertificateRow(id=0, names=names, source_text=_("Roost's own CA, renewed by itself"), ends_text=ends, state_text=_("good"), tone="green")


def change(form: Any) -> Any:
    """Upload, remove, switch the authority on or off, ask it now. Raises MailError."""
    now, op = site().now(), form.get("op")
    if op == "upload":
        files = flask.request.files
        pair = [(files[k].read(certificate_verbs.MAX_PEM_BYTES + 1) if k in files else b"") for k in ("chain", "key")]
        judged = certificate_verbs.judge(pair[0], pair[1], site().runtime.clock.now())
        site().write(lambda tx: certificate_verbs.upload(tx, actor(), judged, now))
        toast(_("It is used within ten seconds."))
    elif op == "remove" and form.get("id", "").isdigit():
        site().write(lambda tx: certificate_verbs.remove(tx, actor(), int(form["id"]), now))
        toast(_("Removed. Roost's own CA signs for its names again."))
    elif op == "acme":
        is_on = "enabled" in form
        site().write(lambda tx: certificate_verbs.set_acme(tx, actor(), is_on=is_on, email=form.get("email", ""), is_agreed="agreed" in form, now=now))
        site().runtime.settings.refresh()
        if is_on:
            site().write(lambda tx: certificate_verbs.ask(tx, actor(), now))
        toast(_("The authority is being asked.") if is_on else _("Saved"))
    elif op == "now":
        site().write(lambda tx: certificate_verbs.ask(tx, actor(), now))
        toast(_("The authority is being asked."))
    elif op == "cancel" and form.get("id", "").isdigit():
        site().write(lambda tx: flow_verbs.cancel_job(tx, actor(), int(form["id"]), now))
        toast(_("Cancelled"))
    return flask.redirect(flask.url_for("admin.certificates"), 303)
