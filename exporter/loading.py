"""From a file and the environment to a plan: all that can be wrong with it, a line each."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from msgspec import Struct

from exporter.api.tls import problem_of
from exporter.catalog import CATALOG
from exporter.cautions import Caution, cautions, cautions_of
from exporter.config import Config, ConfigError, Problem, describe, load, source_of
from exporter.config.problems import NOWHERE, Places
from exporter.config.schema import Tls
from exporter.job import Plan
from exporter.plan import plan
from exporter.traffic import Traffic, traffic

_log = logging.getLogger(__name__)


class UnusableError(Exception):
    """A configuration that cannot be used; each line says what is wrong with it."""

    def __init__(self, lines: list[str]) -> None:
        """Hold the lines."""
        super().__init__("\n".join(lines))
        self.lines = lines


class Loaded(Struct, frozen=True):
    """A plan, where it came from, and what its user should know of it."""

    plan: Plan
    source: str
    cautions: list[Caution] = []
    over: list[Traffic] = []
    places: Places = NOWHERE
    """Where its keys are, for what turns out to be wrong later."""
    digest: bytes | None = None
    """Of the file's content, where it is from a file."""


NOTHING: Final = Loaded(Plan(()), "")
"""What is in force before a configuration could be used."""


def load_plan(file: Path | None, environ: Mapping[str, str], *, at_start: bool = False) -> Loaded:
    """Read a configuration and plan it.

    Args:
        file: the configuration, if there is one.
        environ: the environment variables.
        at_start: as for ``config.load``.

    Returns:
        The plan.

    Raises:
        UnusableError: with all that is wrong.
    """
    try:
        loaded = load(file, environ, at_start=at_start)
    except ConfigError as error:
        raise UnusableError(describe(error, source_of(file))) from error
    try:
        planned = plan(CATALOG, loaded.config)
        _refuse_unusable_tls(loaded.config)
    except ConfigError as error:
        raise UnusableError(describe(error, loaded.source, loaded.places)) from error
    over = [row for target in planned.targets for row in traffic(target) if row.over]
    told = [*cautions(loaded), *cautions_of(environ)]
    return Loaded(planned, loaded.source, told, over, loaded.places, loaded.digest)


def _refuse_unusable_tls(config: Config) -> None:
    problems = [
        Problem(("targets", index, "tls"), f"its files {problem}; allowed: PEM")
        for index, target in enumerate(config.targets)
        if target.tls != Tls() and (problem := problem_of(target.tls)) is not None
    ]
    if problems:
        raise ConfigError(problems)


def warn(loaded: Loaded) -> None:
    """Log what the user should know.

    Args:
        loaded: what is put into force.
    """
    for caution in loaded.cautions:
        _log.warning(caution.message, extra={"fields": {"target": caution.target}})
    for row in loaded.over:
        fields = {
            "target": row.target,
            "rate_class": row.rate_class,
            "requests_per_minute": round(row.requests, 1),
            "allowed_per_minute": round(row.allowed, 1),
        }
        _log.warning("own requests may exceed their share: see `check`", extra={"fields": fields})
