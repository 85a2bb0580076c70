"""What happens to a request, from its arrival to its answer, without any HTTP library."""

import random
from collections.abc import Callable
from dataclasses import replace
from email.utils import formatdate
from typing import Final

from exporter.simulator.drift import drifted, replaced
from exporter.simulator.exchange import JsonObject, OperationCall, Reply
from exporter.simulator.headers import lifecycle_headers, limit_headers, merged
from exporter.simulator.inventory import seeded
from exporter.simulator.knobs import ForcedFault, Knobs, Treatment
from exporter.simulator.latency import draw
from exporter.simulator.limits import Background, Limiter, Quota
from exporter.simulator.operation import Operation
from exporter.simulator.problems import invalid, numbered, problem
from exporter.simulator.refusals import denied, faulty, misrouted, throttled
from exporter.simulator.request import Arrival, ReceivedRequest, bearer, decode
from exporter.simulator.routes import UNKNOWN, Route, route
from exporter.simulator.seen import Seen
from exporter.simulator.stage import Stage
from exporter.simulator.validate import parse_query, validate
from exporter.simulator.webhook import Delivery, deliveries

ANONYMOUS: Final = "anonymous"
_UNKNOWN_MS: Final = 3.0
_NO_SUCCESS: Final = 300


class Gateway:
    """The API: routes, authorises, charges, validates and answers."""

    def __init__(self, stage: Stage, *, clock: Callable[[], float], rng: random.Random) -> None:
        """Seed the inventory.

        Args:
            stage: The scenario in force.
            clock: Unix time in seconds.
            rng: Where chance comes from.
        """
        self.stage = stage
        self.seen = Seen()
        self.world = seeded(clock(), rng)
        self._clock = clock
        self._rng = rng
        self._background = Background()
        self._limiter = Limiter(self._background)

    def arrive(self, request: ReceivedRequest) -> Arrival:
        """Take a request in: find its operation and its account, and charge it.

        Args:
            request: The request.

        Returns:
            What is known of it, with the answer where the body does not matter.
        """
        real = self._clock()
        knobs = self._follow(real)
        now = real + knobs.clock_skew_seconds
        found = route(request.method, request.path)
        operation = found.operation
        surface = operation.surface if operation else UNKNOWN
        treatment = self.stage.treatment(surface)
        account = self.world.tokens.account(bearer(request), now, knobs)
        rate_class = operation.rate_class if operation else "standard"
        quota = self._limiter.take(account or request.address, rate_class, now, knobs)
        fault = self._fault(treatment)
        refusal = self._refusal(request, found, account, quota, fault)
        if refusal is None and treatment.body is not None:
            refusal = replaced(treatment.body)
        return Arrival(
            request=request,
            at=now,
            operation=operation,
            surface=surface,
            ids=found.ids,
            account=account or ANONYMOUS,
            quota=quota,
            knobs=knobs,
            treatment=treatment,
            refusal=refusal,
            status=fault.status if fault is not None and refusal is None else None,
            delay=self._delay(operation, knobs, treatment),
            headers=self._headers(knobs, quota, now),
        )

    def answer(self, arrival: Arrival, body: bytes | Reply) -> Reply:
        """Answer a request.

        Args:
            arrival: What `arrive` found.
            body: The request's body, or the answer to one that could not be read.

        Returns:
            The answer with all of its headers.
        """
        now = self._clock() + arrival.knobs.clock_skew_seconds
        answer = arrival.refusal
        if answer is None and arrival.operation is not None:
            answer = self._operate(arrival, arrival.operation, body, now)
            if arrival.status is not None and answer.status < _NO_SUCCESS:
                answer = replace(answer, status=arrival.status)
            if arrival.treatment.drift:
                answer = drifted(answer, arrival.treatment.drift)
        answer = numbered(answer or problem(404, "There is nothing here"), self._rng)
        self.world.served[arrival.request.method, answer.status] += 1
        date = {"Date": formatdate(now, usegmt=True)}
        headers = merged(arrival.headers, date, answer.headers, arrival.knobs.headers)
        return replace(answer, headers=headers)

    def collect(self) -> list[Delivery]:
        """Let time pass where nobody asks, and gather what subscribers have to be told.

        Returns:
            The deliveries that came up since the last time.
        """
        knobs = self._follow(self._clock())
        happenings = list(self.world.happenings)
        self.world.happenings.clear()
        return deliveries(happenings, self.world.subscriptions.values(), knobs.webhooks)

    def _follow(self, real: float) -> Knobs:
        """Follow the scenario to its phase, and the world to the present."""
        knobs, since = self.stage.at(real)
        skew = knobs.clock_skew_seconds
        self._background.follow(knobs.background, since + skew)
        self.world.knobs = knobs
        self.world.agenda.run(real + skew)
        return knobs

    def _refusal(
        self,
        request: ReceivedRequest,
        found: Route,
        account: str | None,
        quota: Quota,
        fault: ForcedFault | None,
    ) -> Reply | None:
        if fault is not None and fault.status >= _NO_SUCCESS:
            return faulty(fault)
        if not quota.admitted:
            return throttled()
        if found.operation is None:
            return misrouted(request.method, request.path, found.allow)
        if found.operation.bearer and account is None:
            token = bearer(request)
            return denied(token=token, expired=self.world.tokens.expired(token))
        return None

    def _fault(self, treatment: Treatment) -> ForcedFault | None:
        fault = treatment.fault
        if fault is None or fault.ratio >= 1 or self._rng.random() < fault.ratio:
            return fault
        return None

    def _delay(self, operation: Operation | None, knobs: Knobs, treatment: Treatment) -> float:
        typical = operation.typical_ms if operation else _UNKNOWN_MS
        return draw(typical, knobs.latency_factor, self._rng) + treatment.delay

    def _headers(self, knobs: Knobs, quota: Quota, now: float) -> dict[str, str]:
        return {
            **limit_headers(knobs, quota, now),
            **lifecycle_headers(knobs, self.world.started),
        }

    def _operate(
        self, arrival: Arrival, operation: Operation, body: bytes | Reply, now: float
    ) -> Reply:
        if isinstance(body, Reply):
            return body
        query, complaints = parse_query(operation.query, arrival.request.query)
        decoded: JsonObject = {}
        if operation.body is not None:
            value = decode(arrival.request, body)
            if isinstance(value, Reply):
                return value
            complaints.extend(validate(operation.body, value))
            if isinstance(value, dict):
                decoded = value
        if complaints:
            return invalid(complaints)
        call = OperationCall(
            ids=arrival.ids, query=query, body=decoded, now=now, knobs=arrival.knobs
        )
        return operation.handler(self.world, call)
