"""What leads to each target: kept over reloads while nothing that it is made of changes."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from exporter.api.client import Client
from exporter.api.files import Files, files_of
from exporter.config.problems import ConfigError, Problem
from exporter.config.schema import Target
from exporter.context import Mint
from exporter.gates.slots import Slots
from exporter.job import Job, Plan, TargetPlan
from exporter.looks import Looker
from exporter.observation import Emit, Inquiry, Observation, PutOff, Run, Skip
from exporter.runner import Access
from exporter.tokens import credentials_of, follow, put_off, rest, retry
from exporter.tokens.attempts import Wire
from exporter.tokens.secrets import Secrets

_MADE_OF: Final = (
    "url",
    "auth",
    "tls",
    "timeouts",
    "connection",
    "headers",
    "proxy_url",
    "follow_redirects",
)
"""The settings that a link is made of, with how to log in; others may change without a new one."""


class Valve:
    """Lets observations of a link through; of a replaced one only what its runs count as."""

    def __init__(self, emit: Emit) -> None:
        """Begin open."""
        self._emit = emit
        self._open = True

    def __call__(self, observation: Observation) -> None:
        """Hand it on: what another API said before is not what this one says."""
        if self._open or isinstance(observation, Run | Inquiry | Skip):
            self._emit(observation)

    def shut(self) -> None:
        """The link was replaced."""
        self._open = False


@dataclass(frozen=True, slots=True)
class Link:
    """A client with its slots and its owner of the token."""

    identity: tuple[object, ...]
    client: Client
    files: Files
    secrets: Secrets
    access: Access
    valve: "Valve"

    def follow(self, plan: TargetPlan, files: Files) -> None:
        """Go on by a plan, the first one too: what is no part of a link may change under it.

        Args:
            plan: of the target.
            files: as they were read for it.
        """
        self.files.take(files)
        follow(self.access.credentials, plan, self.secrets)

    @property
    def put_off(self) -> PutOff | None:
        """Why no attempt to get in is made now."""
        return put_off(self.access.credentials)

    def retry(self) -> None:
        """Make one at once all the same: somebody wants it."""
        retry(self.access.credentials)

    async def close(self) -> None:
        """End what is in flight: a login first, then the connections."""
        if self.access.credentials is not None:
            await self.access.credentials.close()
        await self.client.close()


@dataclass(frozen=True, slots=True)
class Means:
    """What every link is made with."""

    emit: Emit
    """Takes what owners of tokens observe."""
    mint: Mint
    """Makes the contexts of their runs."""
    looker: Looker
    """Looks at files that matter now."""


def files_for(plan: Plan) -> dict[str, Files]:
    """Read the files that the targets name: not on the event loop.

    Args:
        plan: what is to be done.

    Returns:
        By target, what was found.
    """
    return {each.target.name: files_of(each.target) for each in plan.targets}


def links_for(
    plan: Plan, files: Mapping[str, Files], before: Mapping[str, Link], means: Means
) -> dict[str, Link]:
    """Link every target of a plan. No file is touched.

    Args:
        plan: what is to be done.
        files: of each target, as they were read for this plan.
        before: the links there are, by target.
        means: what links are made with.

    Returns:
        By target, those before where they still fit, else new ones. Nothing is opened, and
        nothing follows the plan yet.

    Raises:
        ConfigError: the files that a target names cannot be used.
    """
    links: dict[str, Link] = {}
    problems: list[Problem] = []
    for index, target_plan in enumerate(plan.targets):
        target = target_plan.target
        read = files[target.name]
        identity = (*_identity(target, read), *map(_way_in, target_plan.passive))
        former = before.get(target.name)
        try:
            links[target.name] = (
                former
                if former is not None and former.identity == identity
                else _link(target_plan, read, identity, means, former)
            )
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or type(error).__name__
            problems.append(Problem(("targets", index), f"a file cannot be used: {reason}"))
    if problems:
        raise ConfigError(problems)
    return links


async def retire(link: Link, runs: Iterable[asyncio.Task[object]]) -> None:
    """Close a link once the runs that use it have ended; their time-outs bound that.

    Args:
        link: that no further run uses.
        runs: those that may.
    """
    rest(link.access.credentials)
    runs = set(runs)
    if runs:
        await asyncio.wait(runs)
    await link.close()


def _link(
    plan: TargetPlan,
    files: Files,
    identity: tuple[object, ...],
    means: Means,
    former: Link | None,
) -> Link:
    target = plan.target
    client = Client(target, files)
    wire = Wire(client.send, Slots(target.connection.concurrency), means.mint)
    valve = Valve(means.emit)
    secrets = Secrets(files.secret, means.looker, target.name)
    known = None if former is None else former.access.credentials
    access = Access(wire, valve, credentials_of(plan, wire, valve, secrets, known))
    return Link(identity, client, files, secrets, access, valve)


def _identity(target: Target, files: Files) -> tuple[object, ...]:
    """Certificates are replaced where they are."""
    settings = [getattr(target, name) for name in _MADE_OF]
    return (*settings, *(watch.seen.stamps for watch in files.tls.values()))


def _way_in(job: Job) -> tuple[object, ...]:
    """Of a login or a refresh, how it is sent; how it is judged may change under a token."""
    return (job.key, job.endpoint, job.timeout, job.essential)
