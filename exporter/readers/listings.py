"""The ids that lists name: a row each, and one pure function that reads them."""

from collections.abc import Mapping
from itertools import islice
from typing import Final

from msgspec import Struct

from exporter.catalog.surface import MAX_PAGE
from exporter.job import Job
from exporter.observation import Reading
from exporter.wire import Json

_LONGEST_ID: Final = 256


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
) -> tuple[Reading, ...]:
    """Find the ids in a list's answer.

    Args:
        job: whose answer it is; its surface names the row in ``LISTINGS``.
        at: when, in Unix seconds.
        parent: the ids that the request's path had.
        document: the answer, of whose items no more are looked at than can be asked for.

    Returns:
        A reading for each kind that it lists; none for one whose field is absent or no list, as
        nothing is then known. An item that has no usable id is passed over.
    """
    readings = []
    for listing in LISTINGS.get(job.surface.lists or "", ()):
        items = document.get(listing.field)
        if isinstance(items, list):
            looked_at = islice(items, MAX_PAGE)
            ids = tuple((*parent, found) for item in looked_at if (found := _id_of(item, listing)))
            complete = _complete(document.get("total"), len(items), job.page)
            readings.append(Reading(job.key, at, listing.kind, parent, ids, complete))
    return tuple(readings)


def _complete(total: Json, named: int, page: int | None) -> bool:
    """Whether all there is was read; without a total, whether it was less than a page."""
    if named > MAX_PAGE:
        return False
    if isinstance(total, int) and not isinstance(total, bool):
        return named >= total
    return page is None or named < page


def _id_of(item: Json, listing: Listing) -> str | None:
    if not isinstance(item, dict):
        return None
    found = item.get("id")
    if listing.status is not None and item.get("status") != listing.status:
        return None
    return found if isinstance(found, str) and _usable(found) else None


def _usable(found: str) -> bool:
    """Whether it can stand in a path: "." and ".." would lead elsewhere (RFC 3986, 5.2.4)."""
    return 0 < len(found) <= _LONGEST_ID and found not in {".", ".."} and found.isprintable()
