"""What a wrong scenario is answered on the command line, and what the page says that a file is."""

import re
from pathlib import Path

import pytest

from exporter.simulator.command import main, prepared
from exporter.simulator.files import read_file
from exporter.simulator.scenario import ScenarioError
from exporter.simulator.scenarios import SCENARIOS

PAGE = Path(__file__).parents[3] / "docs" / "simulator.md"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"name: [", "not YAML: line 1, column 8: expected the node content"),
        (b"name: a\n\tx: 5\n", "not YAML: line 2, column 1: found character '\\t'"),
        (b"\xff\xfe\xfa", "not YAML: not UTF-8"),
        (b'name: "a\0b"', "not YAML: unacceptable character #x0000"),
        (b"x: 2024-99-99", "not YAML: month must be in 1..12"),
        (b"[" * 5000, "not YAML: maximum recursion depth exceeded"),
        (b"? [a]\n: 5\n", "not YAML: line 1, column 3: found unhashable key"),
        (b"!!python/name:os.system x", "not YAML: line 1, column 1: could not determine"),
        (b"name: down\nversion: '2'\nname: slow\n", "line 3: 'name' is there twice"),
        (b"name: down\nstatus: {'*': 503, '*': 500}\n", "line 2: '*' is there twice"),
        (b'{"name": "down",\n "name": "slow"}', "line 2: 'name' is there twice"),
        (b"name: down\n'name': slow", "line 2: 'name' is there twice"),
        (b"name: down\n1: a\n1: b", "line 3: '1' is there twice"),
        (b"name: down\nsteps:\n- {knobs: {hang: [], hang: []}}", "line 3: 'hang' is there twice"),
        (b"", "a scenario is an object"),
        (b"- 5", "a scenario is an object"),
        (b"name: mine", "unknown scenario 'mine'; a name of your own needs a `base`"),
        (b"name: down\nhangs: ['*']", "unknown knob 'hangs'; did you mean 'hang'?"),
        (
            b"name: mine\nbase: down\nsteps: [{seconds: 5}, {seconds: 5, knobs: {hang: [x]}}]",
            "step 2: hang: 'x' fits no surface",
        ),
    ],
)
def test_a_wrong_file_is_one_line_that_names_it(
    content: bytes, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = tmp_path / "mine.yaml"
    document.write_bytes(content)
    assert main(["--simulator.scenario", str(document)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"simulator: {document}: {told}")
    assert said.err.count("\n") == 1
    assert said.err.endswith("\n")


@pytest.mark.parametrize("name", ["healty", ".", "a\0b", "\ud800"])
def test_neither_a_scenario_nor_a_file(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--simulator.scenario", name]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"simulator: {name!r} is neither a scenario nor a file")
    assert said.count("\n") == 1
    assert all(known in said for known in SCENARIOS)


@pytest.mark.parametrize(
    ("content", "c"),
    [
        ("{a: &a {k: 1}, c: {<<: *a, k: 2}}", {"k": 2}),
        ("{a: &a {k: 1}, c: {<<: [{k: 2}, *a]}}", {"k": 2}),
        ("{a: &a {k: 1}, b: &b {<<: *a, k: 2}, c: {<<: *b, k: 3}}", {"k": 3}),
        # What is deeper is merged from before it is made itself.
        ("{a: &a {k: 1}, top: {x: &b {<<: *a, k: 2}}, c: {<<: *b}}", {"k": 2}),
        ("{a: &a {k: 1}, top: {x: &b {<<: *a, k: 2}}, c: [{<<: *b}, *b, *b]}", [{"k": 2}] * 3),
        ("c: {1: a, '1': b}", {1: "a", "1": "b"}),
    ],
)
def test_what_a_file_merges_is_there_once(content: str, c: object, tmp_path: Path) -> None:
    document = tmp_path / "mine.yaml"
    document.write_text(content, "utf-8")
    read = read_file(str(document))
    assert isinstance(read, dict)
    assert read["c"] == c


def test_the_pages_own_file_plays(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    document = tmp_path / "evening.yaml"
    document.write_text(example, "utf-8")
    stage = prepared(str(document), 1).gateway.stage
    begun = stage.at(0)[1]
    played = []
    for after in (0, 59, 61, 89, 91, 119, 121):
        knobs, _ = stage.at(begun + after)
        status = knobs.status.get("o2-client.*") or knobs.status.get("*")
        played.append((status, knobs.latency_factor, knobs.token_seconds))
    well, slow, down = (None, 1, 120), (500, 8, 120), (503, 1, 120)
    assert played == [well, well, slow, slow, down, down, well]


def test_the_page_knows_all_scenarios() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    assert dict(rows) == {row.name: row.summary for row in SCENARIOS.values()}


def test_what_is_prepared_begins_with_its_seed() -> None:
    first, same, other = (prepared("healthy", seed).gateway.world.rng for seed in (1, 1, 2))
    assert first.random() == same.random() != other.random()
    with pytest.raises(ScenarioError):
        prepared("nothing", None)
