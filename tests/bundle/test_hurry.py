"""What the tests shorten, and nothing else."""

import json
import subprocess
from pathlib import Path
from typing import Final

import yaml

from tests.support import tools
from tests.support.alerting import FOLDER, quick_routes, quick_rules

SHIPPED: Final = yaml.safe_load((FOLDER / "alertmanager.yaml").read_text())


def test_routes_are_the_shipped_ones_but_told_sooner_and_elsewhere(tmp_path: Path) -> None:
    quick = quick_routes(SHIPPED, 30, "http://127.0.0.1:1")
    assert quick["inhibit_rules"] == SHIPPED["inhibit_rules"]
    assert quick["route"] == {
        **SHIPPED["route"],
        "group_wait": "1000ms",
        "group_interval": "10000ms",
    }
    urls = [each["webhook_configs"][0]["url"] for each in quick["receivers"]]
    assert urls == [f"http://127.0.0.1:1/{name}" for name in ("pager", "tickets", "log")]
    file = tmp_path / "alertmanager.json"
    file.write_text(json.dumps(quick))
    argv = [str(tools.amtool()), "check-config", str(file)]
    assert subprocess.run(argv, check=False, capture_output=True).returncode == 0


def test_every_rule_file_is_shortened(tmp_path: Path, promtool: Path) -> None:
    files = quick_rules(tmp_path, 30)
    assert [file.name for file in files] == [
        each.name for each in sorted(FOLDER.glob("*.rules.yaml"))
    ]
    text = "".join(file.read_text() for file in files)
    assert "[10000ms]" in text
    assert "[86400000ms]" in text  # 30 days
    assert "[2880000ms:24000ms]" in text  # a day, in steps of 12 minutes
    assert subprocess.run([promtool, "check", "rules", *files], check=False).returncode == 0
