"""Search results: the same list with the understood parts of the query as chips."""

from typing import Any

import flask
from flask_babel import gettext as _

from mailcore.store import search as store
from mailcore.store import searches
from web import words
from web.drawing import done, page
from web.signed_in import account, require
from web.site import site
from webmail import bulk
from webmail import presenters as p
from webmail.blueprints import boxes, mail, role_name, saved_searches, setting, targets
from webmail.messages import cursor_of, mark
from webmail.rows import groups_of, row_of


@mail.get("/mail/search")
@require("user")
def search() -> Any:
    query = flask.request.args.get("q", "").strip()
    size = int(setting("web.page_size"))
    cursor = cursor_of(flask.request.args["cursor"]) if "cursor" in flask.request.args else None
    scope = store.Scope(account_id=account().id, boxes=bulk.boxes_by_name(), hidden=bulk.hidden_boxes(), zone=words.zone(), now=site().now())
    opened = site().store
    found = store.search(site().read(), opened.blobs, opened.fulltext, scope, query, limit=size, before=cursor) if query else store.Found([], 0)
    by_id = {b.id: b for b in boxes()}
    items = [row_of(r, by_id.get(r.mailbox_id), account().address, mailbox_name=role_name(by_id[r.mailbox_id]) if r.mailbox_id in by_id else "") for r in found.rows]
    terms = [t for clause in store.parse(query) for t in clause]
    chips = tuple(p.SearchChip(label=t.text, without=" ".join(o.text for o in terms if o is not t)) for t in terms if t.operator)
    made = p.ListPage(
        mailbox_id=str(boxes()[0].id) if boxes() else "0", title=_("Search"), groups=groups_of(found.rows, items),
        total=len(items), state="ready" if items else "empty", query=p.SearchQuery(text=query, chips=chips, left=found.left, saved_as=next((c.label for c in saved_searches() if c.value == query), "")),
        older=mark(found.rows[-1]) if len(found.rows) == size else None, move_targets=targets(), list_query={"q": query},
    )  # fmt: skip
    return page("webmail/mailbox.html", page=made, reader=None)


@mail.post("/mail/searches")
@require("user")
def keep_search() -> Any:
    form, mine = flask.request.form, account()
    if form.get("op") == "remove":
        site().write(lambda tx: searches.remove(tx, mine.id, form.get("name", "")))
    else:
        site().write(lambda tx: searches.put(tx, mine.id, form.get("name", ""), form.get("q", "")))
    return done(flask.url_for("mail.search", q=form.get("q", "")))
