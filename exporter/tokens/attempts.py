"""One login or one refresh: what is sent, what comes of it, and what is told of it."""

import logging
from collections.abc import Mapping
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from exporter.api.auth import (
    BadGrantError,
    Client,
    Grant,
    client_credentials_request,
    grant_of,
    login_request,
    on_its_way,
    refresh_request,
)
from exporter.api.heard import told_problem
from exporter.api.problems import DEFAULT_DELAY, ApiProblem
from exporter.api.ratelimit import retry_after
from exporter.checks.finding import Finding
from exporter.config import Auth, Secret
from exporter.context import Mint
from exporter.gates.slots import Slots
from exporter.job import Job
from exporter.observation import Emit, GrantKind, Key, Renewal, Run, Skip, SkipReason
from exporter.probe import Send
from exporter.redaction import remember_token
from exporter.tokens.ages import Ages
from exporter.tokens.credentials import Clock
from exporter.verdict import Verdict, judge
from exporter.wire import Exchange, Fault, Json, Request

_REFUSALS: Final = (400, 401, 403, 422, 423)
"""What says that the account or its secret is wrong, or locked: 401 and 422 are the API's, 400 is
OAuth's (RFC 6749, section 5.2), 423 is RFC 4918's, section 11.3."""
_THROTTLED: Final = 429

_log = logging.getLogger(__name__)


class Wire(Struct, frozen=True):
    """What leads to a target: how to send, the slots that bound it, and who traces it."""

    send: Send
    slots: Slots
    mint: Mint = Mint()  # it keeps nothing of a target


class Failure(Struct, frozen=True):
    """No token came.

    ``refused`` is for the secret, or the refresh token; ``throttled`` is for its being one request
    too many; ``asked`` is for how many seconds the server wants to be left alone.
    """

    refused: bool = False
    throttled: bool = False
    asked: float = 0.0


class Attempts:
    """Asks for tokens, and tells each time what came of it: a call, a renewal and a passive run.

    Args:
        jobs: how to log in and, where that can be, how to refresh.
        auth: of type ``login`` or ``oauth2``.
        wire: to the target.
        emit: takes what was observed.
        clock: tells the time.

    ``ages`` knows how long tokens live, whatever is said of it; ``problems`` has what the API said
    is wrong with the last login and the last refresh.
    """

    def __init__(
        self, jobs: Mapping[GrantKind, Job], auth: Auth, wire: Wire, emit: Emit, clock: Clock
    ) -> None:
        """Hold what a login needs."""
        self.jobs = jobs
        self._auth = auth
        self._wire = wire
        self._emit = emit
        self._clock = clock
        self.ages = Ages()
        self.problems: dict[GrantKind, ApiProblem] = {}
        self._doing: GrantKind = "login"

    @property
    def said(self) -> str:
        """What the API said is wrong with the last login; nothing where that is well."""
        problem = self.problems.get("login")
        return "" if problem is None else problem.text

    async def log_in(self, secret: Secret) -> Grant | Failure:
        """Ask for a token with the account.

        Args:
            secret: its password.

        Returns:
            The token, or what became of it.
        """
        return await self._attempt("login", self._login_request(secret), secret.reveal())

    async def refresh(self, token: str) -> Grant | Failure:
        """Ask for a token with the refresh token of the last one.

        Args:
            token: the refresh token.

        Returns:
            The token, or what became of it.
        """
        job = self.jobs["refresh"]
        request = refresh_request(job.endpoint, token, job.timeout)
        return await self._attempt("refresh", request, token)

    def skipped(self, reason: SkipReason) -> None:
        """Tell that what was to be done was not."""
        self._emit(Skip(self._key, self._clock.wall(), reason))

    def moot(self) -> None:
        """Tell that a failed refresh says nothing any more: what was to be refreshed is over."""
        self._emit(Skip(self.jobs["refresh"].key, self._clock.wall(), "no_resource"))

    def broken(self, error: Exception, *, again: bool) -> None:
        """Tell of a fault of our own: a run, not silence; logged where it is not ``again``."""
        key, kind = self._key, type(error).__name__
        if not again:
            fields = {"target": key.target, "surface": key.surface}
            _log.error("a fault of the exporter", exc_info=error, extra={"fields": fields})
        self._emit(Run(key, self._clock.wall(), 0.0, reason="internal", detail=kind))

    def begin(self) -> None:
        """Begin with a login, for who is told of what never came to be sent."""
        self._doing = "login"

    @property
    def _key(self) -> Key:
        return self.jobs[self._doing].key

    def _login_request(self, secret: Secret) -> Request:
        auth, job = self._auth, self.jobs["login"]
        if auth.type == "oauth2":
            client = Client(auth.client_id or "", secret.reveal(), auth.client_auth or "basic")
            return client_credentials_request(
                auth.token_url or "", client, auth.scopes, job.timeout
            )
        return login_request(job.endpoint, auth.username or "", secret.reveal(), job.timeout)

    async def _attempt(self, kind: GrantKind, request: Request, secret: str) -> Grant | Failure:
        self._doing = kind
        self.problems.pop(kind, None)
        context = self._wire.mint.begin()
        result = await self._wire.send(replace(request, traceparent=context.traceparent))
        if (problem := told_problem(result, secret)) is not None:
            self.problems[kind] = problem
        job = self.jobs[kind]
        verdict = await judge(job, result, path=request.path, context=context)
        finding, grant = verdict.finding, None
        usable = finding is None or finding.reason == "slow"
        if usable and isinstance(result, Exchange):
            try:
                grant = self._granted(result, verdict.document)
            except BadGrantError as error:
                finding = Finding("body_invalid", str(error))
        self._tell(kind, verdict, finding, grant)
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

    def _tell(
        self, kind: GrantKind, verdict: Verdict, finding: Finding | None, grant: Grant | None
    ) -> None:
        call, reason = verdict.call, finding.reason if finding else None
        lifetime = grant.lifetime if grant is not None and grant.known else None
        self._emit(call)
        self._emit(
            Renewal(
                key=call.key,
                at=call.at,
                grant=kind,
                reason=reason if grant is None else None,  # a slow one gave a token all the same
                expires=None if lifetime is None else call.at + lifetime,
                lifetime=lifetime,
                skew=None if grant is None else grant.skew,
            )
        )
        self._emit(
            Run(
                key=call.key,
                at=call.at,
                duration=call.duration,
                reason=reason,
                slow=verdict.slow and reason is None,
                deciding=call,
                detail=finding.detail if finding else "",
                check=finding.check if finding else "",
            )
        )


def _failure(result: Exchange | Fault) -> Failure:
    asked = retry_after(result.headers, result.timing.at)
    throttled = result.status == _THROTTLED
    if asked is None:
        asked = DEFAULT_DELAY if throttled else 0.0
    return Failure(result.status in _REFUSALS, throttled, asked)
