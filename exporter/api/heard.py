"""What the API said is wrong, for who asks for one probe: what a schedule runs never keeps it."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from exporter.api.problems import ApiProblem, problem_of
from exporter.wire import Exchange, Fault, Request

_Send: TypeAlias = Callable[[Request], Awaitable[Exchange | Fault]]


class Heard:
    """Listens to answers, as no observation has a body.

    ``problems`` are by the ``traceparent`` that the request was sent with.
    """

    def __init__(self) -> None:
        """Begin with nothing heard."""
        self.problems: dict[str, ApiProblem] = {}

    def through(self, send: _Send) -> _Send:
        """Listen to answers.

        Args:
            send: sends a request.

        Returns:
            The same, listened to.
        """

        async def listening(request: Request) -> Exchange | Fault:
            result = await send(request)
            problem = problem_of(result) if isinstance(result, Exchange) else None
            if problem is not None:
                self.problems[request.traceparent] = problem
            return result

        return listening
