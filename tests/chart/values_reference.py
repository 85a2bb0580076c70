"""The table of values in the chart's README, from the comments of ``values.yaml``.

``python -m tests.chart.values_reference`` writes it again.
"""

import json
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

import yaml

from tests.chart.support import CHART

README: Final = CHART / "README.md"
_BEGIN: Final = "<!-- from the comments of values.yaml -->"
_END: Final = "<!-- to here -->"


class Row(NamedTuple):
    key: str
    default: str
    told: str


def rows() -> list[Row]:
    """A row for each value; what has values of its own with comments has none itself."""
    text = (CHART / "values.yaml").read_text()
    root = yaml.compose(text, yaml.SafeLoader)
    return list(_rows(root, "", text.splitlines()))


def _rows(node: yaml.Node | None, prefix: str, lines: list[str]) -> Iterator[Row]:
    if not isinstance(node, yaml.MappingNode):
        raise TypeError(f"{prefix}: not a mapping")
    for key, value in node.value:
        path = f"{prefix}{key.value}"
        told = _comment(lines, key.start_mark.line)
        first = value.value[0][0].start_mark.line if _has_children(value) else 0
        if first and _comment(lines, first):
            yield from _rows(value, f"{path}.", lines)
        elif told:
            yield Row(path, _default(value), told)
        else:
            raise ValueError(f"{path}: values.yaml says nothing of it")


def _has_children(value: yaml.Node) -> bool:
    return isinstance(value, yaml.MappingNode) and bool(value.value)


def _comment(lines: list[str], at: int) -> str:
    """The comment right above a line."""
    told: list[str] = []
    while at > 0 and (match := re.match(r"\s*# ?(.*)", lines[at - 1])):
        told.insert(0, match[1])
        at -= 1
    return " ".join(told)


def _default(node: yaml.Node) -> str:
    loader = yaml.SafeLoader("")
    return json.dumps(loader.construct_document(node))


def page(readme: str) -> str:
    """The README with the table of today in it."""
    table = [f"| `{row.key}` | `{row.default}` | {row.told} |" for row in rows()]
    head = ["| value | default | meaning |", "|---|---|---|"]
    before, _, rest = readme.partition(_BEGIN)
    after = rest.partition(_END)[2]
    return "\n".join([before + _BEGIN, "", *head, *table, "", _END + after])


if __name__ == "__main__":
    README.write_text(page(README.read_text()))
