"""Rules over several keys. Each looks at one struct and yields paths that begin there."""

from collections.abc import Iterator
from itertools import chain
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

from exporter.config.problems import Problem
from exporter.config.schema import Auth, Config, Latency, Target, Tls
from exporter.config.words import quoted, shown

_CREDENTIALS: Final = ("username", "password", "password_file")


def login_has_username(auth: Auth) -> Iterator[Problem]:
    """A login is somebody's."""
    if auth.type == "login" and auth.username is None:
        yield Problem(("username",), "missing; type login needs it")


def login_has_one_password(auth: Auth) -> Iterator[Problem]:
    """A password comes from one of its two keys."""
    if auth.type != "login":
        return
    if auth.password is None and auth.password_file is None:
        yield Problem(("password_file",), "missing; type login needs password_file or password")
    if auth.password is not None and auth.password_file is not None:
        yield Problem(("password_file",), "not together with password; allowed: one of the two")


def none_has_no_credentials(auth: Auth) -> Iterator[Problem]:
    """Credentials that nobody uses mean that ``type`` was forgotten."""
    found = [key for key in _CREDENTIALS if getattr(auth, key) is not None]
    if auth.type == "none" and found:
        message = f"type none takes no {' or '.join(found)}; allowed: type: login, or leave it out"
        yield Problem((found[0],), message)


def certificate_has_key(tls: Tls) -> Iterator[Problem]:
    """One of them is of no use."""
    if (tls.cert_file is None) != (tls.key_file is None):
        given, missing = ("cert_file", "key_file")[:: 1 if tls.key_file is None else -1]
        yield Problem((given,), f"needs {missing} besides; allowed: both or neither")


def good_is_not_above_bad(latency: Latency) -> Iterator[Problem]:
    """Else nothing would ever be slow."""
    if latency.good > latency.bad:
        message = f"{latency.good} is above bad, which is {latency.bad}; allowed: at most that"
        yield Problem(("good",), message)


def url_has_possible_host(target: Target) -> Iterator[Problem]:
    """What no pattern can say: a port has an end, an address its form."""
    try:
        port = urlsplit(target.url).port
    except ValueError:
        port = 0
    if port == 0:
        allowed = "a host name or an address, and a port from 1 to 65535"
        yield Problem(("url",), f"{shown(target.url)} cannot be reached; allowed: {allowed}")


def total_is_within_interval(target: Target) -> Iterator[Problem]:
    """A run that may last longer than its interval would meet the next one."""
    total, interval = target.timeouts.total, target.interval
    if total is not None and total > interval:
        message = f"{total} is above the interval, which is {interval}; allowed: at most that"
        yield Problem(("timeouts", "total"), message)


def timeouts_are_within_intervals(target: Target) -> Iterator[Problem]:
    """The same of one entry, where no other can change its interval; the plan knows the rest."""
    shared = all(options.interval is None for options in target.surfaces.values())
    for glob, options in target.surfaces.items():
        interval = target.interval if shared else options.interval
        timeout = options.timeout
        if timeout is not None and interval is not None and timeout > interval:
            message = f"{timeout} is above the interval, which is {interval}; allowed: at most that"
            yield Problem(("surfaces", glob, "timeout"), message)


def names_are_unique(config: Config) -> Iterator[Problem]:
    """The name is the label that tells series apart."""
    first: dict[str, int] = {}
    for index, target in enumerate(config.targets):
        if (before := first.setdefault(target.name, index)) != index:
            message = f"{quoted(target.name)} is the name of targets[{before}] already"
            yield Problem(("targets", index, "name"), f"{message}; allowed: a name of its own")


_AUTH: Final = (login_has_username, login_has_one_password, none_has_no_credentials)
_TLS: Final = (certificate_has_key,)
_LATENCY: Final = (good_is_not_above_bad,)
_TARGET: Final = (
    url_has_possible_host,
    total_is_within_interval,
    timeouts_are_within_intervals,
)
_CONFIG: Final = (names_are_unique,)


def broken_rules(value: Struct) -> Iterator[Problem]:
    """Hold the rules of its kind against a struct.

    Args:
        value: any struct of the schema, of which every key is right by itself.

    Returns:
        What is wrong between its keys.
    """
    match value:
        case Auth():
            found = [rule(value) for rule in _AUTH]
        case Tls():
            found = [rule(value) for rule in _TLS]
        case Latency():
            found = [rule(value) for rule in _LATENCY]
        case Target():
            found = [rule(value) for rule in _TARGET]
        case Config():
            found = [rule(value) for rule in _CONFIG]
        case _:
            found = []
    return chain.from_iterable(found)
