"""A token that is got by login and renewed: one renewal at a time, whoever waits for it.

It is got when somebody wants it first, and from then on renewed when the last part of its life
begins, whoever asks then: a probe that comes once a day finds one too. No token is ever sent after
its end.
"""

import asyncio
import logging
import math
from collections.abc import Mapping

from msgspec.structs import replace

from exporter.auth.backoff import AccountKey, Backoff, log_fields
from exporter.auth.clock import Clock, Timer
from exporter.auth.grant import Attempts, Failure, GrantLine, grants_of
from exporter.auth.identity import Headers, Identity
from exporter.auth.rejections import Rejections
from exporter.auth.secrets import Secrets
from exporter.auth.token import HeldToken, Legacy
from exporter.config import Auth, Secret
from exporter.gates.gate import Refusal
from exporter.model.observation import Call, GrantKind, Key, Rejection
from exporter.model.put_off import PutOff, PutOffFor
from exporter.planning.job import Job, TargetPlan
from exporter.protocol.token_request import bearer_authorization
from exporter.protocol.token_response import Grant, early

_log = logging.getLogger(__name__)


class RenewingToken(Identity):
    """Owns the token of one target. Each login and each refresh is a passive run.

    ``auth`` is of type ``login`` or ``oauth2``, and ``jobs`` are as `grants_of` has them;
    ``account`` is whose token it is.
    """

    def __init__(  # noqa: PLR0913, PLR0917  # what it is made of
        self,
        jobs: Mapping[GrantKind, Job],
        auth: Auth,
        line: GrantLine,
        account: AccountKey,
        secrets: Secrets,
        clock: Clock,
    ) -> None:
        """Hold what a login needs; nothing is sent before somebody wants a token."""
        self._auth = auth
        self._emit = line.emit
        self._clock = clock
        self._attempts = Attempts(jobs, auth, line, clock)
        self.problems = self._attempts.problems
        self._spacing = Backoff(account)
        self._secrets = secrets
        self._doubts = Rejections()
        self._held: HeldToken | None = None
        self._refresh_token: str | None = None
        self._renewal: asyncio.Task[None] | None = None
        self._timer: Timer | None = None
        self._begun = False
        """Whether there was a first login: from then on there is to be a token at any time."""
        self._needed = False
        self._resting = False
        self._unreadable = ""
        self._unrefreshed = self._shut_out = False
        self._told: PutOffFor | None = None

    @property
    def legacy(self) -> Legacy:
        """What is left to the owner that takes its place; this one may still go on with it."""
        kept = (self._spacing, self._attempts.ages, self._auth)
        return Legacy(self._begun, *kept, self._held, self._refresh_token)

    @property
    def put_off(self) -> PutOff | None:
        """Why no attempt is made now; ``None`` where one may be, or is in flight."""
        return None if self._renewal is not None else self._put_off()

    async def refresh_once(self) -> bool:
        """Refresh now, as somebody wants to see how that goes: no login follows.

        Whether the last login gave something to refresh with.
        """
        token = self._refresh_token
        if token is None:
            return False
        result = await self._attempts.refresh(token)
        if isinstance(result, Grant):
            self._hold(result, result.refresh_token or token)
        return True

    def retry(self) -> None:
        """Somebody wants an attempt now, if one is wanted at all: see ``Backoff.forgive``."""
        self._spacing.forgive()
        self._set_timer()

    def succeed(self, legacy: Legacy) -> None:
        """Go on with what another owner left: what is the same account's."""
        self._begun = legacy.begun
        if self._spacing.account != legacy.spacing.account:
            return
        self._spacing, self._attempts.ages = legacy.spacing, legacy.ages
        if self._auth == legacy.auth:
            self._held, self._refresh_token = legacy.held, legacy.refresh_token

    def apply(self, plan: TargetPlan, secrets: Secrets) -> None:
        """See ``Identity``; what leads to the target is as before."""
        del secrets
        self._attempts.jobs = grants_of(plan)
        self._needed = any(job.credential == "account" for job in plan.jobs)
        self._set_timer()

    async def headers(self, key: Key, patience: float) -> Headers | None:
        """See ``Identity``."""
        del key
        now = self._clock.steady()
        if self._wanted(now):
            self._begin(now)
        held = self._held
        if held is not None and now < held.expires:
            return held.headers
        return await self._after_renewal(patience)

    def over(self, headers: Headers, key: Key) -> bool:
        """See ``Identity``; also where a newer token came, or this one was given up."""
        del key
        held = self._held
        return held is None or held.headers is not headers or self._clock.steady() >= held.expires

    async def renewed(self, rejected: Headers, key: Key, patience: float) -> Headers | None:
        """See ``Identity``; requests that were rejected together cost one renewal.

        The token stays in use for all others until another one came, as the fault may be the
        surface's; it is given up once a second component rejected it and none accepted it between.
        """
        if self.over(rejected, key):
            found = await self.headers(key, patience)
        elif self._doubted(key):
            self._begin(self._clock.steady())
            found = await self._after_renewal(patience)
        else:
            return None
        return None if found is rejected else found

    def accepted(self, call: Call) -> None:
        """See ``Identity``: a token that one surface accepts is not worth giving up."""
        held = self._held
        if held is None:
            return
        if self._attempts.ages.accepted(self._clock.steady() - held.since, call.key):
            self._renew_sooner(held)
        if self._doubts:
            self._doubts.settle()

    def refused(self, call: Call) -> None:
        """See ``Identity``: the fault is the surface's, or the account's on it."""
        self._doubts.persisted(call.key, self._clock.steady())
        self._attempts.ages.refused(call.key)

    def rest(self) -> None:
        """Renew no more, and end what is in flight: it is for the owner that follows to renew."""
        self._resting = True
        self._set_timer()
        if self._renewal is not None:
            self._renewal.cancel()

    async def close(self) -> None:
        """See ``Identity``; what is in flight counts as a skip."""
        self.rest()
        if self._renewal is not None:
            await asyncio.wait({self._renewal})

    def _doubted(self, key: Key) -> bool:
        """Take in a 401 to the token in use; whether another one is wanted."""
        now, under_way = self._clock.steady(), self._renewal is not None
        possible = self._spacing.allows(now, self._secret)
        wanted = self._doubts.raised(key, now, under_way=under_way, possible=possible)
        if self._held is not None:
            self._attempts.ages.rejected(now - self._held.since, key)
        dropped = wanted and self._doubts.shared
        if dropped:
            self._held = None
        self._emit(Rejection(key, self._clock.wall(), dropped=dropped))
        return wanted

    def _wanted(self, now: float) -> bool:
        return self._held is None or now >= self._held.renew or bool(self._doubts)

    async def _after_renewal(self, patience: float) -> Headers | None:
        if self._renewal is not None:
            await asyncio.wait({self._renewal}, timeout=patience)
        held = self._held
        return held.headers if held and self._clock.steady() < held.expires else None

    def _begin(self, now: float) -> None:
        if self._resting or self._renewal is not None:
            return
        if self._spacing.allows(now, self._secret):
            self._spacing.begun(now)
            self._begun = True
            self._renewal = asyncio.create_task(self._renew())

    def _set_timer(self) -> None:
        """Have it renewed when its time comes, once there was a first login."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._needed and self._begun and not self._resting and self._renewal is None:
            when = self._spacing.not_before
            if self._held is not None and not self._doubts:
                when = max(when, self._held.renew)
            self._timer = self._clock.call_at(when, self._on_time)

    def _on_time(self) -> None:
        self._timer = None
        now = self._clock.steady()
        if self._wanted(now):
            self._begin(now)
        self._set_timer()  # it may be a little early, or the next attempt is for later

    async def _renew(self) -> None:
        """Refresh, or else log in."""
        attempts = self._attempts
        attempts.begin()
        try:
            if not await self._refresh():
                await self._log_in()
        except asyncio.CancelledError:
            attempts.skipped("shutdown")
        except Exception as error:  # noqa: BLE001  # a fault of ours is a run, not silence
            attempts.broken(error)
            self._failed()
        finally:
            self._renewal = None
            self._set_timer()

    async def _refresh(self) -> bool:
        """Whether no login is to follow."""
        token = self._refresh_token
        if "refresh" not in self._attempts.jobs or token is None:
            return False
        self._refresh_token = None  # one attempt: after a failure the login follows
        result = await self._attempts.refresh(token)
        if isinstance(result, Refusal):
            self._refresh_token = token
            return True
        self._unrefreshed = not isinstance(result, Grant)
        if isinstance(result, Grant):
            # A server that does not rotate keeps the old one good (RFC 6749, section 6).
            self._hold(result, result.refresh_token or token)
            return True
        held = self._held
        if not result.throttled or held is None or self._clock.steady() >= held.expires:
            return False
        self._refresh_token = token  # a login would be one request too many as well
        self._failed(result)
        return True

    async def _log_in(self) -> None:
        self._attempts.begin()  # what never comes to be sent is no refresh any more
        await self._secrets.look()  # a login may be refused but once: it is to be the newest
        secret = self._secret()
        if secret is None:
            self._attempts.skipped("no_token")
            self._failed()
            return
        result = await self._attempts.log_in(secret)
        if isinstance(result, Grant):
            self._hold(result, result.refresh_token)
            if self._shut_out:  # the account was, and not the refresh alone
                self._attempts.moot()
            self._shut_out = self._unrefreshed = False
            return
        if isinstance(result, Refusal):
            return
        self._shut_out |= self._unrefreshed
        if result.refused:
            self._spacing.refused(self._clock.steady(), secret)
            self._tell_put_off()
        else:
            self._failed(result)

    def _failed(self, failure: Failure | None = None) -> None:
        self._spacing.failed(self._clock.steady(), 0.0 if failure is None else failure.asked)
        self._tell_put_off()

    def _put_off(self) -> PutOff | None:
        now = self._clock.steady()
        found = self._spacing.put_off(now)
        if found is None:
            return None
        why, since = found
        wall, left = self._clock.wall(), self._spacing.not_before - now
        return PutOff(why, wall - (now - since), wall + left, left, self._attempts.said)

    def _tell_put_off(self) -> None:
        """Log it: a refusal each time, as attempts are rare then, all else where it begins."""
        found = self._put_off()
        if found is None or (found.why == self._told and found.why != "refused"):
            return
        self._told = found.why
        fields = {"target": self._attempts.jobs["login"].key.target, **log_fields(found)}
        _log.warning("the next login is put off", extra={"fields": fields})

    def _hold(self, grant: Grant, refresh_token: str | None) -> None:
        headers = {"Authorization": bearer_authorization(grant.access_token)}
        now = self._clock.steady()
        ends = now + grant.lifetime if grant.known else math.inf
        self._held = HeldToken(headers, now, ends, now + grant.lifetime - grant.early)
        self.proof += 1
        self._attempts.ages.began()
        self._refresh_token = refresh_token
        self._doubts.settle()
        self._spacing.succeeded()
        self._told = None

    def _renew_sooner(self, held: HeldToken) -> None:
        """The token in use is like those of which was just learned how long they live."""
        life = self._attempts.ages.life
        if life is not None:
            self._held = replace(held, renew=min(held.renew, held.since + life - early(life)))
            self._set_timer()

    def _secret(self) -> Secret | None:
        problem = self._secrets.problem
        if problem and problem != self._unreadable:  # each run asks again
            self._secrets.complain("cannot read the secret of the login", problem)
        self._unreadable = problem
        return self._secrets.secret
