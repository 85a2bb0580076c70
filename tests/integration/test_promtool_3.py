"""The promtool of Prometheus 3 is built where that can be done; elsewhere one line says why not."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.support.tools import PROMTOOL_3_VERSION, ROOT

BUILDS: Final = """\
#!/bin/sh
while [ $# -gt 1 ]; do
  if [ "$1" = -o ]; then printf '#!/bin/sh\\necho version 3.16.0\\n' >"$2"; chmod +x "$2"; fi
  shift
done
"""
OFFLINE: Final = (
    "#!/bin/sh\necho 'go: dial tcp: lookup proxy.golang.org: no such host' >&2\nexit 1\n"
)


def bring(
    folder: Path, go: str, wanted: str = "bundle", **variables: str
) -> subprocess.CompletedProcess[str]:
    programs = folder / "bin"
    programs.mkdir(exist_ok=True)
    if go:
        (programs / "go").write_text(go)
        (programs / "go").chmod(0o755)
    kept = {name: text for name, text in os.environ.items() if name not in {"CI", "PROMTOOL_3"}}
    return subprocess.run(
        [sys.executable, "-m", "tests.support.fetching", wanted],
        cwd=ROOT,
        env={
            **kept,
            "PATH": f"{programs}:/usr/bin:/bin",
            "TOOLS_CACHE": str(folder / "cache"),
            **variables,
        },
        check=False,
        text=True,
        capture_output=True,
    )


@pytest.mark.parametrize(
    ("go", "variables", "why"),
    [
        ("", {}, "there is no Go here"),
        (OFFLINE, {}, "no such host"),
        (BUILDS, {"CI": "true"}, "CI does not build it"),
        (BUILDS, {"PROMTOOL_3": "/nowhere/promtool"}, "is not a program"),
    ],
    ids=["no Go", "no network", "CI", "another that is not there"],
)
def test_without_it_one_line_says_why(
    go: str, variables: dict[str, str], why: str, tmp_path: Path
) -> None:
    done = bring(tmp_path, go, **variables)
    *building, line = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (0, "")
    assert why in line
    assert "Prometheus 2's promtool alone" in line
    assert all(each.startswith("Building") for each in building)
    assert bring(tmp_path, go, "promtool-3", **variables).returncode == int("CI" not in variables)


def test_it_is_built_once_and_kept(tmp_path: Path) -> None:
    first, second = (bring(tmp_path, BUILDS).stdout.splitlines() for _ in range(2))
    assert first[0] == f"Building, which takes minutes, promtool-3-{PROMTOOL_3_VERSION} (once)..."
    assert first[1:] == second
    assert PROMTOOL_3_VERSION in second[0]
    kept = tmp_path / "cache" / f"promtool-3-{PROMTOOL_3_VERSION}"
    assert [path.name for path in kept.iterdir()] == ["promtool"]
