"""Pages of the listener for tests that are about others of them."""

from exporter.metrics.exposition import Format


async def no_metrics(form: Format) -> list[bytes]:
    """A page without anything."""
    del form
    return []
