"""A step of the wall clock: all goes on, and nothing that is judged by elapsed time is another."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support import tools
from tests.support.product import UVLOOP, Exporter, Scrape, Simulator
from tests.support.servers import Start, get

FAILING: Final = "monitoring.metrics"
ASKED: Final = (
    *(FAILING, "monitoring.health", "orchestrator.intents.list"),
    *("vnf-operator.vnfs.list", "vnf-operator.vnfs.get"),
)
INTERVAL: Final = 8
"""Seconds: the schedule may need one to find its way after a step, a busy machine more."""
CONFIG: Final = f"""
    targets:
      - name: lab
        url: {{url}}
        auth: {{{{type: login, username: demo, password: demo}}}}
        interval: {INTERVAL}s
        timeouts: {{{{total: 2s}}}}
        rate_limits: {{{{share: 1}}}}
        surfaces:
          "*": {{{{mode: off}}}}
          {{surfaces}}
    """
SURFACES: Final = "\n          ".join(f"{name}: {{mode: read}}" for name in ASKED)
STEADY: Final = (
    "oran_mano_token_valid",
    "oran_mano_token_renewal_overdue",
    "oran_mano_token_expiry_timestamp_seconds",
    "oran_mano_target_healthy",
    "oran_mano_probe_success",
    "oran_mano_probe_failure_reason",
    "oran_mano_probe_state_since_timestamp_seconds",
    "oran_mano_probe_skipped_total",
    "oran_mano_rate_limit_limit_requests",
)
"""What has to be the same after a step as before."""


class WallClock:
    """The wall clock of one process; its other clocks go on as they are."""

    def __init__(self, folder: Path) -> None:
        self._stamp = folder / "clock"
        self.step("+0")

    def step(self, by: str) -> None:
        """Set it off by so much from the true time, from its next reading on."""
        part = self._stamp.with_suffix(".part")
        part.write_text(by)
        part.replace(self._stamp)

    @property
    def environment(self) -> Mapping[str, str]:
        return {
            "LD_PRELOAD": str(tools.faketime()),
            "FAKETIME_TIMESTAMP_FILE": str(self._stamp),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }


def seen(scrape: Scrape) -> dict[str, float]:
    return {
        f"{sample.name}{sorted(sample.labels.items())}": sample.value
        for family in scrape.families.values()
        for sample in family.samples
        if sample.name in STEADY
    }


def ran(scrape: Scrape) -> dict[str, float]:
    runs = scrape.by("surface", "oran_mano_probe_runs_total")
    return {surface: runs[surface] for surface in ASKED}


def ran_again(before: Scrape, times: int) -> Callable[[Scrape], bool]:
    former = ran(before)
    return lambda scrape: all(ran(scrape)[name] >= former[name] + times for name in former)


async def told(url: str) -> Any:  # noqa: ANN401  # whatever JSON it is
    status, body = await get(url)
    assert status == 200
    return json.loads(body)


async def states(exporter: Exporter) -> dict[str, tuple[str, str]]:
    data = (await told(f"{exporter.url}/api/v1/status"))["data"]
    return {each["surface"]: (each["state"], each["reason"]) for each in data["surfaces"]}


@pytest.mark.parametrize(
    ("by", "loop"),
    [("+3600", {}), ("-3600", {}), ("-3600", UVLOOP)],
    ids=["forward", "back", "back-uvloop"],
)
async def test_a_step_of_an_hour_changes_nothing(
    start: Start, tmp_path: Path, by: str, loop: Mapping[str, str]
) -> None:
    clock = WallClock(tmp_path)
    simulator = await start(Simulator())
    await simulator.play("healthy", status={FAILING: 503})
    config = CONFIG.format(url=simulator.url, surfaces=SURFACES)
    exporter = await start(Exporter(config, env={**clock.environment, **loop}))
    before = await exporter.until(
        lambda scrape: all(n >= 2 for n in ran(scrape).values()), within=60
    )
    assert before.one("oran_mano_token_valid") == 1
    assert before.reasons()[FAILING] == "http_5xx"
    was, shown = seen(before), await states(exporter)
    heartbeat = before.one("oran_mano_exporter_schedule_heartbeat_timestamp_seconds")

    clock.step(by)

    assert seen(await exporter.scrape()) == was
    assert await states(exporter) == shown
    after = await exporter.until(ran_again(before, 2), within=60)
    moved = after.one("oran_mano_exporter_schedule_heartbeat_timestamp_seconds") - heartbeat
    assert abs(moved - float(by)) < 600  # the clock was stepped indeed
    assert seen(after) == was
    assert await states(exporter) == shown
    assert after.one("oran_mano_token_renewal_overdue") == 0
    newest = (await told(f"{exporter.url}/logs?format=json"))["runs"][0]["at"]
    now = (await told(f"{exporter.url}/api/v1/status"))["data"]["time"]
    since = datetime.fromisoformat(now) - datetime.fromisoformat(newest)
    assert abs(since.total_seconds()) < 600  # the newest run stands first
