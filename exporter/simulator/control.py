"""The simulator's own address: which scenario plays, and what was seen. It counts nowhere."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final

import msgspec

from exporter.simulator.exchange import Reply
from exporter.simulator.gateway import Gateway
from exporter.simulator.postman import Postman
from exporter.simulator.problems import problem
from exporter.simulator.scenario import ScenarioError

_LAST: Final = 100
_PLACES: Final = (
    "There are GET and PUT /simulator/scenario, GET and DELETE /simulator/requests, "
    "GET /simulator/deliveries"
)


class Control:
    """Answers under ``/simulator/``, whatever the scenario does to the API."""

    def __init__(self, gateway: Gateway, postman: Postman, clock: Callable[[], float]) -> None:
        """Remember what is controlled.

        Args:
            gateway: The API.
            postman: Who delivers its events.
            clock: Unix time in seconds.
        """
        self._gateway = gateway
        self._postman = postman
        self._clock = clock

    def answer(self, method: str, path: str, query: Mapping[str, str], body: bytes) -> Reply:
        """Answer one request.

        Args:
            method: The HTTP method.
            path: The path.
            query: The query parameters.
            body: The request's body.

        Returns:
            The answer: the state of what was asked for, or problem details.
        """
        match path:
            case "/simulator/scenario":
                return self._scenario(method, body)
            case "/simulator/requests":
                return self._requests(method, query)
            case "/simulator/deliveries" if method == "GET":
                return Reply(200, {"deliveries": self._postman.report()})
            case _:
                return problem(404, _PLACES)

    def _scenario(self, method: str, body: bytes) -> Reply:
        if method == "GET":
            return Reply(200, self._gateway.stage.told(self._clock()))
        if method == "PUT":
            return self._play(body)
        return problem(405, "GET or PUT", {"Allow": "GET, PUT"})

    def _requests(self, method: str, query: Mapping[str, str]) -> Reply:
        if method == "DELETE":
            self._gateway.seen.clear()
            return Reply(204)
        if method != "GET":
            return problem(405, "GET or DELETE", {"Allow": "GET, DELETE"})
        last = query.get("last", str(_LAST))
        if not (last.isascii() and last.isdecimal()):
            return problem(422, "last has to be a number of requests")
        return Reply(200, self._gateway.seen.report(int(last[:9])))

    def _play(self, body: bytes) -> Reply:
        try:
            document = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return problem(HTTPStatus.BAD_REQUEST, "The body is not valid JSON")
        now = self._clock()
        try:
            self._gateway.stage.play(document, now)
        except ScenarioError as error:
            return problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error))
        return Reply(200, self._gateway.stage.told(now))
