"""The server's own messages: their words by language, changed in a form that shows what they would look like."""

from dataclasses import dataclass
from typing import Any

import flask
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from admin.blueprints import admin, beside, toast
from mailcore.base.errors import MailError
from mailcore.directory import letters
from mailcore.settings.letter_texts import WORDS
from mailcore.settings.letters import LANGUAGES, LETTERS
from mailcore.store import letters as rows
from web import words
from web.drawing import done, page
from web.signed_in import require
from web.site import actor, site
from web.values import Choice
from web.words import stated

NAMES = {"en": _l("English"), "de": _l("German"), "ar": _l("Arabic")}


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterRow:
    """One message as it is listed; *changed_text* names the languages an admin wrote it in."""

    name: str
    label: str
    help: str
    was: str
    changed_text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A variable as the form explains it."""

    name: str
    meaning: str
    is_needed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterPage:
    """One message in one language: what stands or was typed, and how it would look with examples."""

    name: str
    label: str
    help: str
    language: str
    direction: str
    languages: tuple[Choice, ...]
    subject: str
    text: str
    has_subject: bool
    has_text: bool
    is_own: bool
    variables: tuple[Variable, ...]
    shown_subject: str
    shown_text: str
    error: str = ""


@admin.get("/server-messages")
@require("server-admin")
def letter_list() -> Any:
    q, changed = flask.request.args.get("q", "").strip(), rows.changed(site().read())
    found = []
    for one in LETTERS:
        names = ", ".join(str(NAMES[lang]) for lang in LANGUAGES if (one.name, lang) in changed)
        row = LetterRow(name=one.name, label=stated(one.label), help=stated(one.help), was=one.was, changed_text=names)
        if q.lower() in f"{row.name} {row.label} {row.help} {row.was} {one.label}".lower():
            found.append(row)
    own = len({name for name, _language in changed})
    summary = ngettext("One of them has words of your own.", "%(num)d of them have words of your own.", own) if own else _("All of them have the words that Roost comes with.")
    return page("admin/letters.html", area="letters", q=q, rows=tuple(found), summary=summary)


@admin.route("/server-messages/<name>", methods=["GET", "POST"])
@require("server-admin")
def letter(name: str) -> Any:
    language = flask.request.values.get("language", "") or words.language()
    language = language if language in LANGUAGES else "en"
    letters.find(name, language)
    form, error = flask.request.form, ""
    if flask.request.method == "POST" and form.get("op") != "look":
        try:
            return change(name, language, form)
        except MailError as refused:
            error = beside(refused)
    return page("admin/letter.html", area="letters", page=letter_page(name, language, form, error)), 422 if error else 200


def letter_page(name: str, language: str, form: Any, error: str) -> LetterPage:
    """What stands, or what was typed."""
    found = letters.words(site().read(), name, language)
    one, subject, text = found.letter, form.get("subject", found.subject), form.get("text", found.text)
    seen = letters.example(one, subject, text)
    return LetterPage(
        name=name, label=stated(one.label), help=stated(one.help), language=language, direction="rtl" if language == "ar" else "ltr",
        languages=tuple(Choice(value=lang, label=str(NAMES[lang])) for lang in LANGUAGES), subject=subject, text=text, has_subject=one.has_subject,
        has_text=bool(WORDS["en"][name][1]), is_own=found.is_own, variables=tuple(Variable(name=n, meaning=stated(what), is_needed=n in one.must) for n, (what, _shown) in one.variables.items()),
        shown_subject=seen[0], shown_text=seen[1], error=error,
    )  # fmt: skip


def change(name: str, language: str, form: Any) -> Any:
    """Keep other words, or go back to those Roost comes with. Raises MailError."""
    if form.get("op") == "reset":
        site().write(lambda tx: letters.reset(tx, actor(), name, language, site().now()))
        toast(_("It has the words again that Roost comes with"))
    elif form.get("op") == "save":
        site().write(lambda tx: letters.change(tx, actor(), name, language, form.get("subject", ""), form.get("text", ""), site().now()))
        toast(_("Saved; the next one is written like this"))
    else:
        flask.abort(400)
    return done(flask.url_for("admin.letter", name=name, language=language))
