"""The last guard of what is logged: secrets that this process knows, and what looks like one.

Nothing is written on purpose that holds a secret; an exception of a library may quote one all the
same. The known ones are the process's, as its log is.
"""

import re
from typing import Final

HIDDEN: Final = "<secret>"

_MOST: Final = 4096
"""Secrets that are known at once; the oldest is forgotten, as replaced tokens are."""
_SHORTEST: Final = 6
"""Characters: what is shorter is a part of too many words, and only its surroundings hide it."""
_known: Final[dict[str, None]] = {}

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
    """Know a secret from now on.

    Args:
        secret: the text that is to be seen nowhere.
    """
    if len(secret) >= _SHORTEST:
        _known.pop(secret, None)
        _known[secret] = None
        if len(_known) > _MOST:
            del _known[next(iter(_known))]


def redacted(text: str) -> str:
    """Hide every secret in a text.

    Args:
        text: that somebody will read.

    Returns:
        The text, with ``<secret>`` in the place of each.
    """
    for secret in _known:
        if secret in text:
            text = text.replace(secret, HIDDEN)
    return _LOOKS_SECRET.sub(_hide, text)


def _hide(match: re.Match[str]) -> str:
    groups = match.groupdict()
    if groups["url"]:
        return f"://{HIDDEN}@"
    return (groups["scheme"] or groups["field"] or "") + HIDDEN
