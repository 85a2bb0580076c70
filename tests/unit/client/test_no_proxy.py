"""What is asked without a proxy of the environment."""

import ipaddress
import socket
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.client.no_proxy import is_here, spared_by

DOMAIN: Final = ("mano.example", "api.mano.example", "a.b.mano.example", "MANO.example.")
NEIGHBOURS: Final = ("xmano.example", "example", "mano.example.org", "mano", "10.1.2.3", "::1")

# What an entry spares, and what it does not.
CASES: Final[list[tuple[str, tuple[str, ...], tuple[str, ...]]]] = [
    ("mano.example", DOMAIN, NEIGHBOURS),
    (".mano.example", DOMAIN, NEIGHBOURS),
    ("*.mano.example", DOMAIN, NEIGHBOURS),
    ("mano.example.", DOMAIN, NEIGHBOURS),
    ("*.Mano.EXAMPLE.", DOMAIN, NEIGHBOURS),
    ("other,  .mano.example", DOMAIN, NEIGHBOURS),
    ("other .mano.example\tlast", DOMAIN, NEIGHBOURS),
    (",,mano.example,\n", DOMAIN, NEIGHBOURS),
    ("mano_1.svc", ("mano_1.svc", "x.mano_1.svc"), ("svc",)),
    ("svc", ("mano.svc", "svc"), ("svc.example",)),
    ("bücher.example", ("xn--bcher-kva.example", "x.BÜCHER.example"), ("bucher.example",)),
    ("xn--bcher-kva.example", ("bücher.example",), ()),
    ("*", (*DOMAIN, *NEIGHBOURS, "10.1.2.3", "2001:db8::1"), ()),
    ("other, *", (*DOMAIN, *NEIGHBOURS), ()),
    ("10.1.2.3", ("10.1.2.3", "10.1.2.3.", "::ffff:10.1.2.3", "10.1.515"), ("10.1.2.4", "x.10.1")),
    ("::ffff:10.1.2.3", ("10.1.2.3", "::ffff:a01:203"), ("10.1.2.4",)),
    ("10.0.0.0/8", ("10.1.2.3", "10.255.255.255", "::ffff:10.1.2.3"), ("11.1.2.3", "mano")),
    ("10.9.9.9/8", ("10.1.2.3",), ("11.1.2.3",)),
    ("10.0.0.0/255.0.0.0", ("10.1.2.3",), ("11.1.2.3",)),
    ("::ffff:10.0.0.0/104", ("10.1.2.3",), ("11.1.2.3",)),
    ("2001:db8::1", ("2001:db8::1", "[2001:DB8:0::1]", "2001:db8::1%eth0"), ("2001:db8::2",)),
    ("[2001:db8::1]", ("2001:db8::1", "[2001:db8::1]"), ("2001:db8::2",)),
    ("2001:db8::/32", ("2001:db8::1", "2001:db8:9::"), ("2001:db9::1", "32.1.13.184")),
    ("[2001:db8::]/32", ("2001:db8::1",), ("2001:db9::1",)),
    ("::/0", ("::ffff:10.1.2.3", "2001:db8::1"), ("10.1.2.3",)),
    ("0.0.0.0/0", ("10.1.2.3", "8.8.8.8"), ("mano.example", "2001:db8::1")),
    ("", (), (*DOMAIN, *NEIGHBOURS)),
]


@pytest.mark.parametrize(("text", "spared", "others"), CASES)
def test_what_an_entry_spares(text: str, spared: tuple[str, ...], others: tuple[str, ...]) -> None:
    subject = spared_by(text)
    assert subject.impossible == ()
    for port in (None, 80, 8443):
        assert [host for host in spared if not subject.has(host, port)] == []
        assert [host for host in others if subject.has(host, port)] == []


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("mano.example:8080", "mano.example"),
        (".mano.example:8080", "api.mano.example"),
        ("*.mano.example.:8080", "api.mano.example"),
        ("10.1.2.3:8080", "10.1.2.3"),
        ("[2001:db8::1]:8080", "2001:db8::1"),
        ("[::ffff:10.1.2.3]:8080", "10.1.2.3"),
    ],
)
def test_an_entry_with_a_port_spares_that_one(text: str, host: str) -> None:
    subject = spared_by(text)
    assert subject.impossible == ()
    assert subject.has(host, 8080)
    assert not subject.has(host, 80)
    assert not subject.has(host, None)


@pytest.mark.parametrize(
    "entry",
    [
        *("http://mano.example", "mano.example/v1", "mano;other", "a|b", "user@mano.example"),
        *("10.", "10", "192.168", "192.168.*", "10.1.2.300", "10.0.0.0/33", "::/129", "10.0.0/8"),
        *("*mano.example", "mano.*", "*.*.example", "*:8080", "*.", ".", "..mano", "mano..example"),
        *("mano:", "mano:0", "mano:65536", "mano:http", ":8080", "[mano]", "[::1", "::1]", "[]:80"),
        *("x" * 64, ".".join(["x" * 60] * 5), "10.0.0.0/8:80", '"mano.example"'),
    ],
)
def test_what_can_spare_nothing_is_known(entry: str) -> None:
    subject = spared_by(f"first.example,{entry}, last.example")
    assert subject.impossible == (entry,)
    assert subject.has("first.example", 80)
    assert subject.has("last.example", 80)
    assert not subject.has("mano.example", 80)


@pytest.mark.parametrize(
    ("host", "here"),
    [
        *((name, True) for name in ("localhost", "LOCALHOST.", "api.localhost", "ip6-localhost")),
        *((text, True) for text in ("127.0.0.1", "127.9.9.9", "127.1", "0x7f000001", "2130706433")),
        *((text, True) for text in ("::1", "[::1]", "::ffff:127.0.0.1", "0.0.0.0", "0", "::")),
        *((name, False) for name in ("mano.example", "localhost.example", "xlocalhost", "")),
        *((text, False) for text in ("192.0.2.99", "2001:db8::99", "224.0.0.1", "10")),
    ],
)
def test_this_machine(host: str, here: object) -> None:
    assert is_here(host) is here


def test_this_machine_has_a_name_and_addresses_of_its_own() -> None:
    assert is_here(socket.gethostname())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way_out:
        try:
            way_out.connect(("192.0.2.99", 9))
        except OSError:
            return  # it has no other address than that of the loopback interface
        assert is_here(way_out.getsockname()[0])


LABEL: Final = st.from_regex(r"[a-z]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
NAME: Final = st.lists(LABEL, min_size=1, max_size=4).map(".".join)
PORT: Final = st.none() | st.integers(1, 65535)


@given(NAME, NAME, st.sampled_from(["", ".", "*."]), st.sampled_from(["", "."]), PORT)
def test_a_name_in_any_form_spares_itself_and_all_below(
    name: str, below: str, before: str, after: str, port: int | None
) -> None:
    subject = spared_by(f"{before}{name.upper()}{after}")
    assert subject.has(name, port)
    assert subject.has(f"{below}.{name}.", port)
    assert not subject.has(f"x{name}", port)
    assert not subject.has(f"{name}x", port)


@given(st.ip_addresses(), st.integers(0, 128), PORT)
def test_a_network_spares_what_lies_in_it(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address, bits: int, port: int | None
) -> None:
    bits = min(bits, address.max_prefixlen)
    subject = spared_by(f"{address}/{bits}")
    assert subject.has(str(address), port)
    first = 1 << (address.max_prefixlen - 1)
    across = type(address)(int(address) ^ first)  # differs in its first bit
    assert subject.has(str(across), port) is (bits == 0)


@given(st.text(), st.text(), PORT)
def test_nothing_raises(text: str, host: str, port: int | None) -> None:
    spared_by(text).has(host, port)
    is_here(host)


@given(st.text(alphabet="0123456789abcdefx.:[]%/*-, "), st.text(alphabet="0123456789abcdefx.:[]%"))
def test_nothing_that_resembles_an_address_raises(text: str, host: str) -> None:
    spared_by(text).has(host, 80)
    is_here(host)
