"""A token that is got by login and renewed: one renewal at a time, whoever waits for it.

It is renewed when somebody wants it and its last part of life has begun; so a target whose
surfaces are off costs no login, and no token is ever sent after its end.
"""

import asyncio
import logging
import random
from collections.abc import Mapping
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from exporter.api.auth import (
    BadGrantError,
    Grant,
    bearer_authorization,
    client_credentials_request,
    grant_of,
    login_request,
    refresh_request,
)
from exporter.checks.finding import Finding
from exporter.config import Auth, Secret, secret_of
from exporter.context import Mint
from exporter.gates.slots import Slots
from exporter.job import Job
from exporter.observation import (
    Emit,
    GrantKind,
    Key,
    Reason,
    Rejection,
    Renewal,
    Run,
    Skip,
    SkipReason,
)
from exporter.plan import RENEWAL_SPACING
from exporter.probe import Send
from exporter.redaction import remember
from exporter.tokens.credentials import REFUSED_FOR, Clock, Headers
from exporter.verdict import Verdict, judge
from exporter.wire import Exchange, Request

_LONGEST_BACKOFF: Final = 60.0
_JITTER: Final = 0.1
"""Back-off as the guide has it (chapter "Exponential Backoff Strategy")."""
_STUBBORN_FOR: Final = 300.0
"""Seconds in which a surface that rejects fresh tokens too costs no further renewal."""

_REFUSALS: Final[Mapping[str, tuple[Reason, ...]]] = {
    "login": ("auth_rejected", "forbidden"),
    "oauth2": ("auth_rejected", "forbidden", "validation"),
}
"""What says that the secret is wrong; OAuth 2 says so by 400 (RFC 6749, section 5.2)."""

_log = logging.getLogger(__name__)


class Wire(Struct, frozen=True):
    """What leads to a target: how to send, the slots that bound it, and who traces it."""

    send: Send
    slots: Slots
    mint: Mint = Mint()  # it keeps nothing of a target


class _Held(Struct, frozen=True):
    """A token in use; its times are on the steady clock."""

    headers: Headers
    expires: float
    renew: float


class RenewingToken:
    """Owns the token of one target. Each login and each refresh is a passive run.

    Args:
        jobs: how to log in and, where that can be, how to refresh.
        auth: of type ``login`` or ``oauth2``.
        wire: to the target.
        emit: takes what was observed.
        clock: tells the time.
    """

    def __init__(
        self,
        jobs: Mapping[GrantKind, Job],
        auth: Auth,
        wire: Wire,
        emit: Emit,
        clock: Clock | None = None,
    ) -> None:
        """Hold what a login needs; nothing is sent before somebody wants a token."""
        self._jobs = jobs
        self._auth = auth
        self._wire = wire
        self._emit = emit
        self._clock = clock or Clock()
        self._held: _Held | None = None
        self._refresh_token: str | None = None
        self._renewal: asyncio.Task[None] | None = None
        self._not_before = 0.0
        self._failures = 0
        self._refused_secret: Secret | None = None
        self._stubborn: dict[Key, float] = {}
        self._doing: GrantKind = "login"

    async def headers(self, patience: float) -> Headers | None:
        """See ``Credentials``."""
        held, now = self._held, self._clock.steady()
        if held is None or now >= held.renew:
            self._begin()
        if held is not None and now < held.expires:
            return held.headers
        return await self._after_renewal(patience)

    async def renewed(self, rejected: Headers, key: Key, patience: float) -> Headers | None:
        """See ``Credentials``; requests that were rejected together cost one renewal."""
        if self._held is not None and self._held.headers is not rejected:
            return await self.headers(patience)
        if self._renewal is not None:
            found = await self._after_renewal(patience)
            return None if found is rejected else found
        if self._held is not None:
            # A token that is fresh, or no better than the last one was here, is worth no other.
            kept = self._clock.steady() < max(self._not_before, self._stubborn.get(key, 0))
            self._emit(Rejection(key, self._clock.wall(), dropped=not kept))
            if kept:
                return None
            self._held = None
        self._begin()
        return await self._after_renewal(patience)

    def refused(self, key: Key) -> None:
        """See ``Credentials``: the fault is the surface's, or the account's on it."""
        self._stubborn[key] = self._clock.steady() + _STUBBORN_FOR

    def accepted(self, headers: Headers, key: Key) -> None:
        """See ``Credentials``: one id that is accepted says nothing of another that is not."""

    async def close(self) -> None:
        """See ``Credentials``; what is in flight counts as a skip."""
        if self._renewal is not None:
            self._renewal.cancel()
            await asyncio.wait({self._renewal})

    async def _after_renewal(self, patience: float) -> Headers | None:
        if self._renewal is not None:
            await asyncio.wait({self._renewal}, timeout=patience)
        held = self._held
        return held.headers if held and self._clock.steady() < held.expires else None

    def _begin(self) -> None:
        now = self._clock.steady()
        if self._renewal is None and (now >= self._not_before or self._secret_changed()):
            self._not_before = now + RENEWAL_SPACING
            self._renewal = asyncio.create_task(self._renew())

    def _secret_changed(self) -> bool:
        if self._refused_secret is None:
            return False
        return self._secret() not in (None, self._refused_secret)

    async def _renew(self) -> None:
        """Refresh, or else log in; the API is asked by one of a target's essential slots."""
        self._doing = "login"
        essential = self._jobs["login"].essential
        try:
            patience = self._jobs["login"].timeout
            if not await self._wire.slots.acquire(essential=essential, patience=patience):
                self._skip("overrun")
                return
            try:
                await self._refresh() or await self._log_in()
            finally:
                self._wire.slots.release(essential=essential)
        except asyncio.CancelledError:
            self._skip("shutdown")
        except Exception as error:  # noqa: BLE001  # a fault of ours is a run, not silence
            self._internal(error)
        finally:
            self._renewal = None

    async def _refresh(self) -> bool:
        job, token = self._jobs.get("refresh"), self._refresh_token
        if job is None or token is None:
            return False
        self._refresh_token = None  # one attempt: after a failure the login follows
        request = refresh_request(job.endpoint, token, job.timeout)
        return await self._attempt("refresh", request) is None

    async def _log_in(self) -> bool:
        secret = self._secret()
        if secret is None:
            self._skip("no_token")
            self._back_off()
            return False
        reason = await self._attempt("login", self._login_request(secret))
        if reason in _REFUSALS[self._auth.type]:
            self._refused_secret = secret
            self._not_before = self._clock.steady() + REFUSED_FOR
        elif reason is not None:
            self._back_off()
        return reason is None

    def _login_request(self, secret: Secret) -> Request:
        auth, job = self._auth, self._jobs["login"]
        if auth.type == "oauth2":
            return client_credentials_request(
                auth.token_url or "",
                auth.client_id or "",
                secret.reveal(),
                auth.scopes,
                job.timeout,
            )
        return login_request(job.endpoint, auth.username or "", secret.reveal(), job.timeout)

    async def _attempt(self, kind: GrantKind, request: Request) -> Reason | None:
        """Send, learn, and tell; ``None`` where there is a token now."""
        self._doing = kind
        job = self._jobs[kind]
        context = self._wire.mint.begin()
        result = await self._wire.send(replace(request, traceparent=context.traceparent))
        verdict = judge(job, result, path=request.path, context=context)
        finding, grant = verdict.finding, None
        usable = finding is None or finding.reason == "slow"
        if usable and isinstance(result, Exchange):
            try:
                grant = grant_of(result)
            except BadGrantError as error:
                finding = Finding("body_invalid", str(error))
        if grant is not None:
            self._hold(grant)
        self._tell(kind, verdict, finding, grant)
        return None if grant is not None else (finding.reason if finding else "internal")

    def _hold(self, grant: Grant) -> None:
        now = self._clock.steady()
        for token in (grant.access_token, grant.refresh_token):
            remember(token or "")
        headers = {"Authorization": bearer_authorization(grant.access_token)}
        expires = now + grant.lifetime
        self._held = _Held(headers, expires, expires - grant.early)
        # A server that does not rotate keeps the old one good (RFC 6749, section 6).
        self._refresh_token = grant.refresh_token or self._refresh_token
        self._failures = 0
        self._refused_secret = None

    def _tell(
        self, kind: GrantKind, verdict: Verdict, finding: Finding | None, grant: Grant | None
    ) -> None:
        call, reason = verdict.call, finding.reason if finding else None
        lifetime = None if grant is None else grant.lifetime
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
            )
        )

    def _back_off(self) -> None:
        delay = min(2.0**self._failures, _LONGEST_BACKOFF)
        self._failures = min(self._failures + 1, 10)
        self._refused_secret = None
        self._not_before = self._clock.steady() + delay * random.uniform(1, 1 + _JITTER)  # noqa: S311  # no secret

    def _secret(self) -> Secret | None:
        try:
            return secret_of(self._auth)
        except (OSError, ValueError) as error:
            fields = {"target": self._jobs["login"].key.target, "error": str(error)}
            _log.error("cannot read the secret of the login", extra={"fields": fields})
            return None

    def _internal(self, error: Exception) -> None:
        key, kind = self._jobs[self._doing].key, type(error).__name__
        if not self._failures:
            fields = {"target": key.target, "surface": key.surface}
            _log.error("a fault of the exporter", exc_info=error, extra={"fields": fields})
        self._back_off()
        self._emit(Run(key, self._clock.wall(), 0.0, reason="internal", detail=kind))

    def _skip(self, reason: SkipReason) -> None:
        self._emit(Skip(self._jobs[self._doing].key, self._clock.wall(), reason))
