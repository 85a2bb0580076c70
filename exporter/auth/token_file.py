"""A token that is given and not got: somebody else puts it into a file."""

import math

from exporter.auth.clock import Clock
from exporter.auth.identity import Headers, Identity
from exporter.auth.secrets import Secrets
from exporter.model.observation import Call, Emit, Key, Rejection, Renewal
from exporter.protocol.token_lifetime import token_end, token_lifetime
from exporter.protocol.token_request import BadGrantError, bearer_authorization


class TokenFile(Identity):
    """A bearer token that somebody else puts into a file, and replaces there.

    No server tells the time here. A token that is over by our clock, and yet says how long it was
    issued for, is doubtful: it is sent until the API rejects it, as our clock may be wrong.

    ``key`` is of the login, as whose renewals the readings of the file are told.
    """

    def __init__(self, key: Key, secrets: Secrets, emit: Emit, clock: Clock) -> None:
        """Hold; the token is taken when somebody wants it."""
        self._key = key
        self._emit = emit
        self._clock = clock
        self._secrets = secrets
        self._headers: Headers | None = None
        self._doubtful: Headers | None = None
        self._expires = 0.0

    async def headers(self, key: Key, patience: float) -> Headers | None:
        """See ``Identity``."""
        del key, patience
        if self._secrets.changed():
            self._take()
        return self._headers if self._clock.steady() < self._expires else None

    def over(self, headers: Headers, key: Key) -> bool:
        """See ``Identity``."""
        del key
        return headers is not self._headers or self._clock.steady() >= self._expires

    async def renewed(self, rejected: Headers, key: Key, patience: float) -> Headers | None:
        """See ``Identity``: only another token in the file is worth another attempt."""
        doubtful = rejected is self._doubtful
        if not doubtful and not self.over(rejected, key):
            self._emit(Rejection(key, self._clock.wall()))
        await self._secrets.look(patience)
        headers = await self.headers(key, patience)
        if headers is not rejected:
            return headers
        if doubtful:
            self._give_up(BadGrantError("the token is expired, and the API rejects it"))
        return None

    def accepted(self, call: Call) -> None:
        """See ``Identity``: where it is doubtful it is good, and our clock is wrong."""
        del call
        self._doubtful = None

    def _take(self) -> None:
        self._doubtful = None
        self.proof += 1
        secret, now = self._secrets.secret, self._clock.wall()
        if secret is None:
            self._give_up()
            return
        try:
            self._headers = {"Authorization": bearer_authorization(secret.reveal())}
            lifetime = token_lifetime(secret.reveal(), None, now, None)
        except BadGrantError as error:
            self._give_up(error)
            return
        self._expires = self._clock.steady() + (math.inf if lifetime is None else lifetime)
        expires = None if lifetime is None else now + lifetime
        end = token_end(secret.reveal())
        if end is not None and end <= now:
            self._doubtful, expires = self._headers, end
        self._emit(Renewal(self._key, now, "file", None, expires, lifetime))

    def _give_up(self, error: BadGrantError | None = None) -> None:
        """Send nothing before the file changed."""
        self._headers = None
        if error is not None:
            self._secrets.complain("cannot use the token in the file", str(error))
        self._emit(Renewal(self._key, self._clock.wall(), "file", "auth_rejected"))
