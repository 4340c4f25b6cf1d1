"""The webmail's blueprints and what surrounds each of its pages: shell and navigation."""

from dataclasses import replace
from datetime import date
from typing import Any

import flask
from flask_babel import gettext as _

from mailcore.directory import away
from mailcore.sessions import webmail_rooms
from mailcore.store import labels, mailboxes, searches, sharing
from mailcore.store.mailboxes import Mailbox
from mailcore.store.sharing import Place
from web import words
from web.signed_in import account, is_signed_in
from web.site import site
from web.words import direction, language
from webmail import presenters as p

mail = flask.Blueprint("mail", __name__)
contacts = flask.Blueprint("contacts", __name__, url_prefix="/contacts")
compose = flask.Blueprint("compose", __name__, url_prefix="/compose")
settings_blueprint = flask.Blueprint("settings", __name__)
session_blueprint = flask.Blueprint("session", __name__)

ICONS = {"inbox": "inbox", "drafts": "draft", "sent": "send", "archive": "archive", "junk": "junk", "trash": "trash"}
ROWS_ALONE = frozenset({"more", "fresh"})
"""HX-Targets that are answered with rows and nothing around them."""
ORDER = ("inbox", "drafts", "sent", "archive", "junk", "trash")


def setting(name: str) -> Any:
    """A setting of the signed-in account."""
    mine = account()
    return site().runtime.settings.get(name, account_id=mine.id, domain_id=mine.domain_id)


def shell(toast: p.Toast | None = None) -> p.Shell:
    """What surrounds every page of the signed-in person."""
    mine = account()
    return p.Shell(
        me=p.Person(name=mine.display_name, address=mine.address, is_me=True), theme=theme(), density=setting("web.density"), language=language(),
        direction=direction(), has_shortcuts=bool(setting("web.shortcuts")), is_admin=mine.role != "user", toast=toast,
        away_until=away_until(),
    )  # fmt: skip


def away_until() -> str:
    """The last day of an auto-reply that answers now, in words; "" when none does."""
    mine = account()
    if not mine.filters_version:
        return ""
    reply = away.away(site().read(), mine)
    if not away.is_away_now(reply, words.local(site().now()).date()):
        return ""
    return words.day(date.fromisoformat(reply.ends)) if reply.ends else "…"


def theme() -> str:
    """The theme of the cookie, else of the account."""
    chosen = flask.request.cookies.get("theme", "")
    return chosen if chosen in ("light", "dark", "auto") else (setting("web.theme") if is_signed_in() else "auto")


def role_name(box: Mailbox) -> str:
    """The name shown for a mailbox: translated where it has a role."""
    return words.mailbox_name(box)


def link(box: Mailbox) -> p.MailboxLink:
    """One line of the navigation."""
    return p.MailboxLink(
        id=str(box.id), name=role_name(box), icon=ICONS.get(box.role, "folder"), role=box.role, depth=box.name.count("/"), count=webmail_rooms.count_of(box, box.role)
    )


def boxes() -> list[Mailbox]:
    """The account's mailboxes, read once a request."""
    if not hasattr(flask.g, "boxes"):
        flask.g.boxes = webmail_rooms.settled(site().read(), mailboxes.list_all(site().read(), account().id))
    return flask.g.boxes  # type: ignore[no-any-return]


def shared() -> list[Place]:
    """What others share with the account, and public mailboxes, read once a request."""
    if not hasattr(flask.g, "shared"):
        found = [place for place in sharing.places(site().read(), account()) if place.may("lr") and not place.box.is_noselect]
        flask.g.shared = webmail_rooms.settled_places(site().read(), found)
    return flask.g.shared  # type: ignore[no-any-return]


def shared_groups() -> tuple[p.SharedGroup, ...]:
    """The navigation of what others share, under their names."""
    by_owner: dict[str, list[Place]] = {}
    for place in shared():
        by_owner.setdefault(place.owner, []).append(place)
    return tuple(
        p.SharedGroup(name=owner_name(places[0]), address="" if places[0].is_public else owner, links=tuple(shared_link(place, places) for place in places))
        for owner, places in by_owner.items()
    )  # fmt: skip


def owner_name(place: Place) -> str:
    """Whose a mailbox is, as the pages say it."""
    if not place.is_public:
        return place.owner_name or place.owner
    domain = place.owner.partition("@")[2]
    return _("Public, %(domain)s", domain=domain) if domain else _("Public")


def shared_link(place: Place, beside: list[Place]) -> p.MailboxLink:
    """One line for a shared mailbox: below the nearest one above it that is shared too."""
    above = max((one.own_name for one in beside if place.own_name.startswith(one.own_name + "/")), key=len, default="")
    depth = sum(place.own_name.startswith(one.own_name + "/") for one in beside)
    name = shared_name(place) if place.own_role or not place.own_name.partition("/")[2] else place.own_name[len(above) + 1 if above else 0 :].replace("/", " / ")
    return p.MailboxLink(id=str(place.box.id), name=name, icon=ICONS.get(place.own_role, "folder"), depth=depth, count=webmail_rooms.count_of(place.box, place.own_role))


def shared_name(place: Place) -> str:
    """The name of somebody else's mailbox."""
    return role_name(replace(place.box, name=place.own_name, role=place.own_role))


def full_name(place: Place) -> str:
    """The same with its owner's, for places where several people's stand."""
    return f"{shared_name(place)} · {owner_name(place)}"


def inboxes_link() -> p.MailboxLink | None:
    """All inboxes as one, where somebody shares one."""
    found = webmail_rooms.inboxes(boxes(), shared())
    return p.MailboxLink(id=webmail_rooms.INBOXES, name=_("All inboxes"), icon="box", count=sum(box.unseen_count for box in found)) if found else None


def nav(current: str = "") -> p.MailboxNav:
    """The navigation and the quota, made once a request."""
    return replace(words.kept("nav", _nav), current=current)


def _nav() -> p.MailboxNav:
    all_boxes = boxes()
    special = sorted((b for b in all_boxes if b.role in ORDER), key=lambda b: ORDER.index(b.role))
    own = [b for b in all_boxes if b.role not in ORDER and not b.is_noselect]
    mine, quota = account(), None
    if mine.quota_bytes:
        percent = min(100, mine.used_bytes * 100 // mine.quota_bytes)
        level = "full" if percent >= 95 else "warn" if percent >= 80 else "ok"
        quota = p.Quota(used_text=words.size(max(0, mine.used_bytes)), limit_text=words.size(mine.quota_bytes), percent=percent, level=level)
    return p.MailboxNav(
        special=tuple(map(link, special)), own=tuple(map(link, own)), quota=quota, labels=known_labels(), searches=saved_searches(), shared=shared_groups(), inboxes=inboxes_link(),
    )  # fmt: skip


def known_labels() -> tuple[p.Label, ...]:
    """The person's labels."""
    return tuple(p.Label(name=one.name, tone=one.tone) for one in labels.of_account(site().read(), account().id))


def saved_searches() -> tuple[p.Choice, ...]:
    """The searches the person keeps."""
    return tuple(p.Choice(value=query, label=name) for name, query in searches.of_account(site().read(), account().id))


def targets(but: int = 0) -> tuple[p.MailboxLink, ...]:
    """Where messages can be moved."""
    own = [link(b) for b in boxes() if b.id != but and not b.is_noselect and b.role != "drafts"]
    theirs = [(place, shared_link(place, [])) for place in shared() if place.may("i") and place.box.id != but and place.own_role not in ("drafts", "sent")]
    return (*own, *(replace(one, name=f"{one.name} · {owner_name(place)}") for place, one in theirs))


@mail.context_processor
@compose.context_processor
@contacts.context_processor
@settings_blueprint.context_processor
def around() -> dict[str, object]:
    """Shell and navigation for templates that were not given their own."""
    if not is_signed_in():
        return {"shell": None, "theme": theme()}
    from webmail import later

    if flask.request.headers.get("HX-Target") in ROWS_ALONE:
        return {}
    toast = flask.session.pop("toast", None)
    return {"shell": shell(p.Toast(**toast) if toast else None), "nav": nav(), "reader": None, "snoozes": later.choices()}
