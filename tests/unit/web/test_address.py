"""Where to listen, as people write it."""

import pytest

from exporter.web.address import Address, parse_address


@pytest.mark.parametrize(
    ("text", "address", "shown"),
    [
        (":10945", Address(None, 10945), "localhost:10945"),
        ("127.0.0.1:0", Address("127.0.0.1", 0), "127.0.0.1:0"),
        ("[::1]:80", Address("::1", 80), "[::1]:80"),
        ("localhost:9115", Address("localhost", 9115), "localhost:9115"),
    ],
)
def test_good(text: str, address: Address, shown: str) -> None:
    assert parse_address(text) == address
    assert str(address) == shown


@pytest.mark.parametrize("text", ["", "10945", ":", "a:b", ":65536", "::1:80", ":-1", ":\u0661"])
def test_bad(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_address(text)
