"""Files that are made to hurt: each ends soon, with a clear line. The sizes are the point."""

from itertools import pairwise
from string import ascii_lowercase

import pytest

from exporter.config.yaml.nesting import OpenTable
from exporter.config.yaml.tree import LARGEST, Items, Scalar, Table, TableEntry
from tests.unit.config.support import lines

TOO_MANY = "FILE: too many values; allowed: 300000, aliases written out"
TOO_DEEP = "FILE:{}: nested too deep; allowed: 20 levels"
TARGET = "{name: a, url: 'http://a', "


def _doubling(first: str, each: str) -> bytes:
    """A chain of anchors, each of which names the one before it nine times."""
    rest = [
        f"{name}: &{name} {each.format(', '.join([f'*{before}'] * 9))}\n"
        for before, name in pairwise(ascii_lowercase)
    ]
    return f"a: &a {first}\n{''.join(rest)}".encode()


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"[" * 1_000_000, TOO_DEEP.format(1)),
        (b"{a: " * 1_000_000, TOO_DEEP.format(1)),
        (b"- " * 1_000_000, TOO_DEEP.format(1)),
        (b"".join(b" " * depth + b"a:\n" for depth in range(1000)), TOO_DEEP.format(21)),
    ],
)
def test_nested_deeply(data: bytes, line: str) -> None:
    assert lines(data) == [line]


def test_billion_laughs() -> None:
    found = lines(_doubling("ha", "[{}]") + b"targets: *z\n")

    assert len(found) == 27
    assert {
        f"FILE:{line}: {name}: unknown key; allowed: state, targets, traces"
        for line, name in enumerate(ascii_lowercase, 1)
    } < set(found)
    # The list of nine lists is the same list nine times: one mistake.
    assert sum("targets[0]: a list is not allowed" in line for line in found) == 1


def test_billion_merges() -> None:
    """Keys are merged into one, mistakes are not: those explode."""
    assert len(lines(_doubling("{x: 1}", "{{<<: [{}]}}"))) == 27
    assert lines(_doubling("{1: 2}", "{{<<: [{}]}}")) == [TOO_MANY]


@pytest.mark.parametrize("merges", ["b: [{}]", "b: {{<<: [{}]}}"])
def test_merging_much_and_often(merges: str) -> None:
    much = ", ".join(f"k{index}: 1" for index in range(50_000))
    source = "*a" if "<<" in merges else "{<<: *a}"

    text = f"a: &a {{{much}}}\n{merges.format(', '.join([source] * 50_000))}\n"

    assert lines(text.encode()) == [TOO_MANY]


def test_merging_stops_as_soon_as_it_is_too_much() -> None:
    value = Scalar(1, "text", "")
    much = Table(1, {f"k{index}": TableEntry(1, value) for index in range(100_000)})
    table = OpenTable(1, None, None)
    table.add(Scalar(1, "text", "<<"))
    table.add(Items(1, (much,) * 1_000_000))

    assert len(table.closed().entries) == 100_000
    assert table.merged == 400_000


def test_naming_much_and_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exporter.config.decode.MOST_VALUES", 30_000)
    much = ", ".join(f"k{index}: {{interval: 1m}}" for index in range(2000))
    text = f"targets:\n- {TARGET}surfaces: &s {{{much}}}}}\n" + f"- {TARGET}surfaces: *s}}\n" * 99

    assert lines(text.encode()) == [TOO_MANY.replace("300000", "30000")]


def test_a_mistake_behind_an_alias_is_one_mistake() -> None:
    head = "targets:\n- {name: a, url: 'https://a.example', tls: &t {colour: red}}\n"
    text = head + "".join(
        f"- {{name: a{index}, url: 'https://a.example', tls: *t}}\n" for index in range(9999)
    )

    (line,) = lines(text.encode())

    assert line.startswith("FILE:2: targets[0].tls.colour: unknown key; allowed: ca_file, ")


def test_thousands_of_mistakes() -> None:
    found = lines(b"".join(b"k%d: 1\n" % index for index in range(100_000)))

    assert len(found) == 1001
    assert "FILE: too many mistakes; only the first are listed" in found


def test_too_large() -> None:
    small = b"targets: [{name: a, url: http://a}]\n#"

    assert lines(small.ljust(LARGEST, b"#")) == []
    assert lines(small.ljust(LARGEST + 1, b"#")) == ["FILE: the file is too large; allowed: 4 MiB"]


@pytest.mark.parametrize("key", ["name", "url", "interval", "x"])
def test_a_megabyte_in_one_value(key: str) -> None:
    document = {"name": "a", "url": "http://a", key: "a" * 1_000_000}
    keys = ", ".join(f"{key}: {value}" for key, value in document.items())

    (line,) = lines(f"targets: [{{{keys}}}]".encode())

    assert len(line) < 300


def test_a_megabyte_in_one_key() -> None:
    (line,) = lines(f'targets: [{{name: a, url: http://a, ? "{"a" * 1_000_000}" : 1}}]'.encode())

    assert len(line) < 300
