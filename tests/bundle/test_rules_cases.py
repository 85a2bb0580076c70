"""promtool agrees with the rules, and with what is told of every alert."""

import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.bundle.case import ALERTS, KINDS, RULES, alerts
from tests.bundle.write import CASES, files

TESTS: Final = sorted((ALERTS / "tests").glob("*.yaml"))


def promtool_says(promtool: Path, *words: str | Path) -> str:
    """Nothing if all is well."""
    argv = [promtool, *words]
    done = subprocess.run(argv, check=False, text=True, capture_output=True, cwd=ALERTS / "tests")
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_rules_are_valid(promtool: Path) -> None:
    assert RULES
    assert promtool_says(promtool, "check", "rules", "--lint=all", "--lint-fatal", *RULES) == ""


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_cases(path: Path, promtool: Path) -> None:
    assert promtool_says(promtool, "test", "rules", path) == ""


def test_a_wrong_case_would_be_seen(promtool: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    text = (ALERTS / "tests" / "ApiDeprecated.yaml").read_text()
    wrong.write_text(text.replace("../", f"{ALERTS}/").replace("value: 35", "value: 36"))
    assert "FAILED" in promtool_says(promtool, "test", "rules", wrong)


def test_files_are_those_that_the_cases_give() -> None:
    written = {path.name: path.read_text() for path in TESTS if path.name[0].isupper()}
    assert written == files(), "run `python -m tests.bundle.write`"


def test_every_alert_has_every_kind_of_case() -> None:
    names = {str(rule["alert"]) for rule in alerts()}
    assert {case.alert for case in CASES} == names
    told = {(case.alert, case.kind) for case in CASES}
    assert [(name, kind) for name in names for kind in KINDS if (name, kind) not in told] == []


def test_every_alert_fires_only_in_time_and_resolves() -> None:
    for rule in alerts():
        spans = [
            (*case.firing, case.stage.minutes)
            for case in CASES
            if case.alert == rule["alert"] and case.firing and case.kind == "fires"
        ]
        assert all(0 < first < last <= end for first, last, end in spans), rule["alert"]
        assert any(last < end for _, last, end in spans), rule["alert"]
