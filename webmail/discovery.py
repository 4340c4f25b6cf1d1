"""What programs ask for without signing in: autoconfig, autodiscover, the MTA-STS policy, Roost's own CA. None tells who has an account."""

from typing import Any

import flask

from mailcore.base.errors import MailError, Reason
from mailcore.directory import programs, resolve
from mailcore.store import certificates
from web.signed_in import public
from web.site import site

discovery = flask.Blueprint("discovery", __name__)


@discovery.get("/mail/config-v1.1.xml")
@discovery.get("/.well-known/autoconfig/mail/config-v1.1.xml")
@public
def autoconfig() -> Any:
    asked = flask.request.args.get("emailaddress", "") or f"someone@{_host().removeprefix('autoconfig.')}"
    domain = programs.domain_of(site().read(), asked)
    return flask.Response(programs.autoconfig(site().runtime, domain), mimetype="text/xml")


def outlook() -> Any:
    """POST with the address in XML."""
    address = programs.address_in(flask.request.get_data(cache=False))
    programs.domain_of(site().read(), address)
    return flask.Response(programs.autodiscover(site().runtime, address), mimetype="text/xml")


outlook.takes_no_form = True  # type: ignore[attr-defined] # a program posts it; nothing is changed
public(outlook)
for _path in ("/autodiscover/autodiscover.xml", "/Autodiscover/Autodiscover.xml", "/AutoDiscover/AutoDiscover.xml"):
    discovery.add_url_rule(_path, "outlook", outlook, methods=["POST"])


@discovery.get("/autodiscover/autodiscover.json")
@discovery.get("/autodiscover/autodiscover.json/v1.0/<address>")
@public
def outlook_json(address: str = "") -> Any:
    asked = address or flask.request.args.get("Email", "")
    programs.domain_of(site().read(), asked)
    if flask.request.args.get("Protocol", "AutodiscoverV1").lower() != "autodiscoverv1":
        raise MailError(Reason.NOT_FOUND, "Only AutodiscoverV1 is spoken here.")
    return flask.jsonify(Protocol="AutodiscoverV1", Url=flask.url_for("discovery.outlook", _external=True, _scheme="https"))


@discovery.get("/.well-known/mta-sts.txt")
@public
def mta_sts() -> Any:
    domain = resolve.local_domain(site().read(), _host().removeprefix("mta-sts."))
    policy = programs.mta_sts(site().runtime, domain.id) if domain is not None else None
    if policy is None:
        flask.abort(404)
    return flask.Response(policy, mimetype="text/plain")


@discovery.get("/.well-known/acme-challenge/<token>")
@public
def challenge(token: str) -> Any:
    """What an authority wants to read before it signs. RFC 8555 §8.3."""
    found = certificates.answer(site().read(), token)
    if found is None:
        flask.abort(404)
    return flask.Response(found, mimetype="application/octet-stream")


@discovery.get("/ca.crt")
@public
def authority() -> Any:
    """Roost's own CA, for devices on a LAN."""
    found = programs.authority(site().runtime)
    if found is None:
        flask.abort(404)
    return flask.Response(found, mimetype="application/x-x509-ca-cert", headers={"Content-Disposition": 'attachment; filename="roost-ca.crt"'})


def _host() -> str:
    return flask.request.host.partition(":")[0].lower()
