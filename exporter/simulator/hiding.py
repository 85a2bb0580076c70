"""What must not be shown of a request: by the names of its parts, and by the looks of values."""

import re
from typing import Final

HIDDEN: Final = "[hidden]"

# Parts of names, dashes and underscores left out.
_NAMES: Final = (
    *("auth", "cookie", "credential", "jwt", "key", "pass", "pwd"),
    *("secret", "session", "signature", "token"),
)
_LOOKS: Final = (
    # A JWT (RFC 7519): its header begins with `{"` in base64.
    re.compile(r"eyJ[\w-]{5,}(?:\.[\w-]*)*"),
    # The opaque tokens that are issued here. A trace's or a span's id is shorter.
    re.compile(r"[0-9a-f]{48,}", re.IGNORECASE),
    # What follows a scheme of RFC 7235, and the user information of a URL.
    re.compile(r"(?<=\bbearer )\S+|(?<=\bbasic )\S+", re.IGNORECASE),
    re.compile(r"(?<=://)[^/?#@\s]+(?=@)"),
)
# A parameter within a value, such as the query of a Referer. Its name is looked at once, from its
# first letter: whoever sends a request chooses how long it is.
_PAIR: Final = re.compile(
    rf"(?<![\w-])(?=[\w-]*(?:{'|'.join(_NAMES)}))([\w-]++(?:=|%3D)[\"']?)[^&;,\s\"']+",
    re.IGNORECASE,
)


def shown(value: str, name: str = "") -> str:
    """Make a piece of a request fit for a report.

    Args:
        value: A header's or a query parameter's value, a path, or any other piece.
        name: What the piece is called, where it has a name.

    Returns:
        The value with nothing in it that is a token, a password or a key by its name or by its
        looks, and without what JSON cannot hold.
    """
    bare = name.lower().replace("-", "").replace("_", "")
    if any(part in bare for part in _NAMES):
        return HIDDEN
    # Bytes that were no UTF-8 arrive as lone surrogates.
    text = value.encode("utf-8", "replace").decode()
    for look in _LOOKS:
        text = look.sub(HIDDEN, text)
    return _PAIR.sub(rf"\1{HIDDEN}", text)
