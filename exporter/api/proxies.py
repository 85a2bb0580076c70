"""Which proxy leads to a URL: the configured one, or the environment's."""

import ipaddress
from collections.abc import Mapping
from functools import lru_cache
from typing import Final
from urllib.request import getproxies, proxy_bypass

import aiohttp
from msgspec import Struct
from yarl import URL

from exporter.api.faults import ProxyUrlError
from exporter.config.values import Secret

_SCHEMES: Final = ("http", "https")
_ORIGINS: Final = 64
"""Of which the proxy is known: the API, who issues its tokens, where they redirect to."""


class Proxy(Struct, frozen=True):
    """An HTTP proxy; user and password are no part of its ``url``, so that nothing shows them."""

    url: URL
    authorization: Secret | None = None

    @property
    def headers(self) -> Mapping[str, str]:
        """What the proxy is told, and nobody behind it (RFC 9110, section 11.7.1)."""
        if self.authorization is None:
            return {}
        return {"Proxy-Authorization": self.authorization.reveal()}


class Proxies:
    """The proxies for one target."""

    def __init__(self, configured: Secret) -> None:
        """Read the configuration, or the environment where that says nothing.

        Args:
            configured: ``proxy_url`` of the target.
        """
        url = configured.reveal()
        self._configured = _proxy(url) if url else None
        self._environment = {} if url else getproxies()
        self._may_be = any(scheme in self._environment for scheme in _SCHEMES)
        self._found = lru_cache(maxsize=_ORIGINS)(self._find)

    def way_to(self, url: URL) -> Proxy | None:
        """Find the proxy for a URL.

        A configured one is for all. Those of the environment (``HTTP_PROXY``, ``HTTPS_PROXY``,
        also in small letters) spare what ``NO_PROXY`` names, by suffix, address or network, and
        this machine itself.

        Args:
            url: to be asked.

        Returns:
            The proxy; ``None`` to ask without one.

        Raises:
            ProxyUrlError: the environment's is not one that can be used.
        """
        if not self._may_be:
            return self._configured
        return self._found(url.scheme, url.raw_host or "", url.port)

    def _find(self, scheme: str, host: str, port: int | None) -> Proxy | None:
        found = self._environment.get(scheme)
        if not found or self._spared(host, port):
            return None
        return _proxy(found)

    def _spared(self, host: str, port: int | None) -> bool:
        address = _address(host)
        if host.lower() == "localhost" or (address is not None and address.is_loopback):
            return True
        if proxy_bypass(host, self._environment):
            return True
        if port is not None and proxy_bypass(f"{host}:{port}", self._environment):
            return True
        names = self._environment.get("no", "").split(",")
        return address is not None and any(_holds(name.strip(), address) for name in names)


_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def _address(host: str) -> _Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _holds(network: str, address: _Address) -> bool:
    try:
        return address in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def _proxy(text: str) -> Proxy:
    try:
        url = URL(text if "://" in text else f"http://{text}")
        host, port = url.raw_host, url.port
    except ValueError:
        raise ProxyUrlError from None  # the message might quote it
    if url.scheme != "http" or not host or not port:
        raise ProxyUrlError
    if url.user is None and url.password is None:
        return Proxy(url.origin())
    return Proxy(
        url.origin(), Secret(aiohttp.encode_basic_auth(url.user or "", url.password or ""))
    )
