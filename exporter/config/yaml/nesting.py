"""Lists and mappings while they are read: duplicate keys and merges are settled here."""

from typing import Final

from exporter.config.problems import Position
from exporter.config.quoting import shortened
from exporter.config.yaml.tree import (
    KIND_NAMES,
    MERGE,
    MOST_VALUES,
    Broken,
    Items,
    Mistake,
    Scalar,
    Table,
    TableEntry,
    Tree,
)


class OpenItems:
    """A list whose end is yet to come."""

    merged: Final = 0

    def __init__(self, line: int, anchor: str | None, tag: str | None) -> None:
        """Begin without items."""
        self.line = line
        self.anchor = anchor
        self.tag = tag
        self._items: list[Tree] = []

    def add(self, tree: Tree) -> None:
        """Take the next item."""
        self._items.append(tree)

    def closed(self) -> Items:
        """The whole list."""
        return Items(self.line, tuple(self._items))


class OpenTable:
    """A mapping whose end is yet to come."""

    def __init__(self, line: int, anchor: str | None, tag: str | None) -> None:
        """Begin without keys."""
        self.line = line
        self.anchor = anchor
        self.tag = tag
        self.merged = 0
        self._key: Tree | None = None
        self._entries: dict[str, TableEntry] = {}
        self._mistakes: list[Mistake] = []
        self._merge: TableEntry | None = None

    def add(self, tree: Tree) -> None:
        """Take the next key or the value of the last one."""
        if self._key is None:
            self._key = tree
            return
        key, self._key = self._key, None
        if not isinstance(key, Scalar):
            self._mistakes.append(Mistake(key.place, "a key is not a text; allowed: a text"))
        elif key.kind != "text":
            # A number may be a secret that stands in the wrong place.
            name = f" {shortened(key.text)}" if key.kind == "bool" else ""
            message = f"the key{name} is {KIND_NAMES[key.kind]}; put it in quotes"
            self._mistakes.append(Mistake(key.place, message))
        else:
            self._enter(key.text, TableEntry(key.place, tree))

    def closed(self) -> Table:
        """The whole mapping. Its own keys overrule merged ones."""
        if self._merge is not None:
            self._entries = {**self._merged(self._merge), **self._entries}
        return Table(self.line, self._entries, tuple(self._mistakes))

    def _enter(self, key: str, entry: TableEntry) -> None:
        first = self._merge if key == MERGE else self._entries.get(key)
        if first is not None:
            message = f"given twice; it is in line {first.place} already"
            self._mistakes.append(Mistake(entry.place, message, key))
        elif key == MERGE:
            self._merge = entry
        else:
            self._entries[key] = entry

    def _merged(self, merge: TableEntry) -> dict[str, TableEntry]:
        """What the merged mappings hold; the first that has a key gives it."""
        entries: dict[str, TableEntry] = {}
        sources = merge.value.items if isinstance(merge.value, Items) else (merge.value,)
        for source in sources:
            if not isinstance(source, Table):
                self._mistakes.append(_not_merged(merge.place, source))
                continue
            self.merged += len(source.entries) + len(source.mistakes)
            if self.merged > MOST_VALUES:
                break
            for key, entry in source.entries.items():
                entries.setdefault(key, entry)
            self._mistakes.extend(source.mistakes)
        return entries


def _not_merged(place: Position, source: Tree) -> Mistake:
    if isinstance(source, Broken):
        return Mistake(place, source.message, MERGE)
    return Mistake(place, "not to be merged; allowed: a mapping or a list of mappings", MERGE)
