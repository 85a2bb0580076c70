"""The labels of a place are one list, and another list gives files that work as well."""

import re
import subprocess
from pathlib import Path
from typing import Final

import pytest
import yaml

from tests.bundle.case import ALERTS, RULES
from tests.bundle.test_rules import EXPRESSIONS
from tests.support import tools
from tools.rules import SHIPPED, main, relabelled

FILES: Final = [*RULES, ALERTS / "alertmanager.yaml"]
GROUPED: Final = re.compile(r"\b(by|on|group_left|ignoring|without) *\(([^()]*)\)")
AGGREGATES: Final = re.compile(
    r"\b(sum|max|min|avg|count|count_values|quantile|topk|bottomk|group|stddev)\b\s*(\w*)"
)
LISTS: Final = [("cluster", "namespace", "region"), ("region",), ()]


def accepts(*argv: str | Path) -> bool:
    return subprocess.run(argv, check=False).returncode == 0


@pytest.mark.parametrize(("name", "expr"), EXPRESSIONS, ids=[name for name, _ in EXPRESSIONS])
def test_every_rule_keeps_the_labels_of_a_place(name: str, expr: str) -> None:
    for how, inside in GROUPED.findall(expr):
        assert how in {"by", "on"} or (how, inside) == ("group_left", ""), name
        if how in {"by", "on"}:
            assert inside.startswith("cluster, namespace, "), name
    assert {by for _, by in AGGREGATES.findall(expr)} <= {"by"}, name


def test_every_query_of_a_description_keeps_them() -> None:
    for path in RULES:
        for line in path.read_text().splitlines():
            if "| query" in line:
                assert "{cluster='%s', namespace='%s', target='%s'" in line
                assert "$labels.cluster $labels.namespace $labels.target" in line


def test_every_inhibition_and_message_keeps_them() -> None:
    config = yaml.safe_load((ALERTS / "alertmanager.yaml").read_text())
    assert config["route"]["group_by"][:2] == [*SHIPPED]
    for rule in config["inhibit_rules"]:
        everywhere = rule["source_matchers"][1:] == ['job=""', 'namespace=""']
        assert rule["equal"][:2] == (["cluster"] if everywhere else [*SHIPPED])


def test_the_shipped_list_gives_the_shipped_files(tmp_path: Path) -> None:
    assert main(["--out", str(tmp_path)]) == 0
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        path.name: path.read_text() for path in FILES
    }


@pytest.mark.parametrize("labels", LISTS, ids=["one more", "another", "none"])
def test_another_list_gives_files_that_are_valid(
    labels: tuple[str, ...], tmp_path: Path, promtool: Path
) -> None:
    assert main(["--labels", ",".join(labels), "--out", str(tmp_path)]) == 0
    rules = sorted(tmp_path.glob("*.rules.yaml"))
    assert accepts(promtool, "check", "rules", "--lint=all", "--lint-fatal", *rules)
    assert accepts(tools.amtool(), "check-config", tmp_path / "alertmanager.yaml")
    text = "".join(path.read_text() for path in [*rules, tmp_path / "alertmanager.yaml"])
    begins = "".join(f"{label}, " for label in labels)
    assert f"by ({begins}target)" in text
    for label in SHIPPED:
        used = re.search(rf"(by|on) \([^)]*{label}|{label}='%s'|labels\.{label}\b", text)
        assert bool(used) == (label in labels)


@pytest.mark.parametrize("labels", LISTS, ids=["one more", "another", "none"])
def test_alerts_of_another_list_are_the_same(
    labels: tuple[str, ...], tmp_path: Path, promtool: Path
) -> None:
    """Where none of the labels is there, the list makes no difference."""
    (tmp_path / "tests").mkdir()
    assert main(["--labels", ",".join(labels), "--out", str(tmp_path)]) == 0
    for name in ("ExporterFault.yaml", "ApiSunsetNear.yaml", "components.yaml"):
        case = tmp_path / "tests" / name
        case.write_text((ALERTS / "tests" / name).read_text())
        assert accepts(promtool, "test", "rules", case)


@pytest.mark.parametrize(
    ("labels", "fault"),
    [
        ("cluster,1st", "'1st' is not the name of a label"),
        ("cluster,__name__", "'__name__' is not the name of a label"),
        ("cluster,target", "the rules use target themselves"),
        ("region,region", "region is named twice"),
    ],
)
def test_what_is_no_list_is_refused(
    labels: str, fault: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["--labels", labels, "--out", str(out)]) == 2
    assert fault in capsys.readouterr().err
    assert not out.exists()


def test_the_source_is_not_written_over(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--labels", "", "--out", str(ALERTS)]) == 2
    assert "OUT" in capsys.readouterr().err


def test_what_is_no_list_of_labels_stays() -> None:
    assert relabelled("# cluster and namespace\n", ()) == "# cluster and namespace\n"


def test_runbooks_are_where_who_asks_says(tmp_path: Path) -> None:
    assert main(["--runbooks", "https://wiki.example.net/mano/", "--out", str(tmp_path)]) == 0
    (target_down,) = [
        rule["annotations"]["runbook_url"]
        for group in yaml.safe_load((tmp_path / "api.rules.yaml").read_text())["groups"]
        for rule in group["rules"]
        if rule.get("alert") == "TargetDown"
    ]
    assert target_down == "https://wiki.example.net/mano/TargetDown.md"
