"""One login or one refresh: what is sent, what comes of it, and what is told of it."""

from collections.abc import Mapping
from typing import Final, Protocol, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from exporter.auth.clock import Clock
from exporter.auth.learned_lifetime import LearnedLifetime
from exporter.checks.finding import Finding
from exporter.checks.judge import Judged, Verdict, conclude
from exporter.config import Auth, Secret
from exporter.gates.gate import Refusal
from exporter.model.exchange import Exchange, Fault, Json, Request
from exporter.model.observation import GrantKind, Observation, Renewal, Run, Skip
from exporter.model.reasons import SkipReason
from exporter.model.redaction import remember_token
from exporter.planning.job import Job, TargetPlan
from exporter.protocol.problem import DEFAULT_DELAY, ApiProblem
from exporter.protocol.problem_capture import told_problem
from exporter.protocol.rate_limit import retry_after
from exporter.protocol.token_request import (
    BadGrantError,
    ClientCredentials,
    client_credentials_request,
    login_request,
    refresh_request,
)
from exporter.protocol.token_response import Grant, grant_of, on_its_way

_REFUSALS: Final = (400, 401, 403, 422, 423)
"""What says that the account or its secret is wrong, or locked: 401 and 422 are the API's, 400 is
OAuth's (RFC 6749, section 5.2), 423 is RFC 4918's, section 11.3."""
_THROTTLED: Final = 429


def grants_of(plan: TargetPlan) -> dict[GrantKind, Job]:
    """The jobs that log in to a target and, where that can be, refresh."""
    return {grant: job for job in plan.passive if (grant := job.surface.grant) is not None}


class GrantLine(Protocol):
    """How an owner of a token asks for one: as any run is let in, judged and told of."""

    async def ask(self, job: Job, request: Request) -> Judged | Refusal:
        """Send a request, once that may be; its trace is begun here."""

    def emit(self, observation: Observation) -> None:
        """Tell what happened."""

    def broken(self, job: Job, duration: float, error: Exception) -> Run:
        """Make a run of a fault of our own; logged once for each kind."""


class Failure(Struct, frozen=True):
    """No token came.

    ``refused`` is for the secret, or the refresh token; ``throttled`` is for its being one request
    too many; ``asked`` is for how many seconds the server wants to be left alone.
    """

    refused: bool = False
    throttled: bool = False
    asked: float = 0.0


GrantResult: TypeAlias = Grant | Failure | Refusal
"""What becomes of an attempt; after a refusal nothing was sent, and the skip is told already."""


class Attempts:
    """Asks for tokens, and tells each time what came of it: a call, a renewal and a passive run.

    ``auth`` is of type ``login`` or ``oauth2``, and ``jobs`` are as `grants_of` has them. ``ages``
    knows how long tokens live, whatever is said of it; ``problems`` has what the API said is wrong
    with the last login and the last refresh.
    """

    def __init__(
        self, jobs: Mapping[GrantKind, Job], auth: Auth, line: GrantLine, clock: Clock
    ) -> None:
        """Hold what a login needs."""
        self.jobs = jobs
        self._auth = auth
        self._line = line
        self._clock = clock
        self.ages = LearnedLifetime()
        self.problems: dict[GrantKind, ApiProblem] = {}
        self._doing: GrantKind = "login"

    @property
    def said(self) -> str:
        """What the API said is wrong with the last login; nothing where that is well."""
        problem = self.problems.get("login")
        return "" if problem is None else problem.text

    async def log_in(self, secret: Secret) -> GrantResult:
        """Ask for a token with the account."""
        return await self._attempt("login", self._login_request(secret), secret.reveal())

    async def refresh(self, token: str) -> GrantResult:
        """Ask for a token with the refresh token of the last one."""
        job = self.jobs["refresh"]
        request = refresh_request(job.endpoint, token, job.timeout)
        return await self._attempt("refresh", request, token)

    def skipped(self, reason: SkipReason) -> None:
        """Tell that what was to be done was not."""
        self._line.emit(Skip(self._job.key, self._clock.wall(), reason))

    def moot(self) -> None:
        """Tell that a failed refresh says nothing any more: what was to be refreshed is over."""
        self._line.emit(Skip(self.jobs["refresh"].key, self._clock.wall(), "no_resource"))

    def broken(self, error: Exception) -> None:
        """Tell of a fault of our own: a run, not silence."""
        self._line.emit(self._line.broken(self._job, 0.0, error))

    def begin(self) -> None:
        """Begin with a login, for who is told of what never came to be sent."""
        self._doing = "login"

    @property
    def _job(self) -> Job:
        return self.jobs[self._doing]

    def _login_request(self, secret: Secret) -> Request:
        auth, job = self._auth, self.jobs["login"]
        if auth.type == "oauth2":
            client = ClientCredentials(
                auth.client_id or "", secret.reveal(), auth.client_auth or "basic"
            )
            return client_credentials_request(
                auth.token_url or "", client, auth.scopes, job.timeout
            )
        return login_request(job.endpoint, auth.username or "", secret.reveal(), job.timeout)

    async def _attempt(self, kind: GrantKind, request: Request, secret: str) -> GrantResult:
        self._doing = kind
        self.problems.pop(kind, None)
        answered = await self._line.ask(self._job, request)
        if isinstance(answered, Refusal):
            self.skipped(answered.reason)
            return answered
        verdict, result = answered
        if (problem := told_problem(result, secret)) is not None:
            self.problems[kind] = problem
        finding, grant = verdict.finding, None
        usable = finding is None or finding.reason == "slow"
        if usable and isinstance(result, Exchange):
            try:
                grant = self._granted(result, verdict.document)
            except BadGrantError as error:
                finding = Finding("body_invalid", str(error))
        self._tell(kind, replace(verdict, finding=finding), grant)
        return _failure(result) if grant is None else grant

    def _granted(self, exchange: Exchange, content: Mapping[str, Json] | None) -> Grant:
        """The token in an answer, with what is left of its life now that the answer is here."""
        grant = grant_of(exchange, content)
        for token in (grant.access_token, grant.refresh_token):
            remember_token(token or "")
        told = grant.lifetime - on_its_way(exchange) if grant.known else None
        if told is not None and told <= 0:
            raise BadGrantError("the access_token ended while its answer was on the way")
        left = self.ages.expected(told)
        return grant if left is None else replace(grant, lifetime=left, known=True)

    def _tell(self, kind: GrantKind, verdict: Verdict, grant: Grant | None) -> None:
        call, run = verdict.call, conclude([verdict], verdict.call.at)
        lifetime = grant.lifetime if grant is not None and grant.known else None
        self._line.emit(call)
        self._line.emit(
            Renewal(
                key=call.key,
                at=call.at,
                grant=kind,
                reason=run.reason if grant is None else None,  # a slow one gave a token as well
                expires=None if lifetime is None else call.at + lifetime,
                lifetime=lifetime,
                skew=None if grant is None else grant.skew,
            )
        )
        self._line.emit(run)


def _failure(result: Exchange | Fault) -> Failure:
    asked = retry_after(result.headers, result.timing.at)
    throttled = result.status == _THROTTLED
    if asked is None:
        asked = DEFAULT_DELAY if throttled else 0.0
    return Failure(result.status in _REFUSALS, throttled, asked)
