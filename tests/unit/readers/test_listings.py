"""The ids that lists name."""

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.observation import Key
from exporter.readers.listings import LISTINGS, read_ids
from exporter.wire import Json

KEY: Final = Key("lab", "c", "some.list")

CASES: Final[list[tuple[str, dict[str, Json], dict[str, tuple[tuple[str, ...], ...]]]]] = [
    ("vnfs", {"vnfs": [{"id": "a"}, {"id": "b"}]}, {"vnfs": (("a",), ("b",))}),
    ("vnfs", {"vnfs": []}, {"vnfs": ()}),
    ("vnfs", {}, {}),
    ("vnfs", {"vnfs": None}, {}),
    ("vnfs", {"vnfs": [7, None, {}, {"id": 7}, {"id": ""}]}, {"vnfs": ()}),
    ("vnfs", {"vnfs": [{"id": ".."}, {"id": "."}, {"id": "a\n"}]}, {"vnfs": ()}),
    ("vnfs", {"vnfs": [{"id": "x" * 257}, {"id": "x" * 256}]}, {"vnfs": (("x" * 256,),)}),
    (
        "intents",
        {"intents": [{"id": "a", "status": "deployed"}, {"id": "b", "status": "failed"}]},
        {"intents": (("a",), ("b",)), "slices": (("a",),)},
    ),
]


@pytest.mark.parametrize(("reader", "document", "ids"), CASES)
def test_what_is_read(
    reader: str, document: dict[str, Json], ids: dict[str, tuple[tuple[str, ...], ...]]
) -> None:
    found = {each.kind: each.ids for each in read_ids(reader, KEY, 1.0, (), document)}
    assert found == ids


@pytest.mark.parametrize(
    ("count", "total", "complete"),
    [
        (0, None, True),
        (49, None, True),
        (50, None, False),
        (50, 50, True),
        (2, 3, False),
        (2, 0, True),
    ],
)
def test_whether_a_list_was_seen_to_its_end(
    count: int, total: int | None, complete: object
) -> None:
    document: dict[str, Json] = {"vnfs": [{"id": str(n)} for n in range(count)]}
    if total is not None:
        document["total"] = total
    (reading,) = read_ids("vnfs", KEY, 1.0, (), document)
    assert reading.complete is complete


def test_nested_ids_begin_with_their_parent() -> None:
    document: dict[str, Json] = {"deployments": [{"id": "d"}]}
    (reading,) = read_ids("nf_deployments", KEY, 1.0, ("m",), document)
    assert (reading.parent, reading.ids) == (("m",), (("m", "d"),))


JSON: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["id", "status", "x"]), inner),
)


@given(st.dictionaries(st.sampled_from([row[0].field for row in LISTINGS.values()]), JSON))
def test_nothing_that_is_sent_raises(document: dict[str, Json]) -> None:
    for reader in LISTINGS:
        for reading in read_ids(reader, KEY, 1.0, (), document):
            assert all(len(found) == 1 and found[0] for found in reading.ids)
