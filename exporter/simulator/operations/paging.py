"""Lists and their pages."""

from collections.abc import Iterable, Mapping

from exporter.simulator.exchange import JsonObject, OperationCall, Reply


def page(key: str, items: Iterable[JsonObject], call: OperationCall) -> Reply:
    """Answer the part of a list that was asked for.

    Args:
        key: Name of the list in the answer.
        items: Everything that fits the filters.
        call: The request with its `limit` and `offset`.

    Returns:
        The page with the total of the whole list.
    """
    everything = list(items)
    limit, offset = call.query["limit"], call.query["offset"]
    told = everything[offset : offset + limit]
    return Reply(200, {key: told, "total": len(everything), "limit": limit, "offset": offset})


def fits(item: Mapping[str, object], call: OperationCall, *names: str) -> bool:
    """Apply the filters of a query.

    Args:
        item: A resource.
        call: The request.
        names: The parameters that filter by the field of the same name.

    Returns:
        Whether each of them is absent or equal to the field.
    """
    return all(call.query[name] in {None, item.get(name)} for name in names)
