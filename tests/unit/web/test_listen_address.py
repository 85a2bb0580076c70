"""Where to listen, as people write it."""

import pytest

from exporter.web.listen_address import ListenAddress, parse_address


@pytest.mark.parametrize(
    ("text", "address", "shown"),
    [
        (":10945", ListenAddress(None, 10945), "localhost:10945"),
        ("127.0.0.1:0", ListenAddress("127.0.0.1", 0), "127.0.0.1:0"),
        ("[::1]:80", ListenAddress("::1", 80), "[::1]:80"),
        ("localhost:9115", ListenAddress("localhost", 9115), "localhost:9115"),
    ],
)
def test_good(text: str, address: ListenAddress, shown: str) -> None:
    assert parse_address(text) == address
    assert str(address) == shown


@pytest.mark.parametrize("text", ["", "10945", ":", "a:b", ":65536", "::1:80", ":-1", ":\u0661"])
def test_bad(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_address(text)
