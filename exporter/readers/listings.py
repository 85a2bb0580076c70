"""The ids that lists name: a row each, and one pure function that reads them."""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from exporter.observation import Key, Reading
from exporter.wire import Json

_LONGEST_ID: Final = 256
_PAGE: Final = 50
"""What a list answers without being asked for more (OpenAPI document, LimitParam)."""


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
    reader: str, key: Key, at: float, parent: tuple[str, ...], document: Mapping[str, Json]
) -> tuple[Reading, ...]:
    """Find the ids in a list's answer.

    Args:
        reader: the name of its row in ``LISTINGS``.
        key: the surface that answered.
        at: when, in Unix seconds.
        parent: the ids that the request's path had.
        document: the answer.

    Returns:
        A reading for each kind; none for a kind whose field is absent or no list, as nothing
        is then known. An item that has no usable id is passed over.
    """
    readings = []
    for listing in LISTINGS[reader]:
        items = document.get(listing.field)
        if isinstance(items, list):
            ids = tuple((*parent, found) for item in items if (found := _id_of(item, listing)))
            complete = _complete(document.get("total"), len(items))
            readings.append(Reading(key, at, listing.kind, parent, ids, complete))
    return tuple(readings)


def _complete(total: Json, named: int) -> bool:
    """Whether all there is was named; without a total, whether it was less than a page."""
    if isinstance(total, int) and not isinstance(total, bool):
        return named >= total
    return named < _PAGE


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
