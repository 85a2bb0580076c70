"""The owner of a target's token: one login at a time, whoever waits for it."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from exporter.api.auth import BadGrantError, Token, login_request, token_of
from exporter.checks.finding import Finding
from exporter.config import Secret, secret_of
from exporter.config.schema import Auth
from exporter.gates.slots import Slots
from exporter.job import Job
from exporter.observation import Observation, Run, Skip, SkipReason
from exporter.plan import RENEWAL_SPACING
from exporter.probe import Send
from exporter.verdict import judge
from exporter.wire import Exchange

Emit: TypeAlias = Callable[[Observation], None]

_LONGEST_BACKOFF: Final = 60.0
"""Seconds (guide, "Exponential Backoff Strategy")."""
_REFUSED_BACKOFF: Final = 900.0
"""After a 401 to a login: a wrong password, tried again and again, locks an account."""

_log = logging.getLogger(__name__)


class Tokens:
    """Gets the token of one target by login and keeps it until it is over.

    Each login is a passive run of ``auth.login``. It learns of rejections as sinks do.
    """

    def __init__(self, job: Job, auth: Auth, slots: Slots, send: Send, emit: Emit) -> None:
        """Hold what a login needs; nothing is sent before somebody wants a token."""
        self._job = job
        self._auth = auth
        self._slots = slots
        self._send = send
        self._emit = emit
        self._token: Token | None = None
        self._headers: Mapping[str, str] = {}
        self._since = 0.0
        self._login: asyncio.Task[None] | None = None
        self._not_before = 0.0
        self._failures = 0
        self._refused: Secret | None = None

    async def headers(self, patience: float) -> Mapping[str, str] | None:
        """The headers that carry a valid token.

        Args:
            patience: how long to wait for a login in flight, in seconds.

        Returns:
            The headers, or ``None`` where there is no token (yet).
        """
        now = time.time()
        token = self._token
        if token is None or now >= token.renew:
            self._begin()
        if token is not None and now < token.expires:
            return self._headers
        if self._login is not None:
            await asyncio.wait({self._login}, timeout=patience)
        token = self._token
        return self._headers if token is not None and time.time() < token.expires else None

    def rejected(self, sent: float) -> None:
        """Forget a token that the API did not accept.

        Args:
            sent: when the rejected request was sent, in Unix seconds: a rejection of an
                earlier token says nothing of this one.
        """
        if sent >= self._since:
            self._token = None

    async def close(self) -> None:
        """End a login in flight; it counts as a skip."""
        if self._login is not None:
            self._login.cancel()
            await asyncio.wait({self._login})

    def _begin(self) -> None:
        now = asyncio.get_running_loop().time()
        if self._login is None and (now >= self._not_before or self._secret_changed()):
            self._not_before = now + RENEWAL_SPACING
            self._login = asyncio.create_task(self._renew())

    def _secret_changed(self) -> bool:
        if self._refused is None or self._auth.password_file is None:
            return False
        return self._secret() not in (None, self._refused)

    async def _renew(self) -> None:
        try:
            await self._attempt()
        except asyncio.CancelledError:
            self._skip("shutdown")
        finally:
            self._login = None

    async def _attempt(self) -> None:
        secret = self._secret()
        if secret is None:
            self._skip("no_token")
            self._back_off()
            return
        essential = self._job.essential
        if not await self._slots.acquire(essential=essential, patience=self._job.timeout):
            self._skip("overrun")
            return
        try:
            await self._exchange(secret)
        finally:
            self._slots.release(essential=essential)

    async def _exchange(self, secret: Secret) -> None:
        job = self._job
        username = self._auth.username or ""
        request = login_request(job.endpoint, username, secret.reveal(), job.timeout)
        result = await self._send(request)
        verdict = judge(job, result)
        finding = verdict.finding
        if finding is None and isinstance(result, Exchange):
            finding = self._learn(result)
        if finding is not None:
            self._back_off(secret if finding.reason == "auth_rejected" else None)
        self._emit(verdict.call)
        self._emit(
            Run(
                key=job.key,
                at=verdict.call.at,
                duration=verdict.call.duration,
                reason=finding.reason if finding else None,
                slow=verdict.slow,
                deciding=verdict.call,
                detail=finding.detail if finding else "",
            )
        )

    def _learn(self, exchange: Exchange) -> Finding | None:
        try:
            self._token = token_of(exchange, exchange.timing.at)
        except BadGrantError as error:
            return Finding("body_invalid", str(error))
        self._headers = {"Authorization": self._token.authorization}
        self._since = exchange.timing.at
        self._failures = 0
        self._refused = None
        return None

    def _back_off(self, refused: Secret | None = None) -> None:
        delay = min(2.0**self._failures, _LONGEST_BACKOFF)
        self._failures += 1
        self._refused = refused
        delay = delay if refused is None else _REFUSED_BACKOFF
        self._not_before = asyncio.get_running_loop().time() + delay

    def _secret(self) -> Secret | None:
        try:
            return secret_of(self._auth)
        except (OSError, ValueError) as error:
            fields = {"target": self._job.key.target, "error": str(error)}
            _log.error("cannot read the password", extra={"fields": fields})
            return None

    def _skip(self, reason: SkipReason) -> None:
        self._emit(Skip(self._job.key, time.time(), reason))
