"""From a file and the environment to a plan: all that can be wrong with it, a line each."""

import logging
import pathlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from exporter.catalog import CATALOG
from exporter.client.tls import tls_problem
from exporter.config import Config, ConfigError, Problem, Read, Target, describe, read, source_of
from exporter.config.partial import as_far_as_known
from exporter.config.problems import NOWHERE, Path, Places
from exporter.config.schema import Tls
from exporter.persistence.writer import Opened
from exporter.planning.job import Plan
from exporter.planning.misfits import misfits
from exporter.planning.plan import joined
from exporter.planning.worst_case import WorstCase, worst_case
from exporter.process.file_descriptors import needed
from exporter.process.warnings import ConfigWarning, cautions, cautions_of
from exporter.system.spare_descriptors import allowed

if TYPE_CHECKING:
    from exporter.client.files import Files  # who only checks a configuration opens no connection

_TLS_DEPTH: Final = 3
"""Keys to a target's TLS: what is told of one of its files already is not told of all of them."""
_TOO_FEW: Final = "the limit of open files is too low for all connections that the targets may need"

_log = logging.getLogger(__name__)


class UnusableError(Exception):
    """A configuration that cannot be used; each line says what is wrong with it."""

    def __init__(self, lines: list[str]) -> None:
        """Hold the lines."""
        super().__init__("\n".join(lines))
        self.lines = lines


class LoadedPlan(Struct, frozen=True):
    """A plan, where it came from, and what its user should know of it."""

    plan: Plan
    source: str
    cautions: list[ConfigWarning] = []
    over: list[WorstCase] = []
    places: Places = NOWHERE
    """Where its keys are, for what turns out to be wrong later."""
    digest: bytes | None = None
    """Of the file's content, where it is from a file."""
    files: Mapping[str, "Files"] = {}
    """By target, what was read of the files that it names; with the next one, once prepared."""
    opened: Opened | None = None
    """The directory of the state, where that is another one."""


NOTHING: Final = LoadedPlan(Plan(()), "")
"""What is in force before a configuration could be used."""


def load_plan(
    file: pathlib.Path | None, environ: Mapping[str, str], *, at_start: bool = False
) -> LoadedPlan:
    """Read a configuration and plan it; ``at_start`` is as for ``config.read``.

    Raises:
        UnusableError: with all that is wrong.
    """
    try:
        found = read(file, environ, at_start=at_start)
    except ConfigError as error:
        raise UnusableError(describe(error, source_of(file))) from error
    try:
        loaded = _with_what_else_is_wrong(found).whole()
        planned = joined(CATALOG, loaded.config)
    except ConfigError as error:
        raise UnusableError(describe(error, found.source, found.places)) from error
    over = [row for target in planned.targets for row in worst_case(target) if row.over]
    told = [*cautions(loaded), *cautions_of(environ)]
    return LoadedPlan(planned, loaded.source, told, over, loaded.places, loaded.digest)


def _with_what_else_is_wrong(found: Read) -> Read:
    """Add what only the catalog and the content of files tell, as far as the rest is known."""
    if found.config is None:
        return found
    told = {problem.path[:_TLS_DEPTH] for problem in found.problems}
    unusable = (each for each in _unusable_tls(found.config) if each.path not in told)
    further = (*as_far_as_known(misfits(CATALOG, found.config)), *as_far_as_known(unusable))
    return replace(found, problems=(*found.problems, *further))


def _unusable_tls(config: Config) -> Iterator[Problem]:
    for index, target in enumerate(config.targets):
        yield from as_far_as_known(_unusable(("targets", index, "tls"), target))


def _unusable(path: Path, target: Target) -> Iterator[Problem]:
    if target.tls != Tls() and (problem := tls_problem(target.tls)) is not None:
        yield Problem(path, f"its files {problem}; allowed: PEM")


def warn(loaded: LoadedPlan) -> None:
    """Log what the user should know of what is put into force."""
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
    if (most := needed(loaded.plan)) > (limit := allowed()):
        fields = {"needed": most, "limit": limit}
        _log.warning(
            "%s: raise the limit (ulimit -n, LimitNOFILE)", _TOO_FEW, extra={"fields": fields}
        )
