"""Rules over several keys. Each looks at one struct and yields paths that begin there."""

from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

from exporter.config.auth_schemes import SCHEMES, scheme_of
from exporter.config.partial import Partial, as_far_as_known
from exporter.config.problems import Problem
from exporter.config.quoting import quoted, shown
from exporter.config.schema import Auth, Config, Latency, LatencyObjective, Slo, Target, Tls
from exporter.config.shapes import FILE_SUFFIX
from exporter.config.values import Duration
from exporter.model.observation import BUCKETS

_MANAGED: Final[Mapping[str, str]] = {
    "authorization": "auth, which sends it",
    "proxy-authorization": "user and password in proxy_url",
    **dict.fromkeys(("host", "content-length", "content-type", "content-encoding"), ""),
    **dict.fromkeys(("accept-encoding", "cookie", "expect", "traceparent", "tracestate"), ""),
    # Hop-by-hop (RFC 9110, section 7.6.1), and what was so once (RFC 2616, section 13.5.1)
    **dict.fromkeys(("connection", "transfer-encoding", "te", "trailer", "upgrade"), ""),
    **dict.fromkeys(("keep-alive", "proxy-connection", "proxy-authenticate"), ""),
}
"""Headers that nobody sets for a target, and what to use instead."""
_REACHABLE: Final = "a host name or an address, and a port from 1 to 65535"


def credentials_are_whole(auth: Auth) -> Iterator[Problem]:
    """An account without its name is nobody's."""
    for key in scheme_of(auth).needed:
        if getattr(auth, key) is None:
            yield Problem((key,), f"missing; type {auth.type} needs it")


def account_has_one_password(auth: Auth) -> Iterator[Problem]:
    """A password comes from one of its two keys."""
    if not scheme_of(auth).is_account:
        return
    if auth.password is None and auth.password_file is None:
        needs = f"missing; type {auth.type} needs password_file or password"
        yield Problem(("password_file",), needs)
    if auth.password is not None and auth.password_file is not None:
        yield Problem(("password_file",), "not together with password; allowed: one of the two")


def credentials_fit_their_type(auth: Auth) -> Iterator[Problem]:
    """Credentials that nobody uses mean that ``type`` is wrong, or was forgotten."""
    every = dict.fromkeys(key for scheme in SCHEMES.values() for key in scheme.keys)
    given = [key for key in every if getattr(auth, key)]
    found = [key for key in given if key not in scheme_of(auth).keys]
    if not found:
        return
    fitting = [kind for kind, scheme in SCHEMES.items() if set(given) <= set(scheme.keys)]
    allowed = f"type: {' or '.join(fitting)}, or leave it out" if fitting else "one type's keys"
    message = f"type {auth.type} takes no {' or '.join(found)}; allowed: {allowed}"
    yield Problem((found[0],), message)


def basic_name_has_no_colon(auth: Auth) -> Iterator[Problem]:
    """The server would take the rest of it for the password (RFC 7617, section 2)."""
    if auth.type == "basic" and ":" in (auth.username or ""):
        message = "has a colon, where type basic begins the password; allowed: a name without one"
        yield Problem(("username",), message)
    if auth.client_auth == "basic_raw" and ":" in (auth.client_id or ""):
        message = "has a colon, where basic_raw begins the secret; allowed: client_auth: basic"
        yield Problem(("client_id",), message)


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


def latency_is_a_bucket(objective: LatencyObjective) -> Iterator[Problem]:
    """What lies between two bounds of the histogram cannot be told from it."""
    if objective.under not in BUCKETS:
        allowed = ", ".join(str(Duration(bound)) for bound in BUCKETS)
        message = f"{objective.under} is no bound of the histograms; allowed: {allowed}"
        yield Problem(("under",), message)


def objective_says_something(slo: Slo) -> Iterator[Problem]:
    """Else it was forgotten, or spelled otherwise."""
    if slo.availability is None and slo.latency is None:
        yield Problem((), "has no objective; allowed: availability, latency or both")


def url_has_possible_host(target: Target) -> Iterator[Problem]:
    """What no pattern can say: a port has an end, an address its form."""
    if not _has_possible_port(target.url):
        yield Problem(("url",), f"{shown(target.url)} cannot be reached; allowed: {_REACHABLE}")


def proxy_has_possible_port(target: Target) -> Iterator[Problem]:
    """The same of the proxy, whose URL is not shown: a password may be in it."""
    if not _has_possible_port(target.proxy_url.reveal()):
        yield Problem(("proxy_url",), f"cannot be reached; allowed: {_REACHABLE}")


def _has_possible_port(url: str) -> bool:
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def headers_are_the_users(target: Target) -> Iterator[Problem]:
    """What belongs to the connection or to the request itself is set by who sends it."""
    first: dict[str, str] = {}
    for key in target.headers:
        name = key.removesuffix(FILE_SUFFIX)
        if name.lower() in _MANAGED:
            allowed = _MANAGED[name.lower()] or "headers that the exporter does not send itself"
            yield Problem(("headers", key), f"cannot be set here; allowed: {allowed}")
        elif (before := first.setdefault(name.lower(), key)) != key:
            message = f"is the same header as {before}; allowed: one of the two"
            yield Problem(("headers", key), message)


def total_is_within_interval(target: Target) -> Iterator[Problem]:
    """A run that may last longer than its interval would meet the next one."""
    total, interval = target.timeouts.total, target.interval
    if total is not None and total > interval:
        message = f"{total} is above the interval, which is {interval}; allowed: at most that"
        yield Problem(("timeouts", "total"), message)


def names_are_unique(config: Config) -> Iterator[Problem]:
    """The name is the label that tells series apart."""
    first: dict[str, int] = {}
    for index, target in enumerate(config.targets):
        name = getattr(target, "name", None)  # of which there is none where it is wrong itself
        if name is not None and (before := first.setdefault(name, index)) != index:
            message = f"{quoted(name)} is the name of targets[{before}] already"
            yield Problem(("targets", index, "name"), f"{message}; allowed: a name of its own")


_RULES: Final[Mapping[type[Struct], tuple[Callable[..., Iterator[Problem]], ...]]] = {
    Auth: (
        credentials_are_whole,
        account_has_one_password,
        credentials_fit_their_type,
        basic_name_has_no_colon,
    ),
    Tls: (certificate_has_key,),
    Latency: (good_is_not_above_bad,),
    LatencyObjective: (latency_is_a_bucket,),
    Slo: (objective_says_something,),
    Target: (
        url_has_possible_host,
        proxy_has_possible_port,
        headers_are_the_users,
        total_is_within_interval,
    ),
    Config: (names_are_unique,),
}


def broken_rules(build: type[Struct], value: Struct | Partial) -> Iterator[Problem]:
    """Find what is wrong between the keys of a struct of the schema, or of what is known of one."""
    return chain.from_iterable(as_far_as_known(rule(value)) for rule in _RULES.get(build, ()))
