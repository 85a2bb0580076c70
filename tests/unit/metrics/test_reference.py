"""The page about metrics is written from the table."""

from pathlib import Path

import pytest

from exporter.metrics.families import TABLE
from exporter.metrics.families.row import Family
from exporter.metrics.reference import page

PAGE = Path(__file__).parents[3] / "docs" / "metrics.md"


def test_the_page_is_as_it_would_be_written_now() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make docs`"


@pytest.mark.parametrize("family", TABLE, ids=lambda family: family.name)
def test_each_family_is_on_it(family: Family) -> None:
    rows = [line for line in page().splitlines() if line.startswith(f"| `{family.name}` |")]
    assert len(rows) == 1
    assert all(f"`{label}`" in rows[0] for label in family.labels)


def test_each_closed_set_is_on_it() -> None:
    text = page()
    for family in TABLE:
        for values in family.closed.values():
            assert ", ".join(f"`{value}`" for value in values) in text
