"""Which proxy leads to a URL: the configured one, or the environment's."""

import os
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, Literal

import aiohttp
from msgspec import Struct
from yarl import URL

from exporter.client.errors import ProxyUrlError
from exporter.client.no_proxy import is_here, spared_by, value_of
from exporter.config.values import Secret

_SCHEMES: Final[tuple[Literal["http", "https"], ...]] = ("http", "https")
_ORIGINS: Final = 64
"""Of which the proxy is known: the API, who issues its tokens, where they redirect to."""


class Proxy(Struct, frozen=True):
    """An HTTP proxy; user and password are no part of its ``url``, so that nothing shows them."""

    url: URL
    authorization: Secret | None = None
    whole: Secret | None = None
    """Its URL with user and password, for libraries that take no other."""

    @property
    def headers(self) -> Mapping[str, str]:
        """What the proxy is told, and nobody behind it (RFC 9110, section 11.7.1)."""
        if self.authorization is None:
            return {}
        return {"Proxy-Authorization": self.authorization.reveal()}

    def reveal(self) -> str:
        """Its URL with user and password, for the one place that hands it on."""
        return str(self.url) if self.whole is None else self.whole.reveal()


class Proxies:
    """The proxies for one target, or whatever else is asked."""

    def __init__(self, configured: Secret | None, environ: Mapping[str, str] = os.environ) -> None:
        """Take ``proxy_url`` of the target, or read the environment where that says nothing."""
        url = "" if configured is None else configured.reveal()
        self._configured = _proxy(url) if url else None
        found: Mapping[str, str] = {each: value_of(each, environ) for each in _SCHEMES}
        self._environment = {} if url else found
        self._may_be = any(self._environment.values())
        self._spared = spared_by(value_of("no", environ) if self._may_be else "")
        self._found = lru_cache(maxsize=_ORIGINS)(self._find)

    def way_to(self, url: URL) -> Proxy | None:
        """Find the proxy for a URL; ``None`` to ask without one.

        A configured one is for all. Those of the environment (``HTTP_PROXY``, ``HTTPS_PROXY``,
        also in small letters) spare what ``NO_PROXY`` names (see ``no_proxy``), and this machine
        itself.

        Raises:
            ProxyUrlError: the environment's is not one that can be used.
        """
        if not self._may_be:
            return self._configured
        return self._found(url.scheme, url.raw_host or "", url.port)

    def _find(self, scheme: str, host: str, port: int | None) -> Proxy | None:
        found = self._environment.get(scheme)
        if not found or is_here(host) or self._spared.has(host, port):
            return None
        return _proxy(found)


def proxy_to(url: str, environ: Mapping[str, str]) -> Proxy | None:
    """Find the environment's proxy for something else than an API, as ``Proxies.way_to`` does.

    ``None`` too for what is no URL, which nobody can ask.

    Raises:
        ProxyUrlError: the environment's is not one that can be used.
    """
    try:
        asked = URL(url)
    except ValueError:
        return None
    return Proxies(None, environ).way_to(asked)


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
    authorization = Secret(aiohttp.encode_basic_auth(url.user or "", url.password or ""))
    whole = url.origin().with_user(url.user).with_password(url.password)
    return Proxy(url.origin(), authorization, Secret(str(whole)))
