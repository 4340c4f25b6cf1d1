"""A mailbox that another program made for sent, deleted or unwanted mail under a name of its own: the person is asked once whether it goes into ours."""

from typing import Any

import flask
from flask_babel import gettext as _
from flask_babel import ngettext

from mailcore.directory import role_names
from mailcore.mail.rolenames import role_of
from mailcore.store.mailboxes import Mailbox
from web.drawing import done, wants_json
from web.signed_in import account, require
from web.site import actor, site
from webmail import presenters as p
from webmail.blueprints import mail, role_name
from webmail.reach import own_box


def offers(only: Mailbox | None = None) -> tuple[p.MergeOffer, ...]:
    """What could be put together; of one mailbox, only if its name says a role, which costs nothing to know."""
    if only is not None and (only.role or only.account_id != account().id or not role_of(only.name)):
        return ()
    found = role_names.offers(site().read(), account().id)
    return tuple(
        p.MergeOffer(
            id=str(one.box.id), name=one.box.name, home=role_name(one.home),
            text=ngettext("%(num)d message, to go into %(home)s", "%(num)d messages, to go into %(home)s", one.box.message_count, home=role_name(one.home)),
        )
        for one in found
        if only is None or one.box.id == only.id
    )  # fmt: skip


@mail.post("/mail/mailboxes/merge")
@require("user")
def merge() -> Any:
    """Put a mailbox into ours, or remember that it stays by itself."""
    box, mine, now = own_box(flask.request.form.get("merge") or flask.request.form.get("apart", "")), account(), site().now()
    home = next((one.home for one in role_names.offers(site().read(), mine.id) if one.box.id == box.id), box)
    if flask.request.form.get("merge"):
        site().write(lambda tx: role_names.merge(tx, actor(), mine.id, box.name, now))
        told = _("%(name)s is in %(home)s now.", name=box.name, home=role_name(home))
    else:
        site().write(lambda tx: role_names.keep_apart(tx, actor(), mine.id, box.name, now))
        told, home = _("%(name)s stays as it is.", name=box.name), box
    if not wants_json():
        flask.session["toast"] = {"text": told, "undo": None}
    return done(flask.url_for("mail.mailbox", mailbox_id=home.id), message=told)
