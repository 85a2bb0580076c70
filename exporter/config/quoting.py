"""How keys and values are shown to a person: short, on one line, and without secrets."""

import re
from collections.abc import Collection, Iterable
from difflib import get_close_matches
from typing import Final

HIDDEN: Final = "the value (not shown)"
"""What stands for a secret."""

_LONGEST: Final = 40
"""Characters of a value or key that are shown."""
_PLAIN_KEY: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_LONGEST_NAME: Final = 64
"""What is longer is like no name of ours, and comparing it costs time."""
_MOST_COMPARED: Final = 200
"""Names. Among thousands it would take longer than the request that has the mistake."""


def escaped(text: str) -> str:
    """Make a text safe for a terminal and a log line.

    Control, format and lone surrogate characters are spelled out.
    """
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


def shortened(text: str) -> str:
    """Cut a text to what a line has room for, escaped, on one line."""
    safe = escaped(text[: _LONGEST + 1])
    return safe if len(safe) <= _LONGEST else f"{safe[: _LONGEST - 3]}..."


def quoted(text: str) -> str:
    """Show a text in double quotes, shortened."""
    return '"' + shortened(text).replace('"', '\\"') + '"'


def shown(text: str) -> str:
    """Show a text in double quotes, if there can be no secret in it.

    Users, passwords and keys are given in URLs, and URLs in the wrong places: what may be such a
    one is only spoken of.
    """
    if "@" in text or ("://" in text and "?" in text):
        return HIDDEN
    return quoted(text)


def spelled(path: Iterable[str | int]) -> str:
    """Spell a path of keys and positions, as in ``targets[0].surfaces."monitoring.*".interval``."""
    return "".join(_step(key) for key in path).removeprefix(".")


def name_in(key: str) -> str:
    """Take what may be the name of a key from what stands in its place.

    After that comes the value where a colon or a space was forgotten, as in ``{password:...}``, and
    it may be a secret.
    """
    if _PLAIN_KEY.fullmatch(key) is not None:
        return key
    name = _PLAIN_KEY.match(key)
    return f"{name[0] if name else ''}..."


def near(name: str, known: Collection[str]) -> str:
    """Name what may have been meant: ``did you mean "..."? ``, or nothing if nothing is like it."""
    found = nearest(name, known)
    return "" if found is None else f'did you mean "{found}"? '


def nearest(name: str, known: Collection[str]) -> str | None:
    """Find the known name that is most like one, if any is; none among more than 200."""
    if len(known) > _MOST_COMPARED:
        return None
    by_lower = {each.lower(): each for each in known}
    found = get_close_matches(name[:_LONGEST_NAME].lower(), by_lower, n=1)
    return by_lower[found[0]] if found else None


def _step(key: str | int) -> str:
    if isinstance(key, int):
        return f"[{key}]"
    return f".{key if _is_plain(key) else quoted(key)}"


def _is_plain(key: str) -> bool:
    return len(key) <= _LONGEST and _PLAIN_KEY.fullmatch(key) is not None
