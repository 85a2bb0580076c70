"""Every reason there is stands on the page about them, and whoever shows one leads there."""

import re
from pathlib import Path
from typing import Final, get_args

import pytest

from exporter.model.reasons import Reason, SkipReason
from exporter.report.advice import FAILED, SKIPPED, advice, place
from exporter.report.reasons_reference import page
from exporter.report.run_text import Step, story
from exporter.web.reasons_page import linked, reasons_page
from tests.unit.status.factories import HEALTH, run, skip

ROOT: Final = Path(__file__).parents[3]
PAGE: Final = ROOT / "docs" / "reasons.md"
DOCS: Final = sorted((ROOT / "docs").glob("**/*.md"))
ALL: Final[tuple[Reason | SkipReason, ...]] = (*get_args(Reason), *get_args(SkipReason))

every_reason = pytest.mark.parametrize("reason", ALL)


CONCLUSIONS: Final = [
    *(Step(run(HEALTH, reason=reason)) for reason in FAILED),
    *(Step(skip(reason)) for reason in SKIPPED),
]


def test_the_page_is_as_it_would_be_written_now() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make docs`"


def test_the_page_has_all_reasons_and_no_others() -> None:
    assert re.findall(r"^### `(\w+)`$", page(), re.MULTILINE) == [*ALL]


@every_reason
def test_each_says_what_it_means_what_causes_it_and_what_is_next(
    reason: Reason | SkipReason,
) -> None:
    told, text = advice(reason), page()
    for sentence in (told.means, told.causes, told.then):
        assert sentence.endswith((".", "?"))
        assert sentence in text
    assert len({told.means, told.causes, told.then}) == 3
    assert reasons_page().count(f'<section id="{reason}">') == 1


@pytest.mark.parametrize("step", CONCLUSIONS, ids=lambda step: step.reason)
def test_a_probe_by_hand_leads_there(step: Step) -> None:
    reason = step.reason
    assert reason is not None
    text = "\n".join(line.text for line in story([step]))
    assert place(reason) == f"/reasons#{reason}"
    assert f"{place(reason)} of a running exporter" in text
    assert advice(reason).causes in text


@every_reason
def test_a_reason_leads_there_where_it_is_stated(reason: str) -> None:
    link = f'<a href="reasons#{reason}">{reason}</a>'
    for phrase in (
        "{}",
        "{}: answered so",
        "http: x; {}",
        "x; not asked since: {}",
        "failing ({}: x), 5s ago",
    ):
        assert linked(phrase.format(reason)) == phrase.format(link)


@pytest.mark.parametrize(
    "phrase", ["no reset in it", "it is slow", "dnsmasq: x", "reset by peer", "x: slow down", ""]
)
def test_a_word_of_a_sentence_is_no_link(phrase: str) -> None:
    assert linked(phrase) == phrase


@pytest.mark.parametrize("document", DOCS, ids=lambda path: path.name)
def test_links_of_other_pages_lead_to_reasons_that_exist(document: Path) -> None:
    named = re.findall(r"reasons\.md#(\w+)\)", document.read_text())
    assert set(named) <= set(ALL)


@pytest.mark.parametrize(
    "runbook", sorted((ROOT / "docs/runbooks").glob("*.md")), ids=lambda p: p.stem
)
def test_a_runbook_that_names_a_reason_leads_there(runbook: Path) -> None:
    """Where it is more than the name of a phase."""
    text = re.sub(r"```.*?```", "", runbook.read_text(), flags=re.DOTALL)
    named = set(re.findall(r"`(\w+)`", text)) & ({*ALL} - {"dns"})
    assert named <= set(re.findall(r"\[`(\w+)`\]\(\.\./reasons\.md#\1\)", text))


def test_the_closed_sets_are_those_of_the_advice() -> None:
    assert [*FAILED, *SKIPPED] == [*ALL]
