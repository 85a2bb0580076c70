"""One image for all of its tests."""

from collections.abc import Iterator

import pytest

from tests.image.build import Image, built


@pytest.fixture(scope="session")
def image() -> Iterator[Image]:
    with built() as image:
        yield image
