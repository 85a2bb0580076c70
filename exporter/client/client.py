"""The client of one target: whatever is sent to its API is sent here.

What a server or the network may do comes back as data, never as an exception.
"""

import os
from collections.abc import Awaitable, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

import aiohttp
from multidict import CIMultiDict

from exporter.client import body, errors, failure_reasons
from exporter.client.connections import USER_AGENT, Order, Pools
from exporter.client.deadlines import Deadline
from exporter.client.dns import FAMILIES, WHOLE, allow, join, origin_of
from exporter.client.extra_headers import ExtraHeaders
from exporter.client.fast_path import USABLE, FastProtocol, PreparedGet
from exporter.client.files import Files
from exporter.client.http_protocol import HttpProtocol
from exporter.client.proxies import Proxies, Proxy
from exporter.client.redirects import Hop, next_hop
from exporter.client.response import Response
from exporter.client.settings import ConnectionSettings
from exporter.client.timing import CallTiming, current
from exporter.client.tls import TlsContext, TlsContexts
from exporter.config.switches import FAST_CLIENT
from exporter.model.exchange import MAX_PROBLEM, Exchange, Fault, Request
from exporter.protocol.problem import kind_of

_HEADERS: Final = {
    **USER_AGENT,
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate",
}
_PATHS: Final = 1024
"""Of which the GETs stay prepared, at most."""
_AUTHORIZATION: Final = "authorization"
_ABROAD: Final = frozenset({"accept"})
"""What of a request goes along to another origin when it is redirected there."""


class _Prepared(NamedTuple):
    """What a GET was made of beside its path: of anything else another one is made."""

    headers: Mapping[str, str]
    extra: Mapping[str, str]
    contexts: Mapping[bool, TlsContext]
    get: PreparedGet


class Client:
    """Sends requests to one target, and to the authorization server that its tokens are from.

    The target's extra headers and client certificate are for its own origin alone.
    """

    def __init__(self, settings: ConnectionSettings, files: Files) -> None:
        """Prepare; connections come with the first request.

        Raises:
            OSError: a file of ``tls`` or ``headers`` cannot be read or used.
            ValueError: a file of ``headers`` holds what no header may have.
        """
        self._under_way: set[Deadline] = set()
        self._base = settings.url
        self._family = FAMILIES[settings.connection.ip_protocol]
        self._follows = settings.follow_redirects
        self._timeouts = settings.timeouts
        self._extra = ExtraHeaders(settings.headers, files.headers)
        self._proxies = Proxies(settings.proxy_url)
        self._fast = USABLE and FAST_CLIENT.is_on(os.environ)
        self._pools = Pools(settings, FastProtocol if self._fast else HttpProtocol)
        self._prepared: dict[tuple[str, bool, bool], _Prepared] = {}
        self._first = lru_cache(maxsize=_PATHS)(self._hop_to)
        self._server_name = settings.tls.server_name
        self._tls = TlsContexts(settings.tls, files.tls)

    @property
    def in_flight(self) -> int:
        """Requests on the wire now."""
        return len(self._under_way)

    async def send(self, request: Request) -> Exchange | Fault:
        """Send a request and read the answer to its end, or to where its status says enough.

        A request that finds its kept connection dead is sent again (RFC 9112, section
        9.3.1), a redirect is followed where the configuration has it so: the duration covers
        everything, the phases are those of the last connection.

        Raises:
            asyncio.CancelledError: the caller was cancelled.
        """
        progress = CallTiming()
        token = current.set(progress)
        deadline = Deadline(request.timeout)
        self._under_way.add(deadline)
        try:
            with deadline:
                response = await self._answer(request, progress)
                content, whole, known = await _body(response, progress, request)
            return Exchange(
                progress.answered(), response.status, response.headers, content, whole, known
            )
        except errors.ERRORS as error:
            return _fault(error, progress, self._bounds(request))
        finally:
            if progress.response is not None and not progress.response.closed:
                progress.response.close()
            progress.leave()
            progress.response = None  # callbacks of the connection hold on to what is current
            self._under_way.discard(deadline)
            current.reset(token)

    async def close(self) -> None:
        """Close every connection. Requests in flight end as faults at once, as do later ones."""
        self._prepared.clear()
        for deadline in self._under_way:
            deadline.end(aiohttp.ClientConnectionError)
        await self._pools.close()

    async def _answer(self, request: Request, progress: CallTiming) -> Response:
        """The head of the last answer, after all redirects."""
        hop = self._first(request.path)
        bound = self._follows and any(name.lower() == _AUTHORIZATION for name in request.headers)
        while True:
            try:
                response = await self._sent(request, hop, progress)
            except errors.LOST:
                if not progress.reused:
                    raise
                progress.restart()
                continue
            progress.head()
            progress.response = response
            errors.check_status(response.status)
            if not self._follows or request.method != "GET":
                return response
            location = response.headers.get("Location")
            following = next_hop(hop, response.status, location, bound=bound)
            if following is None:
                return response
            hop = following
            progress.redirects += 1
            response.release()  # keeps the connection, if all of the body came with the head
            progress.restart()

    def _sent(self, request: Request, hop: Hop, progress: CallTiming) -> Awaitable[Response]:
        """Send it, and give the head of the answer."""
        traceparent = request.traceparent if hop.home or not hop.before else ""
        if self._fast and request.method == "GET" and request.body is None:
            return self._get(request, hop).begin(traceparent, progress)
        order = self._order(request, hop)
        return self._pools.pool(request).send(order, traceparent)

    def _get(self, request: Request, hop: Hop) -> PreparedGet:
        """Find what was prepared; what a redirect leads to is prepared each time."""
        key = request.path, request.fresh, request.essential
        found = None if hop.before else self._prepared.get(key)
        made_of = request.headers, self._extra.now(), self._tls.now
        if found is not None and found[:3] == made_of:
            return found.get
        get = PreparedGet(self._order(request, hop), self._pools.pool(request))
        if not hop.before:
            if len(self._prepared) >= _PATHS:
                self._prepared.clear()
            self._prepared[key] = _Prepared({**request.headers}, *made_of[1:], get)
        return get

    def _order(self, request: Request, hop: Hop) -> Order:
        proxy = self._proxies.way_to(hop.url)
        allow((hop.url if proxy is None else proxy.url).raw_host or "", self._family)
        return Order(
            method=request.method,
            url=hop.url,
            headers=self._headers(request, hop, None if hop.url.scheme == "https" else proxy),
            body=request.body,
            tls=self._tls.now[hop.home] if hop.url.scheme == "https" else True,
            server_name=self._server_name if hop.home else None,
            proxy=proxy,
        )

    def _bounds(self, request: Request) -> failure_reasons.Bounds:
        connect, read = self._timeouts.connect, self._timeouts.read
        return failure_reasons.Bounds(
            connect, read, request.total or request.timeout, request.timeout
        )

    def _hop_to(self, path: str) -> Hop:
        url = join(self._base, path)
        if not path.startswith(WHOLE):
            return Hop(url, home=True)
        return Hop(url, home=origin_of(url) == origin_of(join(self._base, "")))

    def _headers(self, request: Request, hop: Hop, proxy: Proxy | None) -> CIMultiDict[str]:
        """What to send: the more special wins, in any case of letters."""
        headers = CIMultiDict(_HEADERS)
        if hop.home:
            headers.update(self._extra.now())
        headers.update(_carried(request.headers, hop))
        if proxy is not None:  # it reads the head itself; with TLS it is told by CONNECT
            headers.update(proxy.headers)
        return headers


def _carried(headers: Mapping[str, str], hop: Hop) -> Mapping[str, str]:
    if hop.home or not hop.before:
        return headers
    return {name: value for name, value in headers.items() if name.lower() in _ABROAD}


def _body(response: Response, progress: CallTiming, request: Request) -> Awaitable[body.Body]:
    """All of it; of an error what may say more: nothing about its body is worse than that."""
    stream, headers = response.content, response.headers
    if kind_of(response.status) is None:
        return body.read(stream, headers, progress, request.largest)
    return body.read_some(stream, headers, progress, min(request.largest, MAX_PROBLEM))


def _fault(error: Exception, progress: CallTiming, bounds: failure_reasons.Bounds) -> Fault:
    timing = progress.timing()
    if progress.starved is not None and progress.reached == "connect":
        error = progress.starved
    reason, detail = failure_reasons.reason_of(error, progress.reached, bounds)
    response = progress.response
    if response is None:
        return Fault(timing, reason, detail)
    return Fault(timing, reason, detail, response.status, response.headers, progress.received)
