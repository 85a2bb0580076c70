"""What is given and not got: a token in a file, or a password that goes with every request."""

import logging
import math
from pathlib import Path

from exporter.api.auth import (
    BadGrantError,
    basic_authorization,
    bearer_authorization,
    token_lifetime,
)
from exporter.config import Auth, Secret, secret_file_of, secret_of
from exporter.observation import Emit, Key, Rejection, Renewal
from exporter.tokens.credentials import REFUSED_FOR, Clock, Headers

_UNPROVED_FOR = 10.0
"""Seconds between requests with a password that nothing accepted yet."""

_log = logging.getLogger(__name__)


class _Secrets:
    """The secret of an ``auth``, read again when its file changed."""

    def __init__(self, auth: Auth, target: str) -> None:
        self._auth = auth
        self._file = secret_file_of(auth)
        self._target = target
        self._stamp: object = object()
        self.secret: Secret | None = None

    def changed(self) -> bool:
        """Look, and read; whether there is another secret (or none any more) than before."""
        stamp = self._stamp_now()
        if stamp == self._stamp:
            return False
        self._stamp = stamp
        before = self.secret
        try:
            self.secret = secret_of(self._auth)
        except (OSError, ValueError) as error:
            self.secret = None
            fields = {"target": self._target, "error": str(error)}
            _log.error("cannot read the secret", extra={"fields": fields})
        return self.secret != before

    def _stamp_now(self) -> object:
        if self._file is None:
            return None
        try:
            status = Path(self._file).stat()
        except OSError as error:
            return error.errno
        return (status.st_mtime_ns, status.st_size, status.st_ino)


class TokenFile:
    """A bearer token that somebody else puts into a file, and replaces there.

    Args:
        key: of the login, as whose renewals the readings of the file are told.
        auth: of type ``bearer``.
        emit: takes what was observed.
        clock: tells the time.
    """

    def __init__(self, key: Key, auth: Auth, emit: Emit, clock: Clock | None = None) -> None:
        """Hold; the file is read when somebody wants the token."""
        self._key = key
        self._emit = emit
        self._clock = clock or Clock()
        self._secrets = _Secrets(auth, key.target)
        self._headers: Headers | None = None
        self._expires = 0.0

    async def headers(self, patience: float) -> Headers | None:
        """See ``Credentials``."""
        del patience
        if self._secrets.changed():
            self._take()
        return self._headers if self._clock.steady() < self._expires else None

    async def renewed(self, rejected: Headers, key: Key, patience: float) -> Headers | None:
        """See ``Credentials``: only another token in the file is worth another attempt."""
        self._emit(Rejection(key, self._clock.wall()))
        headers = await self.headers(patience)
        return None if headers is rejected else headers

    def refused(self, key: Key) -> None:
        """See ``Credentials``."""

    def accepted(self, headers: Headers, key: Key) -> None:
        """See ``Credentials``."""

    async def close(self) -> None:
        """See ``Credentials``."""

    def _take(self) -> None:
        self._headers = None
        secret, now = self._secrets.secret, self._clock.wall()
        if secret is None:
            return
        try:
            authorization = bearer_authorization(secret.reveal())
            lifetime = token_lifetime(secret.reveal(), None, now, None)
        except BadGrantError:
            self._emit(Renewal(self._key, now, "file", "auth_rejected"))
            return
        self._headers = {"Authorization": authorization}
        if lifetime is None:
            self._expires = math.inf
            self._emit(Renewal(self._key, now, "file"))
        else:
            self._expires = self._clock.steady() + lifetime
            self._emit(Renewal(self._key, now, "file", None, now + lifetime, lifetime))


class Password:
    """A user name and a password that go with every request (RFC 7617).

    Args:
        auth: of type ``basic``.
        target: its name, for the log.
        clock: tells the time.
    """

    def __init__(self, auth: Auth, target: str, clock: Clock | None = None) -> None:
        """Hold; a file is read when somebody wants it."""
        self._username = auth.username or ""
        self._clock = clock or Clock()
        self._secrets = _Secrets(auth, target)
        self._headers: Headers | None = None
        self._accepted: set[Key] = set()
        self._not_before = 0.0

    async def headers(self, patience: float) -> Headers | None:
        """See ``Credentials``."""
        del patience
        if self._secrets.changed():
            self._take()
        now = self._clock.steady()
        if now < self._not_before:
            return None
        if not self._accepted:
            self._not_before = now + _UNPROVED_FOR  # or all would try a wrong one at once
        return self._headers

    async def renewed(self, rejected: Headers, key: Key, patience: float) -> Headers | None:
        """See ``Credentials``; what may be a wrong password is not tried again for a while.

        It may be one where no surface accepted it yet, or where one that did does no longer.
        """
        del patience
        if self._secrets.changed():
            self._take()
        if self._headers is not rejected:
            return await self.headers(0)
        if not self._accepted or key in self._accepted:
            self._accepted.clear()
            self._not_before = self._clock.steady() + REFUSED_FOR
        return None

    def refused(self, key: Key) -> None:
        """See ``Credentials``."""

    def accepted(self, headers: Headers, key: Key) -> None:
        """See ``Credentials``: it is right, so that another surface's 401 is that surface's."""
        if headers is self._headers and key not in self._accepted:
            self._accepted.add(key)
            self._not_before = 0.0

    async def close(self) -> None:
        """See ``Credentials``."""

    def _take(self) -> None:
        self._accepted.clear()
        self._not_before, self._headers = 0.0, None
        if (secret := self._secrets.secret) is not None:
            authorization = basic_authorization(self._username, secret.reveal())
            self._headers = {"Authorization": authorization}
