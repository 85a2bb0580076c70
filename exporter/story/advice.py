"""What each reason means, and where to look next: for whoever is on call."""

from collections.abc import Mapping
from itertools import chain
from typing import Final

from msgspec import Struct

from exporter.observation import Reason, SkipReason


class Advice(Struct, frozen=True):
    """A sentence each."""

    means: str
    then: str


FAILED: Final[Mapping[Reason, Advice]] = {
    "dns": Advice(
        "The name of the host cannot be resolved.",
        "Look it up from this machine; check the target's url and the resolver.",
    ),
    "connect_refused": Advice(
        "Nothing accepts connections at that address and port, or there is no way to it.",
        "Check that the API runs, its port, and the network policies between.",
    ),
    "connect_timeout": Advice(
        "No connection came about in time.",
        "A firewall that drops packets, a wrong address or a host that is down look like this.",
    ),
    "tls_handshake": Advice(
        "The two sides could not agree on TLS.",
        "Check that the port speaks TLS, its versions, and the client certificate.",
    ),
    "tls_verify": Advice(
        "The server's certificate is not trusted, not valid yet, or for another name.",
        "Check tls.ca_file, tls.server_name, the clocks, and which certificate the server shows.",
    ),
    "tls_expired": Advice(
        "The server's certificate has expired.",
        "Renew it; if it is new, look whether the server shows it, and check the clocks.",
    ),
    "reset": Advice(
        "The server, or something on the way, ended the connection before the answer was whole.",
        "Look for restarts of the API and for limits of the proxies before it.",
    ),
    "read_timeout": Advice(
        "The connection stood, and the whole answer did not come in time.",
        "Look at the load of the component and at what it waits for.",
    ),
    "protocol": Advice(
        "What came is no proper HTTP.",
        "Check that the port speaks HTTP, and http or https in the target's url.",
    ),
    "redirect": Advice(
        "It was answered with a redirect that is not followed.",
        "Put the final address into the target's url, or set follow_redirects.",
    ),
    "too_large": Advice(
        "The answer is larger than any of this API can be.",
        "Check what answers there; is it the API?",
    ),
    "http_4xx": Advice(
        "The API refused the request.",
        "Check the target's url, with its path, and what the API has changed.",
    ),
    "not_found": Advice(
        "The API does not know this path, or this resource.",
        "Check the path in the target's url; for an id, read its list again.",
    ),
    "auth_rejected": Advice(
        "The API does not accept who asks.",
        "Check user name, password or token; a changed secret file is read again by itself.",
    ),
    "forbidden": Advice(
        "The account is known and may not do this.",
        "Give the account the right to read this surface, or switch the surface off.",
    ),
    "conflict": Advice(
        "The API says that the request contradicts its present state.",
        "Look whether somebody else is changing the same thing.",
    ),
    "validation": Advice(
        "The API finds the request itself wrong.",
        "Compare the API's version with the documented one.",
    ),
    "throttled": Advice(
        "A rate limit is used up: the API is not down.",
        "Look at oran_mano_rate_limit_remaining_requests, and at who else uses the account.",
    ),
    "http_5xx": Advice(
        "The API failed while it answered.",
        "Look into the component's log at this time, by the trace id.",
    ),
    "body_invalid": Advice(
        "The status is good, and the body is not what this surface answers.",
        "Look at the body with curl: it may be the page of a proxy.",
    ),
    "schema_mismatch": Advice(
        "The answer contradicts the API's own document.",
        "Compare the API's version with the document; tell who runs the API.",
    ),
    "check_failed": Advice(
        "A check of the configuration does not hold.",
        "Read the check and the answer side by side.",
    ),
    "slow": Advice(
        "The answer is right, and took longer than latency.bad.",
        "See in which phase the time went.",
    ),
    "unhealthy": Advice(
        "The API itself says that it is not healthy, or repeats an old answer as if it were new.",
        "Look at the components that it names; for an old answer, at what keeps it before the API.",
    ),
    "internal": Advice(
        "A fault of the exporter or of its machine, not of the API.",
        "Where open files ran out, raise their limit. Else its log has the trace: report it.",
    ),
}

SKIPPED: Final[Mapping[SkipReason, Advice]] = {
    "budget": Advice(
        "Our own requests have used their share of the rate limit.",
        "Wait, lengthen intervals, or raise rate_limits.share.",
    ),
    "retry_after": Advice("The API asked us to wait.", "Ask again when that time is over."),
    "circuit_open": Advice(
        "It failed so often that it is asked less often.", "Look at its last failure."
    ),
    "overrun": Advice(
        "There was no free connection, or the run in flight did not end in time.",
        "Ask again, with more time; look at connection.concurrency.",
    ),
    "misfire": Advice("Its time had passed.", "Ask again; the machine may be overloaded."),
    "no_resource": Advice(
        "There is nothing to ask for: the list is empty or was not read yet, or it is gone.",
        "Probe the list that names the ids.",
    ),
    "no_token": Advice(
        "There is no token, so nothing was sent.",
        "Look at the last auth.login: it failed, or takes long.",
    ),
    "not_leader": Advice("Another replica probes this target.", "Ask that one."),
    "shutdown": Advice("The exporter is ending.", "Ask again when it is back."),
}

_ALL: Final[Mapping[str, Advice]] = dict(chain(FAILED.items(), SKIPPED.items()))


def advice(reason: Reason | SkipReason) -> Advice:
    """What to tell.

    Args:
        reason: why a run failed, or did not happen.

    Returns:
        What it means and what to look at.
    """
    return _ALL[reason]
