"""DNS from a table, following CNAMEs as a real resolver does."""

from collections.abc import Iterable

from mailcore.base.resolver import Answer, DnsTrouble


class TableResolver:
    """Answers from (name, type) → values; what stands in `silent` (a name, or a name and type) gets no answer. `asked` is what was asked."""

    def __init__(self, records: dict[tuple[str, str], Iterable[str]] | None = None, silent: Iterable[object] = ()) -> None:
        self.records = {(name.lower(), rdtype): tuple(values) for (name, rdtype), values in (records or {}).items()}
        self.silent = set(silent)
        self.asked: list[tuple[str, str]] = []

    def query(self, name: str, rdtype: str) -> Answer:
        name = name.rstrip(".").lower()
        self.asked.append((name, rdtype))
        for _ in range(10):
            if name in self.silent or (name, rdtype) in self.silent:
                raise DnsTrouble("silent")
            found = self.records.get((name, rdtype))
            alias = self.records.get((name, "CNAME"))
            if found or not alias:
                return Answer(values=found or ())
            name = alias[0].rstrip(".").lower()
        return Answer(values=())
