"""All that is wrong with a configuration is told in one run, and nothing that only follows."""

import copy
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exporter.config.problems import Path as Steps
from exporter.config.schema import Tls
from exporter.process.load import UnusableError, load_plan
from tests.support.certificates import Authority
from tests.unit.config.support import FULL, dumped, holder, paths

HEAD: Final = "- {name: a, url: https://a.example/v1, "
ALL_KINDS: Final = """\
targets:
- name: core
  url: https://a.example/v1
  interval: 1x
  colour: red
- name: core
  url: https://b.example/v1
  auth: {username: probe, password_file: nowhere}
  surfaces:
    monitoring.helth: {interval: 30s}
    monitoring.metrics: {interval: 30s, timeout: 40s}
- name: core
  url: https://c.example:0/v1
  tls: {ca_file: config.yaml}
  slo: [{surfaces: nothing, availability: 0.99}, {surfaces: "*"}]
- url: https://d.example/v1
  proxy_url: http://probe:hunter2@proxy:0
traces: {sample_ratio: 2}
"""
ALL_TOLD: Final = [
    ("targets[0].interval", '"1x" is not allowed'),
    ("targets[0].colour", "unknown key"),
    ("targets[1].name", '"core" is the name of targets[0] already'),
    ("targets[1].auth.password_file", "the file cannot be read"),
    ('targets[1].surfaces."monitoring.helth"', "no surface is called so"),
    ('targets[1].surfaces."monitoring.metrics".timeout', "the time-out of monitoring.metrics, 40s"),
    ("targets[2].name", '"core" is the name of targets[0] already'),
    ("targets[2].url", '"https://c.example:0/v1" cannot be reached'),
    ("targets[2].tls", "its files hold no certificate"),
    ("targets[2].slo[0].surfaces", "no surface is called so"),
    ("targets[2].slo[1]", "has no objective"),
    ("targets[3].name", "missing"),
    ("targets[3].proxy_url", "cannot be reached"),
    ("traces.sample_ratio", "2 is not allowed"),
]


_DOCUMENT: Final[dict[str, object]] = yaml.safe_load(
    # Without what only decoding can take: files that hold no certificate, a time-out too long
    FULL.read_text().replace("tls:", "# tls:").replace("15s", "1m")
)
_PATHS: Final = [path for path in paths(_DOCUMENT) if path and isinstance(path[-1], str)]


def told(folder: Path, text: str, **environ: str) -> list[str]:
    file = folder / "config.yaml"
    file.write_text(text)
    (folder / "secret").write_text("hunter2")
    with pytest.raises(UnusableError) as raised:
        load_plan(file, environ)
    return [line.removeprefix(f"{file}:") for line in raised.value.lines]


def test_mistakes_of_every_kind_are_told_in_one_run(tmp_path: Path) -> None:
    lines = told(tmp_path, ALL_KINDS)

    found = sorted(line.partition(": ")[2] for line in lines)
    expected = sorted(f"{where}: {what}" for where, what in ALL_TOLD)
    assert [line[: len(begin)] for line, begin in zip(found, expected, strict=True)] == expected
    assert not any("hunter2" in line for line in lines)


def test_a_key_of_many_lines_is_no_mistake(tmp_path: Path) -> None:
    tls = Authority(tmp_path).shown(tmp_path)
    file = tmp_path / "config.yaml"
    file.write_text(f"targets:\n{HEAD}tls: {{cert_file: cert.pem, key_file: key.pem}}}}\n")

    (planned,) = load_plan(file, {}).plan.targets
    assert planned.target.tls == Tls(None, tls.cert_file, tls.key_file)


def test_they_are_in_the_order_of_the_file(tmp_path: Path) -> None:
    places = [int(line.partition(":")[0]) for line in told(tmp_path, ALL_KINDS)]

    assert places == sorted(places)


@pytest.mark.parametrize(
    ("target", "key"),
    [
        # What is wrong, and what a rule or the plan would say of what stands in its place
        ("interval: 1x, timeouts: {total: 90s}", "interval"),
        ("timeouts: {total: 1x}, surfaces: {'monitoring.*': {interval: 1s}}", "timeouts.total"),
        ("latency: {good: 9x, bad: 1ms}", "latency.good"),
        ("auth: {type: login, username: u, pasword_file: f}", "auth.pasword_file"),
        ("auth: {type: login, username: u, password_file: 3}", "auth.password_file"),
        ("auth: {typ: bearer, token_file: secret}", "auth.typ"),
        ("auth: {type: lgin, token_file: secret}", "auth.type"),
        ("auth: [login]", "auth"),
        ("tls: {cert_file: nowhere, key_file: config.yaml}", "tls.cert_file"),
        ("tls: {cert_fil: config.yaml, key_file: config.yaml}", "tls.cert_fil"),
        ("surfaces: {auth.login: {mode: of}}", "surfaces.auth.login.mode"),
        ("surfaces: {'monitoring.*': {intervall: 1s, timeout: 30s}}", "intervall"),
        ("slo: [{surfaces: '*', latency: {under: 1x, ratio: 0.9}}]", "under"),
        ("slo: [{surfaces: '*', availabilty: 0.99}]", "availabilty"),
        ("headers: {Host: [], X-Tenant: noc}", "Host"),
    ],
)
def test_what_only_follows_from_a_mistake_is_not_told(
    target: str, key: str, tmp_path: Path
) -> None:
    (line,) = told(tmp_path, f"targets:\n{HEAD}{target}}}\n")

    assert key in line.replace('"', "")


@pytest.mark.parametrize(
    "text", ["targets: 3", "targets: []", "targets: [3, [], null]", "targets: [{}]", "tragets: []"]
)
def test_where_nothing_is_known_no_more_is_told(text: str, tmp_path: Path) -> None:
    lines = told(tmp_path, text)

    assert all("targets" in line or "tragets" in line for line in lines)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(_PATHS))
def test_an_impossible_value_is_one_line(path: Steps) -> None:
    document = copy.deepcopy(_DOCUMENT)
    holder(document, path[:-1])[str(path[-1])] = None
    with TemporaryDirectory() as folder:
        shutil.copytree(FULL.parent / "secrets", Path(folder) / "secrets")
        (line,) = told(Path(folder), dumped(document).decode())

    assert "has no value" in line


def test_the_environment_is_told_of_with_the_file(tmp_path: Path) -> None:
    lines = told(tmp_path, f"targets:\n{HEAD}interval: 1x}}\n", ORAN_MANO_USERNAME="probe")

    assert [line.partition(": ")[0] for line in lines] == ["environment", "2"]
