"""Search results: the same list with the understood parts of the query as chips."""

from typing import Any

import flask
from flask_babel import gettext as _

from mailcore.store import search as store
from web import words
from web.drawing import page
from web.signed_in import account, require
from web.site import site
from webmail import presenters as p
from webmail.blueprints import boxes, mail, role_name, setting, targets
from webmail.messages import cursor_of, mark
from webmail.rows import groups_of, row_of


@mail.get("/mail/search")
@require("user")
def search() -> Any:
    query = flask.request.args.get("q", "").strip()
    size = int(setting("web.page_size"))
    names: dict[str, list[int]] = {}
    for box in boxes():
        for name in {box.name.lower(), box.role, role_name(box).lower()} - {""}:
            names.setdefault(name, []).append(box.id)
    cursor = cursor_of(flask.request.args["cursor"]) if "cursor" in flask.request.args else None
    hidden = tuple(b.id for b in boxes() if b.role in ("trash", "junk"))
    scope = store.Scope(account_id=account().id, boxes=names, hidden=hidden, zone=words.zone(), now=site().now())
    opened = site().store
    found = store.search(site().read(), opened.blobs, opened.fulltext, scope, query, limit=size, before=cursor) if query else store.Found([], 0)
    by_id = {b.id: b for b in boxes()}
    items = [row_of(r, by_id.get(r.mailbox_id), account().address, mailbox_name=role_name(by_id[r.mailbox_id]) if r.mailbox_id in by_id else "") for r in found.rows]
    terms = [t for clause in store.parse(query) for t in clause]
    chips = tuple(p.SearchChip(label=t.text, without=" ".join(o.text for o in terms if o is not t)) for t in terms if t.operator)
    made = p.ListPage(
        mailbox_id=str(boxes()[0].id) if boxes() else "0", title=_("Search"), groups=groups_of(found.rows, items),
        total=len(items), state="ready" if items else "empty", query=p.SearchQuery(text=query, chips=chips, left=found.left),
        older=mark(found.rows[-1]) if len(found.rows) == size else None, move_targets=targets(), list_query={"q": query},
    )  # fmt: skip
    return page("webmail/mailbox.html", page=made, reader=None)
