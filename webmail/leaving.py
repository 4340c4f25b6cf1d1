"""The link at the foot of a list's mail: the page that asks, and the one click of a mail program (RFC 8058).

Nobody is signed in here: the link's word, made for one member, is what counts. GET changes nothing, because scanners follow links.
"""

from typing import Any

import flask
from flask_babel import gettext as _

from mailcore.base.errors import MailError, Reason
from mailcore.directory import list_verbs
from mailcore.directory.actor import Actor
from mailcore.mail import list_token
from mailcore.store import lists
from mailcore.store.lists import MailingList, Member
from web.drawing import page
from web.signed_in import public
from web.site import site
from webmail.blueprints import session_blueprint as session


def reader_of(word: str) -> tuple[MailingList, Member] | None:
    """The list and the member of a link; None when they have left already. Raises MailError(NOT_FOUND) for a word that is not ours."""
    tx = site().read()
    member_id = list_token.leaving_member(word)
    member = lists.member(tx, member_id) if member_id else None
    found = lists.by_id(tx, member.list_id) if member is not None else None
    if member is None or found is None:
        if member_id:
            return None
        raise MailError(Reason.NOT_FOUND, _("This is no link of a list here."))
    if not list_token.is_leave_word(word, member.address, key=site().runtime.key("lists")):
        raise MailError(Reason.NOT_FOUND, _("This is no link of a list here."))
    return found, member


@session.route("/lists/leave/<word>", methods=["GET", "POST"])
@public
def leave(word: str) -> Any:
    """RFC 8058 §3.2: the POST needs no sign-in, no cookie and no form of ours."""
    found = reader_of(word)
    is_done = found is None or flask.request.method == "POST"
    if found is not None and is_done:
        one, member = found
        leaver = Actor(name=member.address, role="user", ip=flask.request.remote_addr or "")
        site().write(lambda tx: list_verbs.leave(tx, leaver, one, member, site().now()))
    address, name = (found[1].address, found[0].name or found[0].address) if found is not None else ("", "")
    return page("session/leave_list.html", shell=None, address=address, name=name, list_address=found[0].address if found else "", is_done=is_done)


leave.takes_no_form = True  # type: ignore[attr-defined] # mail programs post it, with nothing but the word
