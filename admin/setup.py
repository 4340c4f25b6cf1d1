"""The set-up wizard: opened by the one-time link, three short pages, then the DNS records and what mail programs need.

The link's token becomes a cookie; answers wait in the signed session until the last page writes them all at once.
"""

import hmac
from typing import Any

import flask
import segno
from flask_babel import gettext as _

from admin import presenters as p
from admin.blueprints import setup_blueprint as setup
from admin.domains import dns_page
from mailcore.base.errors import MailError, Reason
from mailcore.directory import dkim_keys, personal, programs, verbs
from mailcore.directory import setup as room
from mailcore.directory.actor import Actor
from mailcore.queue import diagnose
from mailcore.queue.route import Hop
from mailcore.serve.start import own_addresses, setup_token
from mailcore.store import accounts
from web import signed_in
from web.drawing import done, page
from web.signed_in import public, require
from web.site import site
from web.words import said

STEPS = ("welcome", "domain", "relay", "admin")
REACH = {"network": "lan", "internet": "internet", "relay": "relay"}


def is_finished() -> bool:
    """Whether set-up is done."""
    return bool(site().runtime.settings.get("server.setup_done"))


def may_pass() -> bool:
    """Whether this browser opened the one-time link, over TLS or from real loopback."""
    is_safe = flask.request.is_secure or (flask.request.remote_addr or "") in ("127.0.0.1", "::1")
    return is_safe and hmac.compare_digest(str(flask.session.get("setup", "")), setup_token(site().data_dir))


@setup.before_app_request
def guide() -> Any:
    """Until set-up is done every page says how to set up."""
    endpoint = flask.request.endpoint or ""
    if is_finished() or endpoint in ("healthz", "static") or endpoint.startswith("setup."):
        return None
    return not_ready()


def not_ready() -> Any:
    """How to set up, for who has no link."""
    host = site().runtime.hostname
    command = f"./roost setup --admin you@{host.partition('.')[2] or 'example.org'} --password-stdin --hostname {host}"
    return flask.render_template("setup/not_ready.html", command=command, shell=None, theme=flask.request.cookies.get("theme", "auto"))


@setup.get("")
@public
def start() -> Any:
    if is_finished():
        return flask.redirect(flask.url_for("mail.home"))
    token = flask.request.args.get("token", "")
    if token and hmac.compare_digest(token, setup_token(site().data_dir)):
        flask.session["setup"] = token
        return flask.redirect(flask.url_for("setup.step", step="welcome"))
    return not_ready()


def answers() -> dict[str, str]:
    """What was answered so far."""
    return dict(flask.session.get("answers", {}))


@setup.route("/<step>", methods=["GET", "POST"])
@public
def step(step: str) -> Any:
    if is_finished():
        return flask.redirect(flask.url_for("mail.home"))
    if step not in STEPS or not may_pass():
        return not_ready()
    errors: dict[str, str] = {}
    if flask.request.method == "POST":
        try:
            return TAKERS[step](flask.request.form)
        except MailError as error:
            errors[str(getattr(error, "field", "form"))] = said(error)
    return flask.render_template("setup/step.html", form=form_of(step, errors), shell=None, theme=flask.request.cookies.get("theme", "auto")), 422 if errors else 200


def form_of(step: str, errors: dict[str, str]) -> p.SetupForm:
    """One page of the wizard, with what was typed."""
    known = answers() | {k: v for k, v in flask.request.form.items() if "password" not in k}
    host = site().runtime.hostname
    domain = known.get("domain", "")
    return p.SetupForm(
        step=step, number={"welcome": 1, "domain": 2, "relay": 2, "admin": 3}[step], steps=3, reach=known.get("reach", "internet"),
        host_name=known.get("host_name", "") or (host if "." in host else ""), domain=domain, address=known.get("address", "") or (f"admin@{domain}" if domain else ""),
        relay_host=known.get("relay_host", ""), relay_port=known.get("relay_port", "587"), relay_user=known.get("relay_user", ""),
        port_25_text=port_25() if step == "domain" and known.get("reach") == "internet" else "", is_blocked=known.get("reach") == "internet" and known.get("reached") == "0", errors=errors,
    )  # fmt: skip


def looked_outside() -> dict[str, str]:
    """What a look outside found, once in a set-up: how many well-known servers answered, and the address they see."""
    if "reached" not in answers():
        found = diagnose.outward(site().runtime)
        keep(reached=str(found.reached), public=found.address)
    return answers()


def port_25() -> str:
    """Whether other mail servers can be reached, and where they see this one."""
    known = looked_outside()
    if known["reached"] == "0":
        return _("None of three well-known servers answered on port 25. Many providers block it; then mail goes out through a relay, which the next page asks for.")
    text = _("Port 25 is open from here: %(count)s of three well-known servers answered.", count=known["reached"])
    if not known["public"]:
        return text
    text += " " + _("They see this server at %(address)s.", address=known["public"])
    if known["public"] in own_addresses():
        return text
    return text + " " + _("A router stands in between: it must pass ports 25, 465, 587 and 993 on to this machine.")


def keep(**more: str) -> None:
    """Remember answers."""
    flask.session["answers"] = answers() | more


def wrong(field: str, detail: str) -> MailError:
    """An error beside a field."""
    error = MailError(Reason.SYNTAX, detail)
    error.field = field  # type: ignore[attr-defined]
    return error


def take_welcome(form: Any) -> Any:
    """Whom should it reach?"""
    if form.get("reach") not in REACH:
        raise wrong("form", _("Choose one of the three."))
    keep(reach=form["reach"])
    flask.session["answers"] = {k: v for k, v in answers().items() if k != "reached"}  # looked anew, in case port 25 was opened meanwhile
    return flask.redirect(flask.url_for("setup.step", step="domain"), 303)


def take_domain(form: Any) -> Any:
    """Names. Raises MailError."""
    for field, check in (("domain", verbs.domain_name), ("host_name", room.check_hostname)):
        try:
            check(form.get(field, ""))
        except MailError as error:
            raise wrong(field, said(error)) from error
    keep(domain=verbs.domain_name(form["domain"]), host_name=room.check_hostname(form["host_name"]))
    needs_relay = answers().get("reach") == "relay" or (answers().get("reach") == "internet" and looked_outside()["reached"] == "0")
    return flask.redirect(flask.url_for("setup.step", step="relay" if needs_relay else "admin"), 303)


def take_relay(form: Any) -> Any:
    """The relay, which is tried first. Raises MailError."""
    if form.get("op") == "none":
        return flask.redirect(flask.url_for("setup.step", step="admin"), 303)
    if not form.get("relay_host", "").strip():
        raise wrong("relay_host", _("Name the server that sends for you."))
    if not form.get("relay_port", "").isdigit():
        raise wrong("relay_port", _("A port is a number, usually 587."))
    host, port, user, password = form["relay_host"].strip(), int(form["relay_port"]), form.get("relay_user", "").strip(), form.get("relay_password", "")
    if form.get("op") != "untested":
        hop = Hop(host=host, addresses=(), port=port, security=security_of(port), user=user, password=password, is_relay=True)
        if why := diagnose.why_no_relay(site().runtime, hop):
            raise wrong("relay_host", _("It does not send for us: %(why)s", why=why))
    keep(reach="relay", relay_host=host, relay_port=str(port), relay_user=user, relay_password=password)
    return flask.redirect(flask.url_for("setup.step", step="admin"), 303)


def security_of(port: int) -> str:
    """How a relay encrypts, by its port."""
    return "tls" if port == 465 else "starttls"


def take_admin(form: Any) -> Any:
    """The admin; everything is written now. Raises MailError."""
    known = answers()
    if not known.get("domain"):
        return flask.redirect(flask.url_for("setup.step", step="domain"), 303)
    address = form.get("address", "").strip()
    address = address if "@" in address else f"{address}@{known['domain']}"
    if form.get("password") != form.get("password_again"):
        raise wrong("password_again", _("The two are not the same."))
    try:
        hashed = verbs.checked_hash(form.get("password", ""))
    except MailError as error:
        raise wrong("password", said(error)) from error
    relay = None
    if known.get("reach") == "relay":
        port = int(known.get("relay_port", "587"))
        relay = room.Relay(host=known.get("relay_host", ""), port=port, security=security_of(port), user=known.get("relay_user", ""), password=known.get("relay_password", ""))
    made = room.Answers(mode=REACH[known.get("reach", "internet")], hostname=known["host_name"], admin=address, admin_hash=hashed, domain=known["domain"], relay=relay, address=known.get("public", ""))
    who = Actor(name="set-up wizard", role="server-admin", ip=flask.request.remote_addr or "")
    site().write(lambda tx: room.finish(tx, who, made, site().now()))
    dkim_keys.make_missing(site().runtime, who)
    (site().data_dir / "setup-token").unlink(missing_ok=True)
    site().runtime.settings.refresh()
    flask.session.pop("setup", None)
    flask.session.pop("answers", None)
    found = verbs.find_account(site().read(), address)
    personal.note_zone(site().runtime, found, form.get("zone", ""))
    return signed_in.begin(found.id, flask.make_response(done(flask.url_for("setup.done"))))


TAKERS = {"welcome": take_welcome, "domain": take_domain, "relay": take_relay, "admin": take_admin}


@setup.get("/done", endpoint="done")
@require("server-admin")
def done_page() -> Any:
    domains = accounts.domains(site().read())
    first, mine = domains[0], signed_in.account()
    is_lan = site().runtime.settings.get("server.mode") == "lan"
    labels = {"imap": _("Reading (IMAP)"), "pop3": _("Reading (POP3)"), "smtp": _("Sending (SMTP)")}
    ways = tuple(
        p.ProgramSetting(label=labels[one.kind], host=one.host, port=one.port, security="TLS" if one.is_implicit else "STARTTLS", user=mine.address)
        for one in programs.best(site().runtime)
    )
    qr = segno.make(flask.url_for("settings.apple", _external=True), micro=False).svg_inline(scale=3) if programs.for_profile(site().runtime) else ""
    records = () if is_lan else dns_page(first).records
    made = p.SetupDone(domain=first.name, reach="network" if is_lan else "internet", records=records, programs=ways, webmail_url=flask.url_for("mail.home"), qr_svg=qr)
    return page("setup/done.html", done=made, shell=None, theme=flask.request.cookies.get("theme", "auto"))


