"""DNS from a table, following CNAMEs as a real resolver does."""

from collections.abc import Iterable

from mailcore.base.resolver import Answer, DnsTrouble


class TableResolver:
    """Answers from (name, type) → values; what stands in `silent` (a name and type, or a name for all it has no record of) gets no answer. `asked` is what was asked."""

    def __init__(self, records: dict[tuple[str, str], Iterable[str]] | None = None, silent: Iterable[object] = ()) -> None:
        self.records = {(name.lower(), rdtype): tuple(values) for (name, rdtype), values in (records or {}).items()}
        self.silent = set(silent)
        self.asked: list[tuple[str, str]] = []

    def query(self, name: str, rdtype: str) -> Answer:
        name = name.rstrip(".").lower()
        self.asked.append((name, rdtype))
        for _ in range(10):
            found = self.records.get((name, rdtype))
            if (name, rdtype) in self.silent or (name in self.silent and not found):
                raise DnsTrouble("silent")
            alias = self.records.get((name, "CNAME"))
            if found or not alias:
                return Answer(values=found or ())
            name = alias[0].rstrip(".").lower()
        return Answer(values=())
