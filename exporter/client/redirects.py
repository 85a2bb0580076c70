"""Whether a redirect is followed, and to where: pure.

Only a GET is followed, for it changes nothing. Its token and its extra headers are for the origin
(scheme, host and port: RFC 6454, section 4) they were given for: a request with a token does not
leave it, and one that left it has no extra headers any more, not even if it came back. TLS is
never left.
"""

from typing import Final

from msgspec import Struct
from yarl import URL

from exporter.client.dns import origin_of
from exporter.client.errors import RedirectError

MOST: Final = 5
"""Redirects that are followed for one request."""
_FOLLOWED: Final = frozenset({301, 302, 303, 307, 308})
"""RFC 9110, section 15.4; to GET they all mean the same."""


class Hop(Struct, frozen=True):
    """One request on the way. ``home``: at the target's origin, and never away from it."""

    url: URL
    home: bool
    before: tuple[URL, ...] = ()


def next_hop(hop: Hop, status: int, location: str | None, *, bound: bool) -> Hop | None:
    """Decide what to ask next after an answer; ``None`` where it is no redirect.

    A request is ``bound`` whose credentials only this origin may see.

    Raises:
        RedirectError: it is one, and is not followed.
    """
    if status not in _FOLLOWED or location is None:
        return None
    url = _resolved(hop.url, location)
    before = (*hop.before, hop.url)
    if str(url) in map(str, before):
        raise RedirectError("loop")
    if len(before) > MOST:
        raise RedirectError("many")
    if hop.url.scheme == "https" and url.scheme != "https":
        raise RedirectError("plain")
    stays = origin_of(url) == origin_of(hop.url)
    if bound and not stays:
        raise RedirectError("bound")
    return Hop(url, home=hop.home and stays, before=before)


def _resolved(base: URL, location: str) -> URL:
    """The URL that a reference means (RFC 9110, section 10.2.2), without user and fragment."""
    try:
        url = base.join(URL(location)).with_fragment(None).with_user(None)
        valid = url.scheme in ("http", "https") and bool(url.raw_host) and bool(url.port)
    except ValueError:
        valid = False
    else:
        if valid:
            return URL(str(url), encoded=True)  # without a port that goes without saying
    raise RedirectError("invalid")
