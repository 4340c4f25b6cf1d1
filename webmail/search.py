"""Search results: the same list, with the understood parts of the query as chips, and a plain word for what was not understood."""

from typing import Any

import flask
from flask_babel import gettext as _
from markupsafe import escape

from mailcore.store import conversations, searches
from mailcore.store import search as store
from mailcore.store.listing import ListRow
from web import words
from web.drawing import done, page
from web.signed_in import account, require
from web.site import site
from webmail import bulk, hints, reach
from webmail import presenters as p
from webmail.blueprints import boxes, full_name, mail, role_name, saved_searches, setting, shared, targets
from webmail.marking import phrases_of
from webmail.messages import cursor_of, list_page, mark
from webmail.rows import groups_of, row_of

READING_SECONDS = 0.08
"""How long a search reads mail that is not indexed yet: an answer comes within a keystroke, and the next one knows more."""
PLACES = 500_000
"""Up to so many hits a page may begin at any place of them: all before it are passed on the way."""
SMALL = 20_000
"""Messages in somebody's shared mailboxes up to which these are read, and not their whole account by date."""


@mail.get("/mail/search")
@require("user")
def search() -> Any:
    query = flask.request.args.get("q", "").strip()
    if not query and "HX-Request" in flask.request.headers:
        inbox = next((b for b in boxes() if b.role == "inbox"), boxes()[0])
        return _placed(page("webmail/mailbox.html", page=list_page(str(inbox.id)), reader=None), flask.url_for("mail.mailbox", mailbox_id=inbox.id))
    return _placed(page("webmail/mailbox.html", page=found_page(query), reader=None), flask.url_for("mail.search", q=query))


def _placed(response: flask.Response, url: str) -> flask.Response:
    """What one types is one step of the browser's history: the first letter makes it, the others change its address."""
    if flask.request.headers.get("HX-Target") == "panes":
        is_searching = "/mail/search" in flask.request.headers.get("HX-Current-URL", "")
        response.headers["HX-Replace-Url" if is_searching else "HX-Push-Url"] = url
    return response


def scopes_of(query: str) -> list[store.Scope]:
    """Whose mail is searched, by the person's names and time: one's own, and what others share unless `in:` names one's own mailbox."""
    common: dict[str, Any] = {"zone": words.zone(), "now": site().now()}
    mine = store.Scope(account_id=account().id, boxes=bulk.boxes_by_name(), hidden=bulk.hidden_boxes(), seconds=READING_SECONDS, **common)
    asked = {term.value.lower() for clause in store.parse(query) for term in clause if term.operator == "in" and not term.is_not}
    theirs = reach.by_owner() if not asked & mine.boxes.keys() else {}
    return [mine, *(
        store.Scope(
            account_id=owner, boxes=bulk.names_of(places), hidden=tuple(o.box.id for o in places if o.own_role in ("trash", "junk", "drafts")), only=tuple(o.box.id for o in places),
            is_small=sum(o.box.message_count for o in places) < SMALL, seconds=READING_SECONDS / len(theirs), **common,
        )
        for owner, places in theirs.items()
    )]  # fmt: skip


def is_whole() -> bool:
    """Whether a conversation is found once."""
    return bool(setting("web.conversations"))


def found_page(query: str, opened: ListRow | None = None) -> p.ListPage:
    """What *query* finds, from the cursor of the request on."""
    opened_store, size = site().store, int(setting("web.page_size"))
    asked_from = flask.request.args.get("cursor", "")
    place = number_of(asked_from[1:] if asked_from.startswith("p") else flask.request.args.get("place", ""))
    cursor = cursor_of(asked_from) if asked_from and not place else None
    found = store.search_several(site().read(), opened_store.blobs, opened_store.fulltext, scopes_of(query), query, limit=size, before=cursor, skip=place, whole=is_whole()) if query else store.Found([], 0)
    is_more, has_begun = len(found.rows) == size, cursor is not None or place > 0
    continued = words.day_key(cursor[0]) if cursor and flask.request.headers.get("HX-Target") == "more" else ""
    asked = p.SearchQuery(
        text=query, chips=chips_of(query), left=found.left, saved_as=next((c.label for c in saved_searches() if c.value == query), ""), phrases=tuple(phrases_of(query)),
        troubles=hints.troubles_of(query), count_url=flask.url_for("mail.search_count", q=query) if is_more or has_begun else "",
    )  # fmt: skip
    return p.ListPage(
        mailbox_id="0", title=_("Search"), groups=groups_of(found.rows, items_of(found.rows, opened), continued), total=len(found.rows), state="ready" if found.rows else "empty",
        query=asked, size=size, older=mark(found.rows[-1]) if is_more else None, newer=f"p{max(0, place - size)}" if place else None, move_targets=targets(), list_query={"q": query}, is_whole=is_whole(),
    )  # fmt: skip


def number_of(place: str) -> int:
    """The place in all that is found at which a page begins, 0 for the top."""
    return min(int(place), PLACES) if place.isdigit() else 0


def items_of(rows: list[ListRow], opened: ListRow | None) -> list[p.ListRow]:
    """The rows, worded, each with where it is and what its conversation says."""
    by_id, theirs = {b.id: b for b in boxes()}, {place.box.id: place for place in shared()}
    hidden = [b.id for b in by_id.values() if b.role in ("trash", "junk", "drafts")]
    said = conversations.threads(site().read(), None, [r.thread_id for r in rows if r.mailbox_id in by_id], hidden) if is_whole() else {}
    return [
        row_of(
            r, by_id.get(r.mailbox_id), account().address, mailbox_name=role_name(by_id[r.mailbox_id]) if r.mailbox_id in by_id else full_name(theirs[r.mailbox_id]) if r.mailbox_id in theirs else "",
            thread=said.get(r.thread_id) if r.mailbox_id not in hidden else None, is_open=opened is not None and opened.message_id == r.message_id,
        )
        for r in rows
    ]  # fmt: skip


def chips_of(query: str) -> tuple[p.SearchChip, ...]:
    """The operators of a query, each with what is left without it."""
    terms = [t for clause in store.parse(query) for t in clause]
    return tuple(p.SearchChip(label=t.text, without=" ".join(o.text for o in terms if o is not t)) for t in terms if t.operator)


@mail.get("/mail/search/count")
@require("user")
def search_count() -> Any:
    """How many there are in all: asked for by itself, so that nobody waits for it."""
    opened = site().store
    query = flask.request.args.get("q", "")
    number = sum(store.count(site().read(), opened.blobs, opened.fulltext, scope, query, whole=is_whole()) for scope in scopes_of(query))
    one, many = ("%(num)s conversation", "%(num)s conversations") if is_whole() else ("%(num)s message", "%(num)s messages")
    said = words.translations().ungettext(one, many, number) % {"num": words.number(number)}  # in the words of the page, which counts the same way
    return flask.Response(f'<data value="{number}">{escape(said)}</data>', mimetype="text/html")


@mail.get("/mail/search/hints")
@require("user")
def search_hints() -> Any:
    """What one may want to type next."""
    return flask.jsonify(hints=[{"text": h.text, "label": h.label, "note": h.note, "icon": h.icon} for h in hints.hints_of(flask.request.args.get("q", "")[:500])])


@mail.post("/mail/searches")
@require("user")
def keep_search() -> Any:
    form, mine = flask.request.form, account()
    if form.get("op") == "remove":
        site().write(lambda tx: searches.remove(tx, mine.id, form.get("name", "")))
    else:
        site().write(lambda tx: searches.put(tx, mine.id, form.get("name", ""), form.get("q", "")))
    return done(flask.url_for("mail.search", q=form.get("q", "")))
