"""Judges of an answer: pure functions, a file each, named in the catalog's rows."""

from collections.abc import Mapping
from typing import Final

from exporter.checks.exposition import exposition
from exporter.checks.finding import Check
from exporter.checks.healthy import healthy
from exporter.checks.moving import moving

CHECKS: Final[Mapping[str, Check]] = {
    "exposition": exposition,
    "healthy": healthy,
    "moving": moving,
}
