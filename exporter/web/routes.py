"""Which page answers which request, and how what is none is refused."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeAlias

from aiohttp import web

Handler: TypeAlias = Callable[[web.BaseRequest], Awaitable[web.Response]]

TEXT: Final = "text/plain"
_SERVER: Final = "oran-mano-exporter"
_CONTINUE: Final = "100-continue"
_BAD: Final = 400
_NOT_FOUND: Final = 404
_NOT_ALLOWED: Final = 405
_EXPECTATION_FAILED: Final = 417


class Routes:
    """The pages by path and method.

    There are a few fixed ones, so a dictionary does: aiohttp's application would besides answer
    some of what is no sensible request by itself, and by a trace in the log.
    """

    def __init__(self) -> None:
        """Begin without any."""
        self._pages: dict[str, dict[str, Handler]] = {}

    def get(self, path: str, handler: Handler, *, head: bool = True) -> None:
        """Answer GET, perhaps HEAD with its head too; no path has anything to be encoded."""
        self._pages.setdefault(path, {}).update(
            {"GET": handler, **({"HEAD": handler} if head else {})}
        )

    def post(self, path: str, handler: Handler) -> None:
        """Answer POST."""
        self._pages.setdefault(path, {})["POST"] = handler

    async def __call__(self, request: web.BaseRequest) -> web.Response:
        """Answer a request."""
        return signed(await self._answer(request))

    async def _answer(self, request: web.BaseRequest) -> web.Response:
        if isinstance(request, Unusable):
            return plain("this is no request of HTTP/1.1, or its target is no URL\n", _BAD)
        # That of 100 may be ignored: the answer comes at once (RFC 9110, section 10.1.1).
        if any(one.lower() != _CONTINUE for one in request.headers.getall("Expect", ())):
            return plain(
                "the only expectation that can be met is 100-continue\n", _EXPECTATION_FAILED
            )
        page = self._pages.get(request.path)
        if page is None:
            return plain("there is no such page\n", _NOT_FOUND)
        handler = page.get(request.method)
        if handler is None:
            allowed = ", ".join(page)
            told = f"this page only takes {allowed}\n"
            return plain(told, _NOT_ALLOWED, {"Allow": allowed})
        return await handler(request)


class Unusable(web.BaseRequest):
    """A request of another version of HTTP, or whose target is no URL."""


def plain(text: str, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """A line or some for a person; what they quote may be anything."""
    body = text.encode("utf-8", "backslashreplace")
    return web.Response(
        body=body, content_type=TEXT, charset="utf-8", status=status, headers=headers
    )


def signed(response: web.Response) -> web.Response:
    """Say who answers; aiohttp would tell its version and Python's, which are nobody's business."""
    response.headers["Server"] = _SERVER
    return response
