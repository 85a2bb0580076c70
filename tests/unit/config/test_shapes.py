"""The words for what is allowed, and what the schema cannot have: a mistake of ours, at once."""

from typing import Annotated, Literal

import pytest
from msgspec import Meta, Struct

from exporter.config import Duration, Secret
from exporter.config.shapes import shape_of


class _Pair(Struct, frozen=True):
    second: int
    first: bool | None = None


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (bool, "true or false"),
        (int | None, "a whole number"),
        (Annotated[int, Meta(ge=1, le=5)], "a whole number from 1 to 5"),
        (Annotated[int, Meta(ge=1)], "a whole number of 1 or more"),
        (Annotated[float, Meta(gt=0, le=1)], "a number above 0 and up to 1"),
        (Annotated[float, Meta(gt=0, le=1, description="a ratio")] | None, "a ratio"),
        (Duration, "a duration such as 30s, 5m or 500ms"),
        (
            Annotated[Duration, Meta(ge=0.5, le=90)] | None,
            "a duration such as 30s, 5m or 500ms, from 500ms to 1m30s",
        ),
        (Secret, "a text"),
        (Literal["on", "off"], "on, off"),
        (tuple[int, ...], "a list, each item a whole number"),
        (dict[str, bool], "a mapping from a text to true or false"),
        (_Pair, "a mapping with the keys first, second"),
    ],
)
def test_what_is_allowed_in_words(wanted: object, words: str) -> None:
    assert shape_of(wanted).allowed == words


@pytest.mark.parametrize(
    "wanted", [bytes, list[int], dict[_Pair, int], Annotated[int, Meta(lt=5)], set[str]]
)
def test_what_the_schema_cannot_have(wanted: object) -> None:
    with pytest.raises(TypeError, match=r"schema cannot have|no words yet"):
        shape_of(wanted)
