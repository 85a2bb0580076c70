"""Jobs and answers for tests, in a line each."""

import asyncio
import json
from collections.abc import Mapping
from typing import Final

from exporter.catalog import CATALOG
from exporter.checks import Checks
from exporter.checks.judge import Sent, Verdict, ask
from exporter.config.schema import Auth, Config, Resources, SurfaceOptions, Target
from exporter.config.values import Secret
from exporter.model.exchange import Exchange, Fault, Request, Timing
from exporter.model.observation import Phases
from exporter.model.reasons import Reason
from exporter.planning.job import Job
from exporter.planning.plan import plan
from exporter.protocol.json_document import JsonDocument, read_tolerantly, strictly

ACCOUNT: Final = Auth(type="login", username="probe", password=Secret("hunter2"))


def jobs(resources: Resources | None = None, url: str = "http://lab/v1") -> dict[str, Job]:
    """Every job of a target with an account, the dry run too, by surface."""
    target = Target(
        name="lab",
        url=url,
        auth=ACCOUNT,
        resources=resources or Resources(),
        surfaces={"orchestrator.plan": SurfaceOptions(mode="dry_run")},
    )
    return {job.key.surface: job for job in plan(CATALOG, Config((target,))).targets[0].every}


def timing(duration: float = 0.05, at: float = 1000.0, lag: float = 0.0) -> Timing:
    phases = Phases(connect=0.01, send=0.001, wait=duration, receive=0.002)
    return Timing(at=at, started=0.0, duration=duration, phases=phases, reused=False, lag=lag)


def answer(
    document: object = None,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    duration: float = 0.05,
    at: float = 1000.0,
    lag: float = 0.0,
) -> Exchange:
    """An answer; ``document`` is bytes as they are, anything else becomes JSON."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return Exchange(timing(duration, at, lag), status, headers or {}, body)


def fault(reason: Reason, duration: float = 0.05) -> Fault:
    return Fault(timing(duration), reason, "as the test wants it")


def document_of(body: bytes) -> JsonDocument:
    """What a body holds; not for tests that have an event loop."""
    return strictly(body) or asyncio.run(read_tolerantly(body))


async def told(surface: str, result: Exchange) -> str:
    """What the checks of a surface find in an answer: which of them, why, and their words."""
    finding = (await judged(jobs()[surface], result)).finding
    return "" if finding is None else f"{finding.check}: {finding.reason}: {finding.detail}"


async def judged(
    job: Job, result: Exchange | Fault, checks: Checks | None = None, sent: Sent | None = None
) -> Verdict:
    """What an outcome says; without checks that remember, as the first run of its target."""

    async def send(_: Request) -> Exchange | Fault:
        return result

    request = Request("GET", "/", {}, 1)
    verdict, _ = await ask(send, job, request, sent or Sent(), checks or Checks())
    return verdict
