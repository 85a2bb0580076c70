"""The words for what is allowed, and what the schema cannot have: a mistake of ours, at once."""

from collections.abc import Iterator
from typing import Annotated, Final, Literal

import pytest
from msgspec import Meta, Struct

from exporter.config import Config, Duration, Secret
from exporter.config.shapes import Each, Keyed, Leaf, Record, Shape, shape_of


class _Pair(Struct, frozen=True):
    second: int
    first: bool | None = None


PUBLIC_FILES: Final = {"targets.tls.ca_file", "targets.tls.cert_file"}
"""All others hold a secret, which is easily written in the place of the path."""


def within(shape: Shape, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Shape]]:
    """A shape and those below it, by their dotted paths."""
    yield ".".join(path), shape
    match shape:
        case Each():
            yield from within(shape.item, path)
        case Keyed():
            yield from within(shape.value, (*path, "*"))
            if shape.in_file is not None:
                yield from within(shape.in_file, (*path, "*_file"))
        case Record():
            for key, field in shape.fields.items():
                yield from within(field.shape, (*path, key))
        case Leaf():
            pass


ALL: Final = tuple(within(shape_of(Config)))


def test_only_files_without_a_secret_are_named_in_a_mistake() -> None:
    files = {path: shape for path, shape in ALL if path.endswith("_file")}
    shown = {path for path, shape in files.items() if isinstance(shape, Leaf) and not shape.hidden}
    assert len(files) == 7
    assert shown == PUBLIC_FILES


def test_what_was_decoded_cannot_be_changed() -> None:
    records = [shape.build for _, shape in ALL if isinstance(shape, Record)]
    assert {"Config", "Target", "Slo"} <= {build.__name__ for build in records}
    assert [build for build in records if not build.__struct_config__.frozen] == []


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
