"""The last guard of what is logged: secrets that this process knows, and what looks like one.

Nothing is written on purpose that holds a secret; an exception of a library may quote one all the
same. The known ones are the process's, as its log is.
"""

import re
import threading
from itertools import chain
from sys import getsizeof
from typing import Final

HIDDEN: Final = "<secret>"

_SHORTEST: Final = 6
"""Characters: what is shorter is a part of too many words, and only its surroundings hide it."""


class _SecretKind:
    """The secrets of one kind. Of too many the oldest is forgotten, which was replaced long ago.

    So it is with more than ``most``, or ``size`` bytes; the newest one is known in any case.
    """

    def __init__(self, most: int, size: int) -> None:
        self._most, self._size = most, size
        self._taken = 0
        self.secrets: dict[str, None] = {}

    def keep(self, secret: str) -> list[str]:
        """Know one, as the newest; which are forgotten for it."""
        if secret in self.secrets:
            del self.secrets[secret]
        else:
            self._taken += getsizeof(secret)
        self.secrets[secret] = None
        forgotten: list[str] = []
        while len(self.secrets) > 1 and self._is_full:
            oldest = next(iter(self.secrets))
            del self.secrets[oldest]
            self._taken -= getsizeof(oldest)
            forgotten.append(oldest)
        return forgotten

    @property
    def _is_full(self) -> bool:
        return len(self.secrets) > self._most or self._taken > self._size


_configured: Final = _SecretKind(16384, 16 * 1024 * 1024)
_tokens: Final = _SecretKind(4096, 16 * 1024 * 1024)
_known: Final[dict[str, tuple[str, ...]]] = {}
"""All of them by how they end, so that a line costs the same with ten thousand as with ten: all
JSON Web Tokens begin alike, and end in a signature."""
_keeping: Final = threading.Lock()
"""A configuration is read in a thread of its own."""

_LOOKS_SECRET: Final = re.compile(
    r"""(?ix)
    (?P<scheme>\b(?:bearer|basic)\s+)[a-z0-9._~+/=-]{6,}      # RFC 6750, RFC 7617
    | (?P<url>://)[^\s/?\#"']+@                              # user info, RFC 3986
    | (?<![\w-])eyJ[\w-]+\.[\w-]+\.[\w-]*                             # a JSON Web Token, RFC 7519
    | (?P<field>(?:password|passwd|secret|access_token|refresh_token)(?:["']\s*:\s*|=))
      (?:"[^"]*"|'[^']*'|[^\s,;&}"']+)
    """
)


def remember(secret: str) -> None:
    """Know a secret of the configuration from now on: it is to be seen nowhere."""
    _keep(secret, _configured)


def remember_token(token: str) -> None:
    """Know a token from now on; however many come, they push no secret of another kind out."""
    _keep(token, _tokens)


def _keep(secret: str, kind: _SecretKind) -> None:
    if len(secret) < _SHORTEST:
        return
    with _keeping:
        end = secret[-_SHORTEST:]
        if secret not in (others := _known.get(end, ())):
            _known[end] = (*others, secret)
        for oldest in kind.keep(secret):
            if oldest not in _configured.secrets and oldest not in _tokens.secrets:
                _forget(oldest)


def _forget(secret: str) -> None:
    end = secret[-_SHORTEST:]
    if left := tuple(one for one in _known[end] if one != secret):
        _known[end] = left
    else:
        del _known[end]


def redacted(text: str) -> str:
    """Hide every secret in a text: ``<secret>`` is in the place of each."""
    ends = {text[at : at + _SHORTEST] for at in range(len(text) - _SHORTEST + 1)}
    possible = chain.from_iterable(_known.get(end, ()) for end in ends)
    for secret in sorted(possible, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return _LOOKS_SECRET.sub(_hide, text)


def _hide(match: re.Match[str]) -> str:
    groups = match.groupdict()
    if groups["url"]:
        return f"://{HIDDEN}@"
    return (groups["scheme"] or groups["field"] or "") + HIDDEN
