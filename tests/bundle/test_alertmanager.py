"""An API that cannot be reached pages once."""

import re
import subprocess
from collections.abc import Mapping
from typing import Final, TypeAlias

import pytest
import yaml

from tests.bundle.case import ALERTS, alerts
from tests.support import tools

CONFIG: Final = ALERTS / "alertmanager.yaml"
SEVERITIES: Final = {(rule["alert"], rule["labels"]["severity"]) for rule in alerts()}
NAMES: Final = {name for name, _ in SEVERITIES}
RULES: Final = yaml.safe_load(CONFIG.read_text())["inhibit_rules"]
Labels: TypeAlias = Mapping[str, str]


def matches(matcher: str, alert: Labels) -> bool:
    """One matcher of Alertmanager's: ``label="text"`` or ``label=~"pattern"``."""
    label, how, text = re.fullmatch(r'(\w+)(=~?)"(.*)"', matcher).groups()  # type: ignore[union-attr]
    value = alert.get(label, "")
    return bool(re.fullmatch(text, value)) if how == "=~" else value == text


def quiets(rule: Mapping[str, list[str]], alert: Labels, fired: list[Labels]) -> bool:
    """Whether a rule keeps an alert quiet, as Alertmanager's documentation tells."""
    if not all(matches(matcher, alert) for matcher in rule["target_matchers"]):
        return False
    return any(
        all(matches(matcher, source) for matcher in rule["source_matchers"])
        and all(source.get(label, "") == alert.get(label, "") for label in rule["equal"])
        for source in fired
    )


def surfaces(name: str, target: str = "lab") -> list[Labels]:
    return [{"alertname": name, "target": target, "surface": f"s{index}"} for index in range(25)]


def of(target: str, *names: str) -> list[Labels]:
    return [{"alertname": name, "target": target} for name in names]


NEARING: Final = ("CertificateExpiring", "ApiSunsetNear")
OUTAGE: Final = [
    *of("lab", "TargetDown", "AuthenticationFailing", "TokenNotRenewed"),
    *(alert for name in ("SurfaceFailing", "SurfaceSlow") for alert in surfaces(name)),
    *surfaces("AvailabilityBudgetBurnFast"),
    *surfaces("LatencyBudgetBurnSlow"),
    *surfaces("SurfaceUnauthorized"),
    *of("lab", "RunsSkipped", "RateClassThrottled"),
]


def test_the_configuration_is_valid() -> None:
    argv = [str(tools.amtool()), "check-config", str(CONFIG)]
    done = subprocess.run(argv, check=False, text=True, capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("severity", "receiver"), [("critical", "pager"), ("warning", "tickets"), ("info", "log")]
)
def test_who_is_told(severity: str, receiver: str) -> None:
    route = [str(tools.amtool()), "config", "routes", "test", f"--config.file={CONFIG}"]
    done = subprocess.run(
        [*route, f"severity={severity}"], check=True, text=True, capture_output=True
    )
    assert done.stdout.strip() == receiver


@pytest.mark.parametrize(
    ("fired", "told"),
    [
        (OUTAGE, {"TargetDown lab"}),
        (  # it is back, its budget is still burnt
            [*surfaces("TargetWasDown"), *surfaces("AvailabilityBudgetBurnFast")],
            {"TargetWasDown lab"},
        ),
        (  # one is not back
            [*surfaces("TargetWasDown")[1:], *surfaces("AvailabilityBudgetBurnFast")],
            {"TargetWasDown lab", "AvailabilityBudgetBurnFast lab"},
        ),
        (
            [*of("other", "TargetDown"), *surfaces("SurfaceFailing")],
            {"TargetDown other", "SurfaceFailing lab"},
        ),
        (
            [
                *of("lab", "AuthenticationFailing", "RunsSkipped"),
                *surfaces("SurfaceUnauthorized"),
                *({**login, "component": "auth"} for login in surfaces("SurfaceFailing")),
            ],
            {"AuthenticationFailing lab"},
        ),
        (
            [*of("lab", "AuthenticationFailing"), *surfaces("SurfaceFailing")],
            {"AuthenticationFailing lab", "SurfaceFailing lab"},
        ),
        (
            [*surfaces("SurfaceUnauthorized")[1:], *surfaces("AvailabilityBudgetBurnFast")],
            {"SurfaceUnauthorized lab", "AvailabilityBudgetBurnFast lab"},
        ),
        (  # it is watched all the same: a ticket, and one
            [
                *(
                    {**refresh, "surface": "auth.refresh", "component": "auth"}
                    for refresh in of(
                        "lab",
                        "TokenRefreshRefused",
                        "SurfaceFailing",
                        "AvailabilityBudgetBurnSlow",
                    )
                ),
            ],
            {"TokenRefreshRefused lab"},
        ),
        (of("lab", "TargetThrottled", "RateClassThrottled"), {"TargetThrottled lab"}),
        (
            [{"alertname": "ExporterAbsent", "job": job} for job in ("", "one", "another")]
            + [{**each, "job": "one"} for each in of("lab", "TargetNotWatched")],
            {"ExporterAbsent "},
        ),
        (
            [
                {"alertname": "ExporterAbsent", "job": "one"},
                {"alertname": "TargetNotWatched", "job": "one", "target": "lab"},
                {"alertname": "TargetNotWatched", "job": "another", "target": "other"},
            ],
            {"ExporterAbsent ", "TargetNotWatched other"},
        ),
        (
            [
                *({**each, "severity": "critical"} for each in of("lab", *NEARING)),
                *({**each, "severity": "warning"} for each in of("lab", *NEARING)),
                *({**each, "severity": "warning"} for each in of("other", "ApiSunsetNear")),
            ],
            {"CertificateExpiring lab", "ApiSunsetNear lab", "ApiSunsetNear other"},
        ),
        (
            of("lab", "ProbesNotRunning", "TargetDown", "CertificateExpired"),
            {"ProbesNotRunning lab", "TargetDown lab", "CertificateExpired lab"},
        ),
    ],
    ids=[
        "outage",
        "afterwards",
        "all but one",
        "another target",
        "locked out",
        "locked out and failing",
        "one of them lets in",
        "refreshes are refused",
        "throttled",
        "no exporter",
        "one job",
        "nearer still",
        "no page hides another cause",
    ],
)
def test_what_is_told(fired: list[Labels], told: set[str]) -> None:
    loud = [alert for alert in fired if not any(quiets(rule, alert, fired) for rule in RULES)]
    assert {f"{alert['alertname']} {alert.get('target', '')}" for alert in loud} == told
    assert len([alert for alert in loud if alert["alertname"] in NEARING]) <= len(told)


def test_rules_name_alerts_that_exist() -> None:
    for rule in RULES:
        every = (*rule["source_matchers"], *rule["target_matchers"])
        for matcher in (each for each in every if each.startswith("alertname")):
            names = re.sub(r"\(Availability\|Latency\)", "Availability", matcher.split('"')[1])
            names = re.sub(r"(\w+)\(Fast\|Slow\)", r"\1Fast|\1Slow", names)
            assert set(names.split("|")) <= NAMES, matcher


def test_nothing_but_a_page_keeps_a_page_quiet() -> None:
    for rule in RULES:
        sources = {name for name, severity in SEVERITIES if could("source", rule, name, severity)}
        pages = {
            (name, severity)
            for name, severity in SEVERITIES
            if severity == "critical" and could("target", rule, name, severity)
        }
        assert sources
        assert any(could("target", rule, *each) for each in SEVERITIES)
        # TargetWasDown stands for the page that TargetDown was.
        assert not pages or sources <= {"TargetWasDown"} | {
            name for name, severity in SEVERITIES if severity == "critical"
        }


def could(side: str, rule: Mapping[str, list[str]], name: str, severity: str) -> bool:
    """Whether a rule may mean an alert, by its name and severity."""
    known = {"alertname": name, "severity": severity}
    return all(
        matches(matcher, known)
        for matcher in rule[f"{side}_matchers"]
        if re.match(r"alertname|severity", matcher)
    )
