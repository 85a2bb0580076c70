"""Counters and histograms: the library's, made from the rows of the table."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram, Metric
from prometheus_client.registry import Collector

from exporter.metrics.families.row import Family


class _Uncreated(Collector):
    """A family without its ``_created`` samples, which would double the exposition.

    The library's own switch is global to the process: it would change the metrics of whoever
    else uses the library in it. What is collected can be filtered for one family alone.
    """

    def __init__(self, family: Counter | Histogram) -> None:
        self._family = family

    def describe(self) -> Iterable[Metric]:
        """The names that the registry keeps free of others."""
        return self._family.describe()

    def collect(self) -> Iterable[Metric]:
        """What the family has, less the time of creation."""
        for metric in self._family.collect():
            metric.samples = [
                sample for sample in metric.samples if not sample.name.endswith("_created")
            ]
            yield metric


def counter(registry: CollectorRegistry, row: Family) -> Counter:
    """Make and register the counter of a row.

    Args:
        registry: where it is exposed.
        row: what is said of the family.

    Returns:
        The counter, or its parent where the row has labels.
    """
    made = Counter(row.name, row.help, row.labels, unit=row.unit, registry=None)
    registry.register(_Uncreated(made))
    return made


def histogram(registry: CollectorRegistry, row: Family) -> Histogram:
    """Make and register the histogram of a row.

    Args:
        registry: where it is exposed.
        row: what is said of the family.

    Returns:
        The histogram, or its parent where the row has labels.
    """
    made = Histogram(
        row.name, row.help, row.labels, unit=row.unit, buckets=row.buckets, registry=None
    )
    registry.register(_Uncreated(made))
    return made
