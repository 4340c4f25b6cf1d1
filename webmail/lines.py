"""The rows of a list as HTML, written by hand: drawing fifty of them by templates took most of a list's time.

Everything that people wrote is escaped where it is put in; the markup stands here and nowhere else. Words, icons and addresses are
looked up once a list. Templates call `draw_rows(page)`.
"""

from html import escape

import flask
from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup

from web.drawing import icon
from webmail import presenters as p
from webmail.blueprints import mail
from webmail.marking import marked, phrases_of

_PLACE = "987654321"
"""Stands for a message's id while an address is made."""


class Pen:
    """What the rows of one list have in common."""

    def __init__(self, page: p.ListPage) -> None:
        self.can_star = "star" in page.offers
        self.query, self.phrases = page.list_query, page.query.phrases if page.query else ()
        self.urls: dict[tuple[str, bool], tuple[str, str]] = {}
        self.tick, self.star = escape(_("Tick: %(subject)s")), escape(_("Star: %(subject)s"))
        self.no_subject, self.draft = _("(no subject)"), _("Draft")
        unread, star_word = _("Unread:"), _("Star")
        self.unread = f'<span class="sr row-unread-word" dir="auto">{escape(unread)} </span>'
        said = {"pin": _("Pinned"), "mute": _("Muted"), "reply": _("Answered"), "forward": _("Forwarded"), "clip": _("Has attachments")}
        self.marks = {name: f'<span title="{escape(word)}">{icon(name)}<span class="sr">{escape(word)}</span></span>' for name, word in said.items()}
        star = f' title="{escape(star_word)} (s)">'
        self.stars = {on: f'{star}{icon("star-on" if on else "star")}</button>' for on in (True, False)}

    def url(self, item: p.ListRow) -> str:
        """The address of a message, escaped."""
        key = (item.mailbox_id, item.is_draft)
        if key not in self.urls:
            made = flask.url_for("compose.edit", draft_id=_PLACE) if item.is_draft else flask.url_for("mail.message", mailbox_id=item.mailbox_id, message_id=_PLACE, **self.query)  # type: ignore[arg-type]
            before, _place, after = escape(made).partition(_PLACE)
            self.urls[key] = (before, after)
        before, after = self.urls[key]
        return f"{before}{escape(item.id)}{after}"

    def row(self, item: p.ListRow) -> str:
        """One line. Its parts are known to list.js and live.js by their classes."""
        number, url, subject = escape(item.id), self.url(item), item.subject or self.no_subject
        told = escape(subject)
        state = f"{' row-unread' if item.is_unread else ''}{' row-open' if item.is_open else ''}{' row-deleted' if item.is_deleted else ''}"
        leads = " data-compose" if item.is_draft else ""
        title = f' title="{escape(item.time_long)}"' if item.time_long else ""
        current = ' aria-current="true"' if item.is_open else ""
        labels = "".join(chip(label.name, label.tone) for label in item.labels)
        labels = f'<div class="row-labels">{labels}</div>' if labels else ""
        pressed = "true" if item.is_starred else "false"
        tick, star = self.tick % {"subject": told}, self.star % {"subject": told}
        button = f'<button class="row-star" type="submit" name="star" value="{number}" aria-pressed="{pressed}" aria-label="{star}"{self.stars[item.is_starred]}' if self.can_star else ""
        return (
            f'<li class="row{state}" draggable="true" data-id="{number}" data-mailbox="{escape(item.mailbox_id)}" data-thread="{escape(item.thread)}">'
            f'<label class="row-pick"><span class="avatar tint-{item.person.tint}" aria-hidden="true">{escape(item.person.initials)}</span>'
            f'<input type="checkbox" name="ids" value="{number}" aria-label="{tick}"></label>'
            f'<div class="row-line"><bdi class="row-who">{marked(item.who, self.phrases)}</bdi>{self.line(item)}</div>'
            f'<time class="row-time" datetime="{item.time_iso}"{title}>{escape(item.time_text)}</time>'
            f'<div class="row-sub cut" dir="auto"><a href="{url}" draggable="false"{leads}{current}>{self.unread if item.is_unread else ""}<span>{marked(subject, self.phrases)}</span></a></div>'
            f'<div class="row-marks">{self.marks_of(item)}{button}</div>'
            f'<div class="row-pre cut" dir="auto">{marked(item.preview, self.phrases)}</div>{labels}</li>'
        )

    def line(self, item: p.ListRow) -> str:
        """What stands behind the names."""
        many = ngettext("%(num)d message", "%(num)d messages", item.count) if item.count > 1 else ""
        count = f'<span class="row-n" title="{escape(many)}">{item.count}</span>' if many else ""
        return count + (chip(self.draft, "amber") if item.is_draft else "") + (chip(item.mailbox_name) if item.mailbox_name else "")

    def marks_of(self, item: p.ListRow) -> str:
        """The marks beside the star."""
        there = (("pin", item.is_pinned), ("mute", item.is_muted), ("reply", item.is_answered), ("forward", item.is_forwarded), ("clip", item.has_attachment))
        return "".join(self.marks[name] for name, is_there in there if is_there)


def chip(text: str, tone: str = "") -> str:
    """A chip, as components/ui.html draws it."""
    kind = f" chip-{escape(tone)}" if tone else ""
    return f'<span class="chip{kind}">{escape(text)}</span>'


@mail.app_template_global("draw_marked")
def draw_marked(text: str) -> Markup:
    """*text* with what the search of this request's address asked for marked."""
    return Markup(marked(text, phrases_of(flask.request.args.get("q", ""))))


@mail.app_template_global("draw_rows")
def draw_rows(page: p.ListPage) -> Markup:
    """Every row of *page* under its day."""
    pen, made = Pen(page), []
    for group in page.groups:
        if not group.is_continued:
            made.append(f'<li class="day" data-day="{escape(group.key)}"><h2 class="day-name">{escape(group.label)}</h2></li>')
        made += [pen.row(item) for item in group.rows]
    return Markup("\n".join(made))
