"""What the pages say is so."""

import re
from pathlib import Path
from typing import Final

import pytest

from exporter.catalog import CATALOG
from exporter.checks import CHECKS, IN_ORDER, REMEMBERING
from exporter.config.auth_schemes import SCHEMES, AuthScheme
from exporter.config.problems import ConfigError
from exporter.planning.plan import plan
from exporter.simulator.scenarios import SCENARIOS
from exporter.web import paths
from tests.unit.config.support import KEYS, decode, documented_example

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
CONFIGURATION: Final = (ROOT / "docs" / "configuration.md").read_text()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^(`{3,}).*?^\1$", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    links = re.findall(r"\]\((?!https?:)([^)#]+)", text)
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_example_names_every_key_and_can_be_planned(tmp_path: Path) -> None:
    config, _ = decode(documented_example().encode(), tmp_path)
    assert plan(CATALOG, config).jobs
    names = {path.removesuffix(".*").rpartition(".")[2] for path in KEYS}
    assert [name for name in names if not re.search(rf"\b{name}:", CONFIGURATION)] == []


@pytest.mark.parametrize(("kind", "scheme"), SCHEMES.items(), ids=SCHEMES)
def test_each_type_of_auth_is_there_with_its_keys(kind: str, scheme: AuthScheme) -> None:
    (keys,) = re.findall(rf"^\| `{kind}` \|([^|]*)\|", CONFIGURATION, re.MULTILINE)
    assert {*re.findall(r"`(\w+):?`", keys)} == {*scheme.keys}


def test_flags_of_the_page_are_those_of_the_command() -> None:
    documented = set(re.findall(r"`(--[a-z.-]+)", CONFIGURATION))
    source = "".join(
        (ROOT / "exporter" / "commands" / name).read_text() for name in ("main.py", "flags.py")
    )
    source += (ROOT / "exporter" / "simulator" / "command.py").read_text()
    defined = set(re.findall(r'"(--[a-z.-]+)"', source)) - {"--simulator.stop-on-eof"}
    assert documented == defined


def test_every_page_is_documented() -> None:
    assert [path for path in paths.PAGES if f"{path}` |" not in CONFIGURATION] == []


def test_every_scenario_is_on_the_page_of_the_simulator() -> None:
    page = (ROOT / "docs" / "simulator.md").read_text()
    for scenario in SCENARIOS.values():
        assert f"| `{scenario.name}` | {scenario.summary} |" in page


def test_the_demo_says_of_every_scenario_what_will_be_seen() -> None:
    page = (ROOT / "docs" / "demo.md").read_text().partition("### What will be seen")[2]
    told = re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)
    assert told == [scenario.name for scenario in SCENARIOS.values()]


def test_a_check_has_one_name_its_file_its_tests_and_its_place_on_the_page() -> None:
    page = (ROOT / "docs" / "checks.md").read_text()
    names = sorted({*CHECKS, *REMEMBERING})
    files = {path.stem for path in (ROOT / "exporter" / "checks").glob("[!_]*.py")}
    tests = {
        path.stem.removeprefix("test_")
        for path in (ROOT / "tests" / "unit" / "checks").glob("test_*.py")
    }
    assert sorted(files - {"finding", "judge"}) == names
    assert sorted(tests - {"judge"}) == names
    assert sorted(re.findall(r"^### `(\w+)`$", page, re.MULTILINE)) == names


def test_a_gate_has_its_tests() -> None:
    files = {path.stem for path in (ROOT / "exporter" / "gates").glob("[!_]*.py")} - {"gate"}
    tests = (ROOT / "tests" / "unit" / "gates").glob("test_*.py")
    assert files <= {path.stem.removeprefix("test_") for path in tests}


def test_every_surface_is_on_the_page_of_the_checks() -> None:
    page = (ROOT / "docs" / "checks.md").read_text()
    rows = dict(re.findall(r"^\| (?:`(.+)`|all others) \| (`.+) \|$", page, re.MULTILINE))
    for surface, names in IN_ORDER.items():
        assert rows.get(surface, rows[""]) == ", ".join(f"`{name}`" for name in names)


def test_both_commands_are_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    assert "make demo" in readme
    assert "make test" in readme


def test_every_make_target_of_the_pages_exists() -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in PAGES:
        assert set(re.findall(r"`make ([a-z0-9-]+)", page.read_text())) <= targets, page


def test_a_mistake_in_the_example_would_be_seen(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        decode(b"targets: [{name: lab, url: http://lab, intervall: 3s}]", tmp_path)
