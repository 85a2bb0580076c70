"""The ids that lists name: a row each, and one pure function that reads them."""

from collections.abc import Mapping
from itertools import islice
from typing import Final
from urllib.parse import unquote

from msgspec import Struct

from exporter.catalog.surface import MAX_PAGE
from exporter.model.exchange import Json
from exporter.model.observation import IdsListed
from exporter.planning.job import Job

_LONGEST_ID: Final = 256
_ENDING: Final = frozenset("/\\?#\N{REPLACEMENT CHARACTER}")
"""What would end a segment of a path, and what stands for characters that were none."""
_DOTS: Final = frozenset({"", ".", ".."})


class Listing(Struct, frozen=True):
    """Where ids of a kind stand in a list's answer, and which status they must have."""

    kind: str
    field: str
    status: str | None = None


LISTINGS: Final[Mapping[str, tuple[Listing, ...]]] = {
    # No operation lists slices: the id of a deployed intent serves as its slice's.
    "intents": (Listing("intents", "intents"), Listing("slices", "intents", "deployed")),
    "vnfs": (Listing("vnfs", "vnfs"),),
    "agents": (Listing("agents", "agents"),),
    "managers": (Listing("managers", "deployment_managers"),),
    "nf_deployments": (Listing("nf_deployments", "deployments"),),
}


def read_ids(
    job: Job, at: float, parent: tuple[str, ...], document: Mapping[str, Json]
) -> tuple[IdsListed, ...]:
    """Find the ids in a list's answer.

    Args:
        job: whose answer it is; its surface names the row in ``LISTINGS``.
        at: when, in Unix seconds.
        parent: the ids that the request's path had.
        document: the answer, of whose items no more are looked at than can be asked for.

    Returns:
        A reading for each kind that it lists; none for one whose field is absent or no list, as
        nothing is then known. An item that has no usable id is counted and passed over.
    """
    readings = []
    for listing in LISTINGS.get(job.surface.lists or "", ()):
        items = document.get(listing.field)
        if isinstance(items, list):
            found = [_id_of(item) for item in islice(items, MAX_PAGE) if _is_of(item, listing)]
            ids = tuple((*parent, each) for each in found if each is not None)
            complete = _complete(document.get("total"), len(items), job.page)
            unusable = len(found) - len(ids)
            readings.append(IdsListed(job.key, at, listing.kind, parent, ids, complete, unusable))
    return tuple(readings)


def _complete(total: Json, named: int, page: int | None) -> bool:
    """Whether all there is was read; without a total, whether it was less than a page."""
    if named > MAX_PAGE:
        return False
    if isinstance(total, int) and not isinstance(total, bool):
        return named >= total
    return page is None or named < page


def _is_of(item: Json, listing: Listing) -> bool:
    """Whether it is what the row is about."""
    if listing.status is None:
        return True
    return isinstance(item, dict) and item.get("status") == listing.status


def _id_of(item: Json) -> str | None:
    """Its id, if that can be asked for."""
    found = item.get("id") if isinstance(item, dict) else None
    return found if isinstance(found, str) and _usable(found) else None


def _usable(found: str) -> bool:
    """Whether it is one segment of a path, and stays that when it is decoded once more.

    A gateway may decode what it passes on, and "..%2F" would lead elsewhere then, as "." and ".."
    do at once (RFC 3986, section 5.2.4); some servers leave out what follows a semicolon.
    """
    return (
        0 < len(found) <= _LONGEST_ID
        and found.isprintable()
        and _ENDING.isdisjoint(found)
        and unquote(found) == found
        and found.partition(";")[0] not in _DOTS
    )
