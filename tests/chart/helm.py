"""Helm itself, as a command: what users of the chart have. The library is its engine alone.

Where there is none for this kind of machine (``tools.helm``), whoever needs it is skipped.
"""

import json
import os
import platform
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.support import tools


def is_here() -> bool:
    """Whether it can be run."""
    return tools.helm() is not None


def run(
    *argv: str | Path, values: dict[str, Any] | None = None
) -> subprocess.CompletedProcess[str]:
    """A command of Helm, which keeps nothing and knows of no cluster."""
    program = tools.helm()
    if program is None:
        pytest.skip(f"no Helm is packed for {platform.machine()}: set HELM=/path/to/helm")
    with TemporaryDirectory(prefix="test-helm-") as home:
        homes = {f"HELM_{kind}_HOME": home for kind in ("CACHE", "CONFIG", "DATA")}
        env = {"PATH": os.environ["PATH"], "HOME": home, **homes}
        flags: list[str | Path] = []
        if values is not None:
            file = Path(home, "values.json")
            file.write_text(json.dumps(values))
            flags = ["--values", file]
        return subprocess.run(
            [program, *argv, *flags], check=False, capture_output=True, text=True, env=env
        )


def template(
    values: dict[str, Any] | None, chart: Path, *, name: str, namespace: str
) -> subprocess.CompletedProcess[str]:
    """``helm template``: a stream of manifests, or why not."""
    return run("template", name, chart, "--namespace", namespace, values=values)
