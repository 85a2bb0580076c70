"""One probe from the command line: what it needs first, the probe, and its story."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import Final, Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace
from rich.text import Text

from exporter.auth.renewal import RenewingToken
from exporter.catalog import CATALOG
from exporter.catalog.auth import LOGIN, REFRESH
from exporter.catalog.surface import Surface
from exporter.commands.console import PlainConsole
from exporter.config.auth_schemes import scheme_of
from exporter.config.problems import ConfigError
from exporter.config.schema import Config, Resources, SurfaceOptions
from exporter.model.observation import IdsListed, Observation, Renewal, Skip
from exporter.model.trace_context import Mint
from exporter.planning.job import Job, Plan, TargetPlan
from exporter.planning.plan import plan
from exporter.planning.surface_options import needs_credentials
from exporter.probing.discovered_ids import DiscoveredIds
from exporter.probing.on_demand import NotAskableError, find_surface, find_target
from exporter.probing.runner import Runner
from exporter.probing.session import Means, files_for, sessions_for
from exporter.protocol.problem_capture import ProblemCapture
from exporter.readers.listings import LISTINGS
from exporter.report.probe_json import document
from exporter.report.run_text import Step, StoryLine, Tone, steps, story
from exporter.system.file_watcher import FileWatcher

PathIds: TypeAlias = tuple[str, ...]

_COLOURS: Final[dict[Tone, str]] = {
    "plain": "",
    "heading": "bold",
    "well": "bold green",
    "bad": "bold red",
    "dim": "dim",
}
_READABLE: Final = ", ".join(surface.id for surface in CATALOG if surface.safety == "read")
_NOTHING_TO_REFRESH: Final = "The login gave no refresh token: there is nothing to refresh with."
_MARGIN: Final = 1.0
"""Seconds that a login may take beyond its time-out, to tell why it failed."""


class ProbeOutcome(Struct, frozen=True):
    """What happened, the step that was asked for last, and what has to be known besides."""

    steps: list[Step]
    notes: list[str]

    @property
    def well(self) -> bool:
        """Whether what was asked for is."""
        return self.steps[-1].well

    def print(self, output: Literal["table", "json"]) -> None:
        """Write it to standard output."""
        if output == "json":
            sys.stdout.write(document(self.steps, self.notes).decode() + "\n")
            return
        _print(story(self.steps, self.notes))


def _print(lines: Iterable[StoryLine]) -> None:
    if not sys.stdout.isatty():
        sys.stdout.writelines(f"{line.text}\n" for line in lines)
        return
    console = PlainConsole()
    for line in lines:
        console.print(Text(line.text, _COLOURS[line.tone]), soft_wrap=True)


async def probe_once(whole: Plan, target: str, surface: str, wanted: PathIds = ()) -> ProbeOutcome:
    """Probe a surface once, after what it needs: a login, and lists that name ids.

    Args:
        whole: what the schedule would do.
        target: a name or a base URL; empty where there is only one.
        surface: an id of the catalog.
        wanted: which resource, where the surface takes ids; else its list is read first.

    Returns:
        What happened.

    Raises:
        NotAskableError: it cannot be probed so.
        ConfigError: the files that the target names cannot be used.
    """
    of = find_target(whole, target)
    row = find_surface(surface, [_READABLE])
    notes: list[str] = []
    if not row.passive:
        of, notes = _switched_on(of, row, wanted)
    elif row.id not in {job.key.surface for job in of.passive}:
        why = f"is not asked for: {of.target.name} {scheme_of(of.target.auth).unasked}"
        raise NotAskableError(f'surface "{row.id}" {why}; allowed: {_READABLE}')
    commanded = _CommandedProbe(of)
    await commanded.probe(row, wanted)
    story = [commanded.explained(step) for step in steps(commanded.seen, commanded.capture)]
    return ProbeOutcome(story, [*notes, *commanded.notes])


class _CommandedProbe:
    """Does once, in order, what the schedule does at its instants."""

    def __init__(self, of: TargetPlan) -> None:
        self.seen: list[Observation] = []
        self.capture = ProblemCapture()
        self.notes: list[str] = []
        self._jobs = {job.key.surface: job for job in of.every}
        self._discovered = DiscoveredIds()
        self._runner = Runner()
        only = Plan((of,))
        self._discovered.apply(only)
        means = Means(self._emit, Mint(), FileWatcher(), self._discovered)
        sessions = sessions_for(only, files_for(only), {}, means)
        (self._session,) = sessions.values()
        self._runner.apply(sessions)

    async def probe(self, row: Surface, wanted: PathIds) -> None:
        """Log in, read the lists, probe."""
        try:
            if row.passive or row.auth == "bearer":
                await self._log_in()
            if row.id == REFRESH.id:
                await self._refresh()
            if not row.passive:
                job = self._jobs[row.id]
                await self._find_ids(job, wanted)
                await self._ask(job)
        finally:
            await self._session.close()

    def _emit(self, observation: Observation) -> None:
        self.seen.append(observation)
        self._discovered(observation)

    async def _log_in(self) -> None:
        """Wait for the whole of it: a run would wait for a second alone."""
        if (login := self._jobs.get(LOGIN.id)) is not None:
            await self._session.identity.headers(login.key, login.timeout + _MARGIN)

    async def _refresh(self) -> None:
        """With what the login gave; the schedule does so shortly before the token ends."""
        owner = self._session.identity
        if isinstance(owner, RenewingToken) and await owner.refresh_once():
            return
        self.seen.append(Skip(self._jobs[REFRESH.id].key, time.time(), "no_token"))
        if not any(isinstance(each, Renewal) and each.reason for each in self.seen):
            self.notes.append(_NOTHING_TO_REFRESH)

    def explained(self, step: Step) -> Step:
        """With what the API said, where a login or a refresh is wrong: no runner listened to it."""
        job = self._jobs.get(step.key.surface)
        kind = None if job is None else job.surface.grant
        if kind is None or step.well:
            return step
        return replace(step, problem=self._session.identity.problems.get(kind))

    async def _find_ids(self, job: Job, wanted: PathIds) -> None:
        ids = job.surface.ids
        if ids is None:
            return
        if wanted:
            self._discovered(IdsListed(job.key, 0.0, ids.kind, wanted[:-1], (wanted,)))
            return
        for source in _sources(job.surface):
            await self._find_ids(self._jobs[source.id], ())
            for _ in self._discovered.candidates(self._jobs[source.id]):
                if not self._discovered.candidates(job):
                    await self._ask(self._jobs[source.id])

    async def _ask(self, job: Job) -> None:
        last = (await self._runner.ask(job, job.timeout, capture=self.capture))[-1]
        if isinstance(last, Skip):  # nothing was due, so nobody is told of it
            self.seen.append(last)


def _sources(row: Surface) -> Iterator[Surface]:
    """The lists that name the ids of a surface."""
    for source in CATALOG:
        listings = LISTINGS[source.lists] if source.lists else ()
        if row.ids is not None and row.ids.kind in {listing.kind for listing in listings}:
            yield source


def _needed(row: Surface, wanted: PathIds) -> Iterator[Surface]:
    """The surface, and the lists that have to be read first."""
    if row.ids is not None and not wanted:
        for source in _sources(row):
            yield from _needed(source, ())
    yield row


def _switched_on(of: TargetPlan, row: Surface, wanted: PathIds) -> tuple[TargetPlan, list[str]]:
    """A plan in which all that is needed is probed, and what the schedule does otherwise."""
    target = of.target
    on = {job.key.surface for job in of.jobs}
    off = [needed for needed in _needed(row, wanted) if needed.id not in on]
    surfaces = dict(target.surfaces)
    for needed in off:
        _refuse_unsafe(needed, of)
        options = surfaces.pop(needed.id, SurfaceOptions())
        surfaces[needed.id] = replace(options, mode="read")
    resources = Resources() if wanted else target.resources  # who names an id wants that one
    target = replace(target, surfaces=surfaces, resources=resources)
    try:
        (planned,) = plan(CATALOG, Config((target,))).targets
    except ConfigError as error:
        raise NotAskableError(error.problems[0].message) from error
    _refuse_ids(next(job for job in planned.jobs if job.surface is row), wanted)
    return planned, [*_notes(row, wanted, off)]


def _notes(row: Surface, wanted: PathIds, off: Iterable[Surface]) -> Iterator[str]:
    for each in off:
        yield f"{each.id} is off, so the schedule does not probe it; it is safe to read by hand."
    if row.ids is not None and not wanted and not any(_sources(row)):
        yield f"No list names the ids of {row.ids.kind.replace('_', ' ')}: give one with --id."


def _refuse_unsafe(row: Surface, of: TargetPlan) -> None:
    name = of.target.name
    if row.safety == "write":
        why = "changes what it is sent to, and is never probed"
    elif needs_credentials(of.target, row):
        why = f"needs a token, and {name} has no credentials"
    elif row.safety == "dry_run":
        why = f'is off for {name}; switch it on with surfaces: {{"{row.id}": {{mode: dry_run}}}}'
    else:
        return
    raise NotAskableError(f'surface "{row.id}" {why}; allowed: {_READABLE}')


def _refuse_ids(job: Job, wanted: PathIds) -> None:
    names = [part.strip("{}") for part in job.endpoint.split("/") if part.startswith("{")]
    if wanted and len(wanted) != len(names):
        takes = ", then ".join(names) if names else "no id"
        raise NotAskableError(f'surface "{job.key.surface}" takes {takes}: {job.endpoint}')
