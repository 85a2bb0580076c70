"""A password that goes with every request, and who may send it: a wrong one locks an account."""

import asyncio
import logging
from contextlib import suppress
from typing import Final

from exporter.auth.backoff import log_fields
from exporter.auth.clock import Clock
from exporter.auth.identity import REFUSED_FOR, Headers, Identity
from exporter.auth.secrets import Secrets
from exporter.client.settings import ConnectionSettings
from exporter.model.observation import Call, Key
from exporter.model.put_off import PutOff
from exporter.planning.job import TargetPlan
from exporter.protocol.token_request import basic_authorization

_log = logging.getLogger(__name__)

_WANTED_FOR: Final = 60.0
"""Seconds for which others let a surface go first that was turned away: it may be off by now."""


class _Turns:
    """Whose trial is next: of the surfaces that want one, that which had none for longest."""

    def __init__(self) -> None:
        self._wanted: dict[Key, float] = {}
        """Until when on the steady clock."""
        self._had: dict[Key, int] = {}

    def want(self, key: Key, now: float) -> None:
        self._wanted[key] = now + _WANTED_FOR

    def is_due(self, key: Key, now: float) -> bool:
        had = self._had.get(key, 0)
        before = (other for other, until in self._wanted.items() if now < until)
        return all(self._had.get(other, 0) >= had for other in before)

    def take(self, key: Key) -> None:
        self._wanted.pop(key, None)
        self._had[key] = max(self._had.values(), default=0) + 1


class BasicPassword(Identity):
    """A user name and a password that go with every request (RFC 7617).

    One that nothing accepted yet is on trial in one run at a time: all at once would lock the
    account if it were wrong. A surface that rejects it does without for a while.
    """

    def __init__(
        self, target: str, settings: ConnectionSettings, secrets: Secrets, clock: Clock
    ) -> None:
        """Hold; the password is taken when somebody wants it."""
        self._target = target
        self._account = (settings.url, settings.auth)
        self._clock = clock
        self._secrets = secrets
        self._headers: Headers | None = None
        self._accepted: set[Key] = set()
        self._lost: set[Key] = set()
        """The surfaces that accepted it and rejected it later."""
        self._paused: dict[Key, float] = {}
        """Until when on the steady clock."""
        self._not_before = self._refused_at = 0.0
        self._turns = _Turns()
        self._trial: Headers | None = None
        self._trial_over = asyncio.Event()

    @property
    def put_off(self) -> PutOff | None:
        """Why nobody sends it now; ``None`` where somebody may."""
        now = self._clock.steady()
        left = self._not_before - now
        if left <= 0:
            return None
        wall = self._clock.wall()
        return PutOff("refused", wall - (now - self._refused_at), wall + left, left)

    def retry(self) -> None:
        """Somebody wants it to be tried now: the next run does."""
        self._not_before = 0.0
        self._paused.clear()

    def fits(self, settings: ConnectionSettings) -> bool:
        """Whether it is the password of these too, whatever else changed."""
        return self._account == (settings.url, settings.auth)

    def apply(self, plan: TargetPlan, secrets: Secrets) -> None:
        """See ``Identity``: what is read from now on is the same account's."""
        del plan
        self._secrets = secrets

    async def headers(self, key: Key, patience: float) -> Headers | None:
        """See ``Identity``; a trial is waited for as a renewal is."""
        self._look()
        if not self._rejected(key) and self._has_to_wait(key):
            self._turns.want(key, self._clock.steady())
            with suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    while self._has_to_wait(key):
                        await self._trial_over.wait()
        if self._rejected(key) or self._has_to_wait(key):
            return None
        if not self._accepted and self._headers is not None:
            self._trial = self._headers
            self._turns.take(key)
        return self._headers

    def over(self, headers: Headers, key: Key) -> bool:
        """See ``Identity``: a round of requests with a wrong password would lock the account."""
        return headers is not self._headers or self._rejected(key)

    async def renewed(self, rejected: Headers, key: Key, patience: float) -> Headers | None:
        """See ``Identity``; what may be a wrong password is not tried again for a while.

        By nobody, if it may be wrong everywhere: no surface accepted it yet, or two components
        that did do no longer. Else the fault is the surface's, and only that one does without.
        """
        await self._secrets.look(patience)
        self._look()
        if self._headers is not rejected:
            return await self.headers(key, 0)
        proved, until = bool(self._accepted), self._clock.steady() + REFUSED_FOR
        self._paused[key] = until
        if key in self._accepted:
            self._accepted.remove(key)
            self._lost.add(key)
        lost = {each.component for each in self._lost if self._rejected(each)}
        if not proved or len(lost) > 1:
            self._accepted.clear()
            if self.put_off is None:
                self._refused_at = self._clock.steady()
            self._not_before = until
            self._tell_put_off()
            self._end_trial()
        return None

    def accepted(self, call: Call) -> None:
        """See ``Identity``: it is right, so that another surface's 401 is that surface's."""
        if call.key not in self._accepted:
            self._accepted.add(call.key)
            self._not_before = 0.0
            self._end_trial()

    def left(self, headers: Headers) -> None:
        """See ``Identity``: what came of the trial did not tell; the next run may."""
        if headers is self._trial:
            self._end_trial()

    def _tell_put_off(self) -> None:
        if (found := self.put_off) is not None:
            fields = {"target": self._target, **log_fields(found)}
            _log.warning("the password is not sent for a while", extra={"fields": fields})

    def _rejected(self, key: Key) -> bool:
        return self._clock.steady() < max(self._not_before, self._paused.get(key, 0.0))

    def _has_to_wait(self, key: Key) -> bool:
        if self._trial is not None:
            return True
        return not self._accepted and not self._turns.is_due(key, self._clock.steady())

    def _look(self) -> None:
        """Take the password of the file, if it is another now."""
        if not self._secrets.changed():
            return
        for known in (self._accepted, self._lost, self._paused):
            known.clear()
        self._not_before, self._headers = 0.0, None
        self.proof += 1
        self._end_trial()
        if (secret := self._secrets.secret) is not None:
            _, auth = self._account
            authorization = basic_authorization(auth.username or "", secret.reveal())
            self._headers = {"Authorization": authorization}

    def _end_trial(self) -> None:
        self._trial = None
        self._trial_over.set()
        self._trial_over = asyncio.Event()  # who has to wait on waits for the next one
