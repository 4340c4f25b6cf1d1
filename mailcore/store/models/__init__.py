"""The tables, by room: people, lists, mail, flow, filters, protection, outside, sharing. Importing this package registers them all on `Base.metadata`."""

from mailcore.store.models import filters, flow, lists, mail, outside, people, protection, sharing
from mailcore.store.models.base import Base

__all__ = ["Base", "filters", "flow", "lists", "mail", "outside", "people", "protection", "sharing"]

for _table in Base.metadata.tables.values():
    if "id" in _table.c:  # ids once told are never told again for something else
        _table.dialect_options["sqlite"]["autoincrement"] = True
