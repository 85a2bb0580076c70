"""The shipped rules and the shipped Alertmanager, for a world in a hurry."""

import json
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from urllib.parse import urlsplit

import yaml

from tests.support import tools
from tests.support.rules import seconds, shortened
from tests.support.servers import LOOPBACK, Process, Server, answers, free_port, get

FOLDER: Final = tools.ROOT / "alerts"
_TIMINGS: Final = ("group_wait", "group_interval")


def quick_rules(into: Path, factor: float) -> list[Path]:
    """Write every rule file with all of its times divided, burn rates and budgets too.

    Args:
        into: a folder.
        factor: 60 makes seconds of minutes.

    Returns:
        The files.
    """
    files = []
    for path in sorted(FOLDER.glob("*.rules.yaml")):
        rules = shortened(yaml.safe_load(path.read_text()), factor, longest="30d")
        files.append(into / path.name)
        files[-1].write_text(yaml.safe_dump(rules, sort_keys=False))
    return files


def quick_routes(config: Mapping[str, Any], factor: float, webhook: str) -> dict[str, Any]:
    """The same configuration, told sooner and elsewhere.

    Only what delays a first message is divided (``group_wait``, ``group_interval``). How often an
    alert that goes on is told again (``repeat_interval``), routes and inhibitions stay as they are.

    Args:
        config: of Alertmanager, as YAML reads it; its receivers are webhooks.
        factor: 60 makes seconds of minutes.
        webhook: what the receivers' URLs begin with, instead of their own host.
    """

    def told(receiver: Mapping[str, Any]) -> dict[str, Any]:
        hooks = receiver["webhook_configs"]
        urls = [f"{webhook}{urlsplit(hook['url']).path}" for hook in hooks]
        return {
            **receiver,
            "webhook_configs": [
                {**hook, "url": url} for hook, url in zip(hooks, urls, strict=True)
            ],
        }

    route = config["route"]
    quick = {name: f"{round(seconds(route[name]) / factor * 1000)}ms" for name in _TIMINGS}
    return {
        **config,
        "route": {**route, **quick},
        "receivers": [told(receiver) for receiver in config["receivers"]],
    }


class Alertmanager(Server):
    """An Alertmanager with the shipped configuration, shortened, that tells this webhook."""

    def __init__(self, webhook: str, factor: float, port: int | None = None) -> None:
        self.address = f"{LOOPBACK}:{port or free_port()}"
        self.url = f"http://{self.address}"
        shipped = yaml.safe_load((FOLDER / "alertmanager.yaml").read_text())
        self._config = quick_routes(shipped, factor, webhook)

    async def _start(self, stack: AsyncExitStack) -> None:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="test-alertmanager-")))
        config = folder / "alertmanager.json"
        config.write_text(json.dumps(self._config))  # JSON is YAML too
        program = tools.alertmanager()
        argv = [
            str(program),
            f"--config.file={config}",
            f"--storage.path={folder / 'data'}",
            f"--web.listen-address={self.address}",
            "--cluster.listen-address=",  # it is alone
        ]
        server = Process(argv, cwd=program.parent, ready=answers(f"{self.url}/-/ready"))
        self.process = await stack.enter_async_context(server)

    async def alerts(self, **parameters: str) -> list[dict[str, Any]]:
        """What it holds: ``await alertmanager.alerts(inhibited="false")``."""
        status, body = await get(f"{self.url}/api/v2/alerts", parameters)
        assert status == 200, body
        alerts: list[dict[str, Any]] = json.loads(body)
        return alerts
