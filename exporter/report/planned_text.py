"""What is planned of a surface, for who wonders why it is probed so: never a secret. Pure."""

from collections.abc import Iterator, Mapping
from typing import Final

from exporter.config.schema import Connection, Target
from exporter.config.shapes import FILE_SUFFIX
from exporter.config.values import Duration
from exporter.planning.job import Job
from exporter.report.run_text import StoryLine, fact

_FAN_OUT: Final[Mapping[str, str]] = {"each": "each in every run", "rotate": "one a run, in turn"}


def planned(job: Job, target: Target) -> Iterator[StoryLine]:
    """Tell how a surface is probed, a line for each thing that decides it.

    Of the target's headers the names alone are told.
    """
    yield StoryLine("Planned job:", "heading")
    for label, text in (*_job(job, target), *_target(target)):
        yield fact(label, text)


def _job(job: Job, target: Target) -> Iterator[tuple[str, str]]:
    row, most, timeouts = job.surface, target.resources.max, target.timeouts
    yield "surface", f"{row.id} of {job.key.target}, component {row.component}"
    yield "request", f"{row.method} {job.endpoint}{job.query}"
    if row.ids is not None:
        yield "ids", f"{row.ids.kind}: {_FAN_OUT[row.ids.fan_out]}, {most} at most"
    yield "mode", job.mode
    yield "interval", _spelled(job.interval)
    phases = f"connect {timeouts.connect}, read {timeouts.read}"
    yield "time-out", f"{_spelled(job.timeout)} in all, {phases}"
    yield "latency", f"good up to {_spelled(job.good)}, bad above {_spelled(job.bad)}"
    yield "essential", "yes" if job.essential else "no"
    yield "rate class", f"{row.rate_class} ({job.credential})"


def _target(target: Target) -> Iterator[tuple[str, str]]:
    yield "url", target.url
    yield "auth", target.auth.type
    yield "connections", _connections(target.connection)
    if target.url.startswith("https:"):
        yield "tls", "not verified" if target.tls.insecure_skip_verify else "verified"
    yield "proxy", "as proxy_url says" if target.proxy_url.reveal() else "as the environment says"
    yield "redirects", "followed" if target.follow_redirects else "not followed"
    names = [name.removesuffix(FILE_SUFFIX) for name in target.headers]
    yield "headers", ", ".join(names) or "none"


def _connections(settings: Connection) -> str:
    kept = f"kept for {settings.max_age}" if settings.max_age else "a new one for each request"
    return f"concurrency {settings.concurrency}, {kept}, ip_protocol {settings.ip_protocol}"


def _spelled(seconds: float) -> str:
    return str(Duration(seconds))
