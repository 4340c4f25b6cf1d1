"""Status: how the server is at this moment, looked at anew every few seconds."""

from typing import Any

import flask
from flask_babel import format_timedelta
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from admin.blueprints import admin
from mailcore.directory import state
from mailcore.runtime.told import Health
from web import words
from web.drawing import page
from web.signed_in import require
from web.site import site

STATES = {"well": ("green", _l("answers")), "down": ("red", _l("does not answer")), "off": ("amber", _l("switched off"))}


@admin.get("/status")
@require("server-admin")
def status() -> Any:
    found = state.look(site().runtime, site().read())
    processes = tuple(
        {"name": one.name, "pid": one.pid, "up_text": format_timedelta(one.up_seconds, threshold=1.5) if one.up_seconds else "–", "memory_text": words.size(one.memory_bytes) if one.memory_bytes else "–"}
        for one in found.processes
    )
    memory = words.size(sum(one.memory_bytes for one in found.processes))
    percent = round(100 * (found.disk_total - found.disk_free) / max(1, found.disk_total))
    level = "full" if found.disk_free < found.reserve else "warn" if found.disk_free < 2 * found.reserve else "ok"
    work = (
        (_("Messages on their way"), found.waiting, flask.url_for("admin.queue")), (_("Messages on hold"), found.held, flask.url_for("admin.queue", state="held")),
        (_("Long work that waits"), found.jobs.get("waiting", 0), ""), (_("Long work under way"), found.jobs.get("running", 0), ""),
        (_("Long work that failed"), found.jobs.get("failed", 0), ""), (_("Messages whose text is still to be read for the search"), found.unindexed, ""),
    )  # fmt: skip
    health = tuple((one, STATES[one.state], _when(one)) for one in found.health)
    facts = ((_("Database"), found.database), (_("Schema"), found.schema), ("Python", found.python), (_("System"), found.system), (_("Time here"), f"{words.long(found.now)}"))
    return page(
        "admin/status.html", area="status", state=found, processes=processes, memory=memory, work=work, health=health, facts=facts, percent=percent, level=level,
        free=words.size(found.disk_free), total=words.size(found.disk_total), reserve=words.size(found.reserve),
    )  # fmt: skip


def _when(one: Health) -> str:
    """How fast it answered, or when it last did."""
    if one.state == "well" and one.took_ms:
        return _("in %(count)s ms", count=one.took_ms)
    return _("last at %(when)s", when=words.short(one.well_at)) if one.state == "down" and one.well_at else ""
