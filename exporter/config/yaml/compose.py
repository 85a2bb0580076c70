"""From the bytes of a YAML file to a tree of what was written.

It is built from the parser's events and not by the library's composer: that one recurses in C, so
that a file of a thousand brackets ends the process.
"""

import re
from collections.abc import Callable
from typing import Final, Protocol

import yaml
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceStartEvent,
)

from exporter.config.problems import ConfigError, Problem
from exporter.config.yaml.nesting import OpenItems, OpenTable
from exporter.config.yaml.tree import (
    EXPONENT,
    LARGEST,
    MOST_VALUES,
    Broken,
    Scalar,
    ScalarKind,
    Table,
    Tree,
)

_DEEPEST: Final = 20


class _Loader(Protocol):
    """The part of the library's loaders that is used here."""

    def check_event(self) -> bool: ...
    def get_event(self) -> Event: ...
    def resolve(self, kind: type[yaml.Node], value: str, implicit: tuple[bool, bool]) -> str: ...


_LOADER: Final[Callable[[str], _Loader]] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG: Final = "tag:yaml.org,2002:"
_KINDS: Final[dict[str, ScalarKind]] = {
    f"{_TAG}int": "int",
    f"{_TAG}float": "float",
    f"{_TAG}bool": "bool",
    f"{_TAG}null": "null",
    # What follows is never wanted as such, and as a text it has but one meaning.
    f"{_TAG}str": "text",
    f"{_TAG}timestamp": "text",
    f"{_TAG}merge": "text",
    f"{_TAG}value": "text",
}
_COLLECTIONS: Final = frozenset({None, "!", f"{_TAG}map", f"{_TAG}seq"})
_UNPRINTABLE: Final = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
)
_TAB_INDENT: Final = re.compile(r" *\t")
_WORDS_OF_THE_FILE: Final = re.compile(r"'[^']{2,}'|\"[^\"]{2,}\"")
"""What the library may quote, and what may be a secret. It quotes single characters too."""


def compose(data: bytes) -> Table:
    """Read a file as the mapping that it is, with aliases and merges resolved.

    Raises:
        ConfigError: it is no single YAML mapping. One problem, as nothing after it can be told.
    """
    text = _text(data)
    try:
        root = _Composer(_LOADER(text)).root()
    except yaml.MarkedYAMLError as error:
        raise _refused(*_syntax(error, text)) from None
    except yaml.YAMLError:
        raise _refused(0, "this is not YAML") from None
    if root is None or (isinstance(root, Scalar) and root.kind == "null"):
        raise _refused(0, "the file is empty; allowed: a mapping with the key targets")
    if not isinstance(root, Table):
        message = "the file is not a mapping; allowed: a mapping with the key targets"
        raise ConfigError([Problem((), message, root.place)])
    return root


def _refused(line: int, message: str) -> ConfigError:
    return ConfigError([Problem((), message, line)])


def _text(data: bytes) -> str:
    if len(data) > LARGEST:
        raise _refused(0, f"the file is too large; allowed: {LARGEST // 1024 // 1024} MiB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _refused(line, "this is not UTF-8; allowed: a text file in UTF-8") from None
    if (found := _UNPRINTABLE.search(text)) is not None:
        line = text.count("\n", 0, found.start()) + 1
        character = f"U+{ord(found[0]):04X}"
        raise _refused(line, f"the control character {character}; allowed: printable text")
    return text


def _syntax(error: yaml.MarkedYAMLError, text: str) -> tuple[int, str]:
    mark = error.problem_mark
    unfinished = error.context == "while scanning a simple key"
    end = len(text.rstrip())
    if mark is None or unfinished or mark.index >= end:
        # What was never finished is found at the end; where it began is where to look.
        mark = error.context_mark or mark
    if mark is None:
        return 0, "this is not YAML"
    detail = f"this is not YAML: {_WORDS_OF_THE_FILE.sub('something', error.problem or '')}"
    if mark.index >= end:
        return text.count("\n", 0, end) + 1, f"{detail} (at the end)"
    if _TAB_INDENT.match(text, text.rfind("\n", 0, mark.index) + 1):
        return mark.line + 1, "a tab in the indentation; allowed: spaces"
    return mark.line + 1, f"{detail} (column {mark.column + 1})"


class _Composer:
    """Builds the tree of one document. Aliases share what they name, so it cannot explode."""

    def __init__(self, loader: _Loader) -> None:
        self._loader = loader
        self._stack: list[OpenTable | OpenItems] = []
        self._anchors: dict[str, Tree] = {}
        self._root: Tree | None = None
        self._values = 0

    def root(self) -> Tree | None:
        documents = 0
        while self._loader.check_event():
            event = self._loader.get_event()
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise _refused(_line(event), "a second document begins; allowed: one")
            self._take(event)
        return self._root

    def _take(self, event: Event) -> None:
        if isinstance(event, ScalarEvent):
            self._finish(self._scalar(event), event.anchor)
        elif isinstance(event, MappingStartEvent):
            self._open(OpenTable(_line(event), event.anchor, event.tag), event)
        elif isinstance(event, SequenceStartEvent):
            self._open(OpenItems(_line(event), event.anchor, event.tag), event)
        elif isinstance(event, CollectionEndEvent):
            self._close()
        elif isinstance(event, AliasEvent):
            self._finish(self._alias(event), None)

    def _scalar(self, event: ScalarEvent) -> Tree:
        tag = event.tag
        if tag is None or tag == "!":
            tag = self._loader.resolve(yaml.ScalarNode, event.value, event.implicit)
        kind = _KINDS.get(tag)
        if kind == "text" and event.implicit[0] and EXPONENT.fullmatch(event.value):
            kind = "float"
        return _tagged(_line(event)) if kind is None else Scalar(_line(event), kind, event.value)

    def _alias(self, event: AliasEvent) -> Tree:
        found = self._anchors.get(event.anchor or "")
        if found is not None:
            return found
        # An anchor is known once its value is complete: no value contains itself.
        message = "an alias to no value before it; a text that begins with * has to be in quotes"
        return Broken(_line(event), message)

    def _open(self, collection: OpenTable | OpenItems, event: NodeEvent) -> None:
        if len(self._stack) == _DEEPEST:
            raise _refused(_line(event), f"nested too deep; allowed: {_DEEPEST} levels")
        self._stack.append(collection)

    def _close(self) -> None:
        collection = self._stack.pop()
        tree: Tree = collection.closed()
        self._values += collection.merged
        known = collection.tag in _COLLECTIONS
        self._finish(tree if known else _tagged(collection.line), collection.anchor)

    def _finish(self, tree: Tree, anchor: str | None) -> None:
        self._values += 1
        if self._values > MOST_VALUES:
            raise _refused(0, f"too many values; allowed: {MOST_VALUES}, aliases written out")
        if anchor is not None:
            self._anchors[anchor] = tree
        if self._stack:
            self._stack[-1].add(tree)
        else:
            self._root = tree


def _line(event: Event) -> int:
    return 0 if event.start_mark is None else event.start_mark.line + 1


def _tagged(line: int) -> Broken:
    return Broken(line, "a tag is not allowed; a text that begins with ! has to be in quotes")
