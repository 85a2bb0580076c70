"""What the environment's proxies are not for: what ``NO_PROXY`` names, and this machine itself.

Every program reads ``NO_PROXY`` in its own way, and a form that is not understood sends to a proxy
what was to stay at home, passwords too. So all forms in use are read here, as widely as any
program reads them. Nothing is ever resolved for it: that would tell a name server what is asked.
"""

import ipaddress
import re
import socket
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache
from typing import Final, Literal, TypeAlias

import idna
from msgspec import Struct

IpAddress: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

_SEPARATORS: Final = re.compile(r"[\s,]+")
_WITH_PORT: Final = re.compile(r"(?P<host>\[[^\[\]]*\]|[^:\[\]]*)(?::(?P<port>[0-9]{1,5}))?")
_BRACKETED: Final = re.compile(r"\[([^\[\]]*)\](?=/|\Z)")
_MOST_PORT: Final = 65535
_NAME: Final = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9_-]{1,63}\.)*(?![0-9]+\Z)[a-z0-9_-]{1,63}")
"""A name that a URL may have (RFC 1123, section 2.1; underscores are in use). Where its last label
is a number, all of it is an address."""
_NUMERIC: Final = re.compile(r"(?:[0-9]+|0[xX][0-9a-fA-F]+)(?:\.(?:[0-9]+|0[xX][0-9a-fA-F]+)){0,3}")
"""How the system's resolver also reads an IPv4 address: ``127.1``, ``0x7f000001``."""
_MAPPED: Final = ipaddress.IPv6Network("::ffff:0:0/96")
_HERE: Final = frozenset(
    {"localhost", "localhost.localdomain", "localhost4", "localhost6", "ip6-localhost"}
    | {"localhost4.localdomain4", "localhost6.localdomain6", "ip6-loopback"}
)
"""Names that the usual ``/etc/hosts`` has for the loopback interface."""


class NoProxy(Struct, frozen=True):
    """A ``NO_PROXY``, taken to pieces; a port of ``None`` is any.

    ``impossible`` are those of its entries that match nothing that can be asked for.
    """

    everything: bool = False
    names: frozenset[tuple[str, int | None]] = frozenset()
    networks: tuple[tuple[Network, int | None], ...] = ()
    impossible: tuple[str, ...] = ()

    def has(self, host: str, port: int | None) -> bool:
        """Whether a host, a name or an address as a URL has it, is to be asked without a proxy.

        So it is where an entry is of its name, of one that it lies below, or of its address.
        """
        if self.everything:
            return True
        if forms := _forms_of(host):
            of_port = [network for network, of in self.networks if of in {None, port}]
            return any(address in network for network in of_port for address in forms)
        above = _and_above(_ascii(_undotted(host)) or "")
        return any((name, of) in self.names for name in above for of in (None, port))


def spared_by(text: str) -> NoProxy:
    """Read a ``NO_PROXY``: what it spares, and what in it can spare nothing.

    Entries are separated by commas or blanks. ``d``, ``.d`` and ``*.d`` all are ``d`` and all below
    it; an address, with brackets or without, is itself, and a network in CIDR notation is what
    lies in it; names and addresses may have a port; ``*`` is everything, wherever it stands.
    """
    everything = False
    names: set[tuple[str, int | None]] = set()
    networks: list[tuple[Network, int | None]] = []
    impossible: list[str] = []
    for entry in filter(None, _SEPARATORS.split(text)):
        if entry == "*":
            everything = True
        elif (network := _network(entry)) is not None:
            networks.append((network, None))
        elif (found := _with_port(entry)) is None:
            impossible.append(entry)
        elif (address := _written_out(found[0])) is not None:
            networks.append((_unmapped(ipaddress.ip_network(address)), found[1]))
        elif (name := _domain(found[0])) is not None:
            names.add((name, found[1]))
        else:
            impossible.append(entry)
    return NoProxy(everything, frozenset(names), tuple(networks), tuple(impossible))


def is_here(host: str) -> bool:
    """Whether a host is this machine itself, as far as that is known without asking anybody.

    It is where it is ``localhost`` or below it (RFC 6761, section 6.3), this machine's own name, a
    loopback address, none at all (``0.0.0.0``), or the address of an interface.
    """
    if forms := _forms_of(host):
        return any(each.is_loopback or each.is_unspecified or _is_own(each) for each in forms)
    name = _ascii(_undotted(host)) or ""
    return name in _HERE or name.endswith(".localhost") or name == _own_name()


def variable_of(what: Literal["http", "https", "no"], environ: Mapping[str, str]) -> str | None:
    """Which variable counts, of the two spellings that all programs know; ``None`` where neither.

    The one in small letters comes first, also where it is empty. ``HTTP_PROXY`` is none where a web
    server started us: there a client may have sent it as the header ``Proxy`` (CVE-2016-5385).
    """
    name = f"{what}_proxy"
    if name in environ:
        return name
    forged = what == "http" and "REQUEST_METHOD" in environ
    return name.upper() if name.upper() in environ and not forged else None


def value_of(what: Literal["http", "https", "no"], environ: Mapping[str, str]) -> str:
    """What the variable that counts says; see ``variable_of``."""
    return environ.get(variable_of(what, environ) or "", "").strip()


def _forms_of(host: str) -> tuple[IpAddress, ...]:
    """The address that a host is, in the short forms too that the system reads; none of a name.

    There are two of one of IPv4 that is written as IPv6 (``::ffff:10.0.0.1``).
    """
    address = _written_out(host)
    if address is None and _NUMERIC.fullmatch(text := _undotted(host)):
        with suppress(OSError):
            address = ipaddress.IPv4Address(socket.inet_aton(text))
    if address is None:
        return ()
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (address,) if mapped is None else (address, mapped)


def _written_out(host: str) -> IpAddress | None:
    """The address, where all of it is there: ``10.`` in a list means no 0.0.0.10."""
    text = _BRACKETED.sub(r"\1", _undotted(host))
    try:
        return ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None


def _network(entry: str) -> Network | None:
    if "/" not in entry:
        return None
    try:
        return _unmapped(ipaddress.ip_network(_BRACKETED.sub(r"\1", entry), strict=False))
    except ValueError:
        return None


def _unmapped(network: Network) -> Network:
    """It as one of IPv4, where that is what it is."""
    if isinstance(network, ipaddress.IPv6Network) and network.subnet_of(_MAPPED):
        inner = int(network.network_address) & 0xFFFF_FFFF
        return ipaddress.IPv4Network((inner, network.prefixlen - _MAPPED.prefixlen))
    return network


def _with_port(entry: str) -> tuple[str, int | None] | None:
    """Host and port; ``None`` where that cannot be what it is."""
    if _written_out(entry) is not None:  # with the colons of IPv6
        return entry, None
    found = _WITH_PORT.fullmatch(entry)
    if found is None:
        return None
    port = None if found["port"] is None else int(found["port"])
    return None if port is not None and not 0 < port <= _MOST_PORT else (found["host"], port)


def _domain(text: str) -> str | None:
    """The name that this and all below it is spared by; ``None`` where there can be no such."""
    name = _ascii(_undotted(text).removeprefix("*").removeprefix("."))
    if text.startswith("*") and not text.startswith("*."):
        return None
    return name if name is not None and _NAME.fullmatch(name) else None


def _and_above(name: str) -> Iterator[str]:
    yield name
    while name:
        name = name.partition(".")[2]
        yield name


def _undotted(host: str) -> str:
    """Without the dot of a name that is absolute (RFC 1034, section 3.1)."""
    return host.removesuffix(".")


def _ascii(name: str) -> str | None:
    """A name as DNS and URLs have it, in small letters; ``None`` where there is no such form."""
    if name.isascii():
        return name.lower()
    try:
        return idna.encode(name, uts46=True).decode()
    except UnicodeError:  # the library's own error is one
        return None


@cache
def _own_name() -> str:
    return _undotted(socket.gethostname()).lower()


def _is_own(address: IpAddress) -> bool:
    """Whether an interface has it: then it is what one would send from. Nothing is sent."""
    family = socket.AF_INET6 if isinstance(address, ipaddress.IPv6Address) else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as looking:
            looking.connect((str(address), 9))
            return _written_out(looking.getsockname()[0]) == address
    except OSError:
        return False
