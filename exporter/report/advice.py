"""What each reason means, what causes it, and where to look next: for whoever is on call."""

from collections.abc import Mapping
from itertools import chain
from typing import Final

from msgspec import Struct

from exporter.model.reasons import Reason, SkipReason


class Advice(Struct, frozen=True):
    """A sentence each: what it means, what usually causes it, what to look at next."""

    means: str
    causes: str
    then: str


FAILED: Final[Mapping[Reason, Advice]] = {
    "dns": Advice(
        "The name of the host cannot be resolved.",
        "A name that does not exist (any more), a resolver that is down or out of reach, a "
        "search domain that is missing in the container.",
        "Look it up from this machine; check the target's url and the resolver.",
    ),
    "connect_refused": Advice(
        "Nothing accepts connections at that address and port, or there is no way to it.",
        "The API is down or starting, listens on another port or address, or a network policy "
        "answers with a refusal.",
        "Check that the API runs, its port, and the network policies between.",
    ),
    "connect_timeout": Advice(
        "No connection came about in time.",
        "A firewall that drops packets, a wrong address, a host that is down, or a machine too "
        "busy to accept.",
        "Try the address with curl from this machine; look at the firewalls between.",
    ),
    "tls_handshake": Advice(
        "The two sides could not agree on TLS.",
        "Plain HTTP on that port, TLS versions or ciphers that do not meet, a client "
        "certificate that is missing or not accepted, or a proxy that closes.",
        "Check that the port speaks TLS, its versions, and the client certificate.",
    ),
    "tls_verify": Advice(
        "The server's certificate is not trusted, not valid yet, or for another name.",
        "An authority that tls.ca_file does not have, a chain without its intermediate, another "
        "name in the certificate, a clock that is wrong.",
        "Check tls.ca_file, tls.server_name, the clocks, and which certificate the server shows.",
    ),
    "tls_expired": Advice(
        "The server's certificate has expired.",
        "The renewal did not run, or the server was not reloaded after it.",
        "Renew it; if it is new, look whether the server shows it, and check the clocks.",
    ),
    "reset": Advice(
        "The server, or something on the way, ended the connection before the answer was whole.",
        "A restart or crash of the API, a load balancer that closes idle connections, a limit "
        "of a proxy, a full accept queue.",
        "Look for restarts of the API and for limits of the proxies before it.",
    ),
    "read_timeout": Advice(
        "The connection stood, and the whole answer did not come in time.",
        "An API under load, a database or service behind it that hangs, or a time-out that is "
        "too short for this surface.",
        "Look at the load of the component and at what it waits for.",
    ),
    "protocol": Advice(
        "What came is no proper HTTP.",
        "http where the port speaks https or something else, a broken proxy, a status that does "
        "not exist, a head larger than any.",
        "Check that the port speaks HTTP, and http or https in the target's url.",
    ),
    "redirect": Advice(
        "It was answered with a redirect that is not followed.",
        "The API moved, http leads to https, a missing or superfluous slash, or a login page "
        "before the API.",
        "Put the final address into the target's url, or set follow_redirects.",
    ),
    "too_large": Advice(
        "The answer is over a limit of the exporter: its body, a header, or how many there are.",
        "A list without pages, a page of something else than the API, a body that unpacks "
        "without end, or headers that proxies add.",
        "Check what answers there, and what proxies add to it; the detail names the limit.",
    ),
    "http_4xx": Advice(
        "The API refused the request.",
        "A path that this version does not have, a method or media type it does not take, or a "
        "gateway with rules of its own.",
        "Check the target's url, with its path, and what the API has changed.",
    ),
    "not_found": Advice(
        "The API does not know this path, or this resource.",
        "A url without its /v1, an older or newer API, or a resource that was deleted since its "
        "list was read.",
        "Check the path in the target's url; for an id, read its list again.",
    ),
    "auth_rejected": Advice(
        "The API does not accept who asks.",
        "A changed password, a locked or removed account, a token that was revoked, or a server "
        "whose key changed; for oauth2, a client secret shown otherwise than the server wants "
        "it (auth.client_auth).",
        "Check user name, password or token; a changed secret file is read again by itself.",
    ),
    "forbidden": Advice(
        "The account is known and may not do this.",
        "A role without the right to read, or a token with too few scopes.",
        "Give the account the right to read this surface, or switch the surface off.",
    ),
    "conflict": Advice(
        "The API says that the request contradicts its present state.",
        "Two who change the same resource, or an operation that is still under way.",
        "Look whether somebody else is changing the same thing.",
    ),
    "validation": Advice(
        "The API finds the request itself wrong.",
        "An API whose document has changed, or a value of the configuration that it does not take.",
        "Compare the API's version with the documented one.",
    ),
    "throttled": Advice(
        "A rate limit is used up: the API is not down.",
        "Others who use the same account, intervals that are too short for the quota, or a "
        "quota that was lowered.",
        "Look at oran_mano_rate_limit_remaining_requests, and at who else uses the account.",
    ),
    "http_5xx": Advice(
        "The API failed while it answered.",
        "A fault or restart of the component, something behind it that is down, or a gateway "
        "without a healthy backend.",
        "Look into the component's log at this time, by the trace id.",
    ),
    "body_invalid": Advice(
        "The status is good, and the body is not what this surface answers.",
        "The page of a proxy or of a login, JSON that is cut or broken, an empty body, or "
        "metrics that are none.",
        "Look at the body with curl: it may be the page of a proxy.",
    ),
    "schema_mismatch": Advice(
        "The answer contradicts the API's own document.",
        "An API that was updated, or one that never kept to its document: a missing field, "
        "another type, a value that is not listed.",
        "Compare the API's version with the document; tell who runs the API.",
    ),
    "check_failed": Advice(
        "A check of the configuration does not hold.",
        "What the check guards against; or the check itself, after a change of the API.",
        "Read the check and the answer side by side.",
    ),
    "slow": Advice(
        "The answer is right, and took longer than latency.bad.",
        "Load, a slow network or proxy, or something behind the API that is slow.",
        "See in which phase the time went.",
    ),
    "unhealthy": Advice(
        "The API itself says that it is not healthy, or repeats an old answer as if it were new.",
        "A component behind the API that is down or degraded, or a cache before it that keeps "
        "an old answer.",
        "Look at the components that it names; for an old answer, at what keeps it before the API.",
    ),
    "internal": Advice(
        "A fault of the exporter or of its machine, not of the API.",
        "A limit of open files (a share of them is kept from targets, for the listener), a full "
        "disk, or a bug.",
        "Where open files ran out, raise their limit: `check` says how many it may need. Else its "
        "log has the trace: report it.",
    ),
}

SKIPPED: Final[Mapping[SkipReason, Advice]] = {
    "budget": Advice(
        "Our own requests have used their share of the rate limit.",
        "Short intervals, many followed resources, or a small rate_limits.share.",
        "Wait, lengthen intervals, or raise rate_limits.share.",
    ),
    "retry_after": Advice(
        "The API asked us to wait.",
        "A 429 or 503 with Retry-After, to this run or to another one of the same rate class.",
        "Ask again when that time is over.",
    ),
    "circuit_open": Advice(
        "It failed so often that it is asked less often.",
        "Several failures in a row by connection, time-out or 5xx; now and then a run is let "
        "through to see.",
        "Look at its last failure.",
    ),
    "overrun": Advice(
        "There was no free connection, or the run in flight did not end in time.",
        "A surface that takes longer than its interval, hanging requests that hold all "
        "connections, or a small connection.concurrency.",
        "Ask again, with more time; look at connection.concurrency.",
    ),
    "misfire": Advice(
        "Its time had passed.",
        "A machine that was suspended or too busy, or a step of the clock.",
        "Ask again; the machine may be overloaded.",
    ),
    "no_resource": Advice(
        "There is nothing to ask for: the list is empty or was not read yet, or it is gone.",
        "An empty list, an id that resources.include leaves out, or a list that fails itself.",
        "Probe the list that names the ids.",
    ),
    "no_token": Advice(
        "There is no token, so nothing was sent.",
        "A login that failed or was refused, one that is still under way, or a token file that "
        "cannot be used.",
        "Look at the last auth.login: it failed, or takes long.",
    ),
    "not_leader": Advice(
        "Another replica probes this target.",
        "Several replicas, of which one probes each target.",
        "Ask that one.",
    ),
    "shutdown": Advice(
        "The exporter is ending.",
        "A stop or a reload while the run was in flight.",
        "Ask again when it is back.",
    ),
}

PAGE: Final = "/reasons"
"""Where a running exporter tells all of this, each reason at an anchor of its own."""

_ALL: Final[Mapping[str, Advice]] = dict(chain(FAILED.items(), SKIPPED.items()))


def advice(reason: Reason | SkipReason) -> Advice:
    """What a reason means and what to look at."""
    return _ALL[reason]


def place(reason: Reason | SkipReason) -> str:
    """The path, with its anchor, at which a running exporter tells of a reason."""
    return f"{PAGE}#{reason}"
