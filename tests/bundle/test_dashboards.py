"""What every dashboard keeps to, whoever adds a panel."""

import json
import re
from itertools import combinations
from pathlib import Path
from typing import Final

import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from tests.support.dashboards import (
    FOLDER,
    Json,
    charts,
    documents,
    links,
    panels,
)
from tests.support.tools import ROOT
from tools.dashboards.alerts import names as alert_names
from tools.dashboards.bundle import rendered
from tools.dashboards.pages import RUNBOOKS, Page

DOCUMENTS: Final = documents()
PAGES: Final = {document["uid"]: document for document in DOCUMENTS.values()}
RULES: Final = [
    rule
    for path in (ROOT / "alerts").glob("*.rules.yaml")
    for group in yaml.safe_load(path.read_text())["groups"]
    for rule in group["rules"]
]
every_dashboard = pytest.mark.parametrize("name", DOCUMENTS)


# --- The files -----------------------------------------------------------------------------------


def test_the_six_are_there_and_up_to_date() -> None:
    committed = {path.name: path.read_text() for path in FOLDER.glob("*.json")}
    assert set(committed) == {f"{page.slug}.json" for page in Page}
    stale = [name for name, text in rendered().items() if committed[name] != text]
    assert stale == [], "run `make dashboards`"


@every_dashboard
def test_grafana_s_own_types_read_every_word(name: str) -> None:
    read = Dashboard.from_json(DOCUMENTS[name])
    assert json.loads(JSONEncoder().encode(read)) == DOCUMENTS[name]


@every_dashboard
def test_nothing_in_it_changes_by_itself(name: str) -> None:
    document = DOCUMENTS[name]
    assert document["uid"] == f"oran-mano-{name}"
    assert document["tags"] == ["oran-mano"]
    assert document["refresh"] == "30s"
    assert document.keys().isdisjoint({"id", "version", "iteration", "gnetId"})
    assert document["time"]["from"].startswith("now-")


@every_dashboard
def test_the_page_shows_a_small_picture_of_it(name: str) -> None:
    page = (ROOT / "docs" / "dashboards.md").read_text()
    assert f"](images/{name}.png)" in page
    assert (ROOT / "docs" / "images" / f"{name}.png").stat().st_size < 200_000, "`make pictures`"


# --- Panels --------------------------------------------------------------------------------------


@every_dashboard
def test_every_panel_explains_itself(name: str) -> None:
    for panel in charts(DOCUMENTS[name]):
        defaults = panel["fieldConfig"]["defaults"]
        assert panel["title"], panel["id"]
        assert len(panel["description"]) > 40, panel["title"]
        assert defaults["unit"], panel["title"]
        assert defaults["noValue"], panel["title"]


@every_dashboard
def test_titles_are_unique_and_rows_are_questions(name: str) -> None:
    titles = [panel["title"] for panel in charts(DOCUMENTS[name])]
    assert len(titles) == len(set(titles))
    rows = [panel["title"] for panel in DOCUMENTS[name]["panels"] if panel["type"] == "row"]
    assert DOCUMENTS[name]["panels"][0]["type"] == "row"
    assert [title for title in rows if "?" not in title] == []


@every_dashboard
def test_ids_are_unique(name: str) -> None:
    ids = [panel["id"] for panel in panels(DOCUMENTS[name])]
    assert sorted(ids) == list(range(1, len(ids) + 1))


@every_dashboard
def test_panels_fill_the_grid_and_do_not_overlap(name: str) -> None:
    places = {panel["title"]: panel["gridPos"] for panel in panels(DOCUMENTS[name])}
    cells = {title: _cells(place) for title, place in places.items()}
    assert [pair for pair in combinations(cells, 2) if cells[pair[0]] & cells[pair[1]]] == []
    assert all(place["x"] + place["w"] <= 24 for place in places.values())
    widths: dict[int, int] = {}
    for place in places.values():
        widths[place["y"]] = widths.get(place["y"], 0) + place["w"]
    assert set(widths.values()) == {24}


def _cells(place: dict[str, int]) -> set[tuple[int, int]]:
    columns = range(place["x"], place["x"] + place["w"])
    return {(x, y) for x in columns for y in range(place["y"], place["y"] + place["h"])}


def test_on_call_fits_a_screen() -> None:
    bottom = max(p["gridPos"]["y"] + p["gridPos"]["h"] for p in panels(DOCUMENTS["on-call"]))
    assert bottom <= 24


@every_dashboard
def test_a_colour_is_never_without_its_line(name: str) -> None:
    for panel in charts(DOCUMENTS[name]):
        defaults = panel["fieldConfig"]["defaults"]
        if panel["type"] == "timeseries":
            drawn = defaults["custom"]["thresholdsStyle"]["mode"] == "dashed"
            assert drawn == (len(defaults["thresholds"]["steps"]) > 1), panel["title"]
            assert defaults["custom"]["spanNulls"] is False, panel["title"]


@every_dashboard
def test_histograms_ask_for_exemplars(name: str) -> None:
    for panel in charts(DOCUMENTS[name]):
        for asked in panel["targets"]:
            if "_bucket" in asked.get("expr", ""):
                assert asked["exemplar"], panel["title"]


_BY_REASON: Final = re.compile(
    r"oran_mano_(?:probe_failure_reasons?|probe_skipped|token_renewal_failures)(?:_total)?"
)


@every_dashboard
def test_who_shows_reasons_says_where_they_are_explained(name: str) -> None:
    for panel in charts(DOCUMENTS[name]):
        asked = json.dumps(panel["targets"])
        if _BY_REASON.search(asked) and "reason" in _BY_REASON.sub("", asked):
            assert "`/reasons`" in panel["description"], panel["title"]


# --- Variables and links --------------------------------------------------------------------------


@every_dashboard
def test_every_variable_is_asked_for_and_defined(name: str) -> None:
    document = DOCUMENTS[name]
    defined = {variable["name"] for variable in document["templating"]["list"]}
    asked = json.dumps([document["panels"], document["templating"]])
    used = {found for found in re.findall(r"\$\{?(\w+)", asked) if not found.startswith("__")}
    assert used == defined
    choices = [each for each in document["templating"]["list"] if each["type"] == "query"]
    names = [each["name"] for each in choices]
    assert names[:4] == ["cluster", "namespace", "target", "component"]
    assert all(each["allValue"] == ".*" for each in choices)  # a label that is absent, too
    assert all(each["multi"] and each["includeAll"] for each in choices)


@every_dashboard
def test_every_link_leads_somewhere(name: str) -> None:
    for url in links(DOCUMENTS[name]):
        if url.startswith("/d/"):
            uid, _, parameters = url.removeprefix("/d/").partition("?")
            _check_parameters(PAGES[uid], parameters)
        else:
            alert = url.removeprefix(f"{RUNBOOKS}/").removesuffix(".md")
            assert url == f"{RUNBOOKS}/{alert}.md"
            named = alert_names() if alert == "${__data.fields.alertname}" else [alert]
            missing = [each for each in named if not (_runbook(each)).exists()]
            assert missing == []


def _check_parameters(page: Json, parameters: str) -> None:
    """Time range and data source are kept, and what is chosen exists there."""
    if not parameters:  # Grafana adds time and variables to the dashboard's own links
        return
    defined = {variable["name"] for variable in page["templating"]["list"]}
    kept = set(re.findall(r"\$\{(\w+):queryparam\}", parameters))
    chosen = set(re.findall(r"var-(\w+)=", parameters))
    assert "${__url_time_range}" in parameters
    assert kept | chosen <= defined
    assert {"datasource", "cluster", "namespace", "target", "component"} <= kept | chosen
    assert not chosen or {"cluster", "namespace"} <= chosen  # what was clicked is somewhere


def _runbook(alert: str) -> Path:
    return ROOT / "docs" / "runbooks" / f"{alert}.md"


@every_dashboard
def test_every_other_dashboard_is_one_click_away(name: str) -> None:
    document = DOCUMENTS[name]
    assert {link["url"] for link in document["links"]} == {
        f"/d/{uid}" for uid in PAGES if uid != document["uid"]
    }
    assert all(link["keepTime"] and link["includeVars"] for link in document["links"])


def test_runbooks_are_where_the_alerts_say() -> None:
    told = {
        rule["annotations"]["runbook_url"].rpartition("/")[0] for rule in RULES if "alert" in rule
    }
    assert told == {RUNBOOKS}
