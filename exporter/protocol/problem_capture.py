"""What the API said is wrong, for who asks for one probe: what a schedule runs never keeps it."""

from typing import Final

from msgspec.structs import replace

from exporter.model.exchange import Exchange, Fault, Request, Send
from exporter.protocol.problem import ApiProblem, api_problem, kind_of

_LARGEST: Final = 65536
"""Bytes of a body that explains itself: what is longer is a page, or does harm."""


class ProblemCapture:
    """Listens to answers, as no observation has a body; they are read when somebody wants to."""

    def __init__(self) -> None:
        """Begin with nothing heard."""
        self._refusals: dict[str, Exchange] = {}

    def through(self, send: Send) -> Send:
        """The same ``send``, with its answers listened to."""

        async def listening(request: Request) -> Exchange | Fault:
            result = await send(request)
            if isinstance(result, Exchange) and kind_of(result.status) is not None:
                self._refusals[request.traceparent] = _short(result)
            return result

        return listening

    def problem(self, traceparent: str) -> ApiProblem | None:
        """What was said to be wrong with a request; ``None`` if nothing was, or nobody listened."""
        refusal = self._refusals.get(traceparent)
        return None if refusal is None else api_problem(refusal)


def told_problem(result: Exchange | Fault, secret: str) -> ApiProblem | None:
    """What the API says is wrong with a request that held a secret, which is hidden however short.

    ``None`` where nothing is, or no answer came.
    """
    return api_problem(_short(result), secret) if isinstance(result, Exchange) else None


def _short(exchange: Exchange) -> Exchange:
    return exchange if len(exchange.body) <= _LARGEST else replace(exchange, body=b"")


NOTHING: Final = ProblemCapture()
"""Of those that nobody listened to."""
