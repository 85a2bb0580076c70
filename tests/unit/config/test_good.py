from pathlib import Path

import pytest

from exporter.config import Auth, Config, Duration, Secret, Target, load
from exporter.config.schema import (
    ClassLimit,
    Connection,
    Deployments,
    Latency,
    LatencyObjective,
    RateLimits,
    Resources,
    Slo,
    State,
    SurfaceOptions,
    Timeouts,
    Tls,
    Traces,
)
from tests.unit.config.support import FULL, HERE, decode

GOOD = HERE / "good"
CLIENT = "token_url: http://id"


def test_every_key_has_its_value() -> None:
    assert load(FULL, {}).config == Config(
        (
            Target(
                name="lab",
                url="https://mano.example.net/v1",
                labels={"site": "north", "rack": "0042"},
                auth=Auth("login", "probe", None, str(GOOD / "secrets/password")),
                tls=Tls(
                    ca_file=str(GOOD / "ca.pem"),
                    cert_file=str(GOOD / "c.pem"),
                    key_file=str(GOOD / "k.pem"),
                    server_name="mano",
                    insecure_skip_verify=False,
                ),
                interval=Duration(60),
                timeouts=Timeouts(Duration(10), Duration(20), Duration(45)),
                connection=Connection(5, "ip6", Duration(600)),
                latency=Latency(Duration(0.5), Duration(1.5)),
                headers={
                    "X-Tenant": Secret("noc"),
                    "X-Api-Key_file": str(GOOD / "secrets/password"),
                },
                proxy_url=Secret("http://probe:p%40ss@proxy.example.net:3128"),
                follow_redirects=True,
                resources=Resources(("edge-*", "core"), 50),
                surfaces={
                    "monitoring.*": SurfaceOptions(interval=Duration(15)),
                    "orchestrator.plan": SurfaceOptions(mode="dry_run"),
                    "o2-client.*": SurfaceOptions(mode="off"),
                    "vnf-operator.vnfs.list": SurfaceOptions(
                        Duration(5400), "read", essential=True, timeout=Duration(10)
                    ),
                },
                rate_limits=RateLimits(
                    0.1,
                    {
                        "standard": ClassLimit(500, Duration(30)),
                        "deployment": ClassLimit(50, Duration(60)),
                        "monitoring": ClassLimit(2500, Duration(60)),
                    },
                ),
                slo=(
                    Slo("*", availability=0.995),
                    Slo("monitoring.*", latency=LatencyObjective(Duration(0.5), 0.9)),
                ),
                deployments=Deployments("/v2/deployments/{deploymentId}/status"),
            ),
            Target(
                name="edge.01",
                url="http://[::1]:8080",
                auth=Auth("login", "probe@example.net", Secret("12345")),
            ),
            Target(
                name="token",
                url="http://mano.example.net",
                auth=Auth("bearer", token_file=str(GOOD / "secrets/password")),
            ),
            Target(
                name="client",
                url="http://mano.example.net",
                auth=Auth(
                    "oauth2",
                    token_url="https://id.example.net/token",
                    client_id="exporter",
                    client_secret_file=str(GOOD / "secrets/password"),
                    scopes=("mano.read",),
                    client_auth="body",
                ),
            ),
        ),
        Traces(0.25),
        State(str(GOOD / "state")),
    )


def test_values_have_the_types_of_the_schema() -> None:
    target = load(FULL, {}).config.targets[0]

    assert type(target.interval) is Duration
    assert type(target.rate_limits.share) is float
    assert type(target.surfaces["monitoring.*"].interval) is Duration
    assert target.tls.insecure_skip_verify is False


def test_what_is_left_out_has_its_default() -> None:
    loaded = load(GOOD / "minimal.yaml", {})

    assert loaded.config == Config((Target("lab", "http://localhost:8080/v1"),))


def test_anchors_and_merges() -> None:
    lab, edge = load(GOOD / "merged.yaml", {}).config.targets

    assert (lab.name, lab.url) == ("lab", "http://lab.example.net/v1")
    assert (edge.name, edge.url) == ("edge", lab.url)
    assert edge.timeouts.total == lab.interval == Duration(300)
    assert edge.surfaces == lab.surfaces
    assert lab.surfaces["monitoring.*"] == SurfaceOptions(
        interval=Duration(3600), essential=False, timeout=Duration(5)
    )


def test_merged_entries_come_first_so_that_own_ones_win() -> None:
    config, _ = decode(
        b"targets:\n"
        b"- {name: a, url: http://a, surfaces: &all {'*': {interval: 1m}, 'x.*': {mode: off}}}\n"
        b"- {name: b, url: http://b, surfaces: {'y.*': {mode: off}, <<: *all}}\n"
    )

    assert list(config.targets[1].surfaces) == ["*", "x.*", "y.*"]


@pytest.mark.parametrize("written", ["off", "Off", "OFF", "false", "no", '"off"'])
def test_mode_off_is_what_yaml_takes_for_false_too(written: str) -> None:
    config, _ = decode(
        f"targets: [{{name: a, url: http://a, surfaces: {{x: {{mode: {written}}}}}}}]".encode()
    )

    assert config.targets[0].surfaces["x"].mode == "off"


@pytest.mark.parametrize("written", ["0", "0s", '"0"'])
def test_no_time_at_all_needs_no_unit(written: str) -> None:
    config, _ = decode(
        f"targets: [{{name: a, url: http://a, connection: {{max_age: {written}}}}}]".encode()
    )

    assert config.targets[0].connection.max_age == Duration(0)
    assert type(config.targets[0].connection.max_age) is Duration


@pytest.mark.parametrize(
    "url", ["", "http://proxy", "http://proxy:3128/", "http://u:p@[::1]:3128", "http://u@proxy"]
)
def test_proxies(url: str) -> None:
    config, _ = decode(f'targets: [{{name: a, url: http://a, proxy_url: "{url}"}}]'.encode())

    assert config.targets[0].proxy_url == Secret(url)
    assert "proxy" not in repr(config).replace("proxy_url", "")


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_written_on_another_machine(line_end: str, mark: bytes, tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    text = (GOOD / "minimal.yaml").read_text()
    file.write_bytes(mark + text.replace("\n", line_end).encode())

    assert load(file, {}).config == load(GOOD / "minimal.yaml", {}).config


def test_a_thousand_targets_are_not_too_many() -> None:
    target = FULL.read_text().split("\n  - ")[1]
    text = "targets:\n" + "".join(
        f"  - {target}\n".replace("name: lab", f"name: lab-{index}") for index in range(1000)
    )

    config, places = decode(text.encode(), GOOD)

    assert len({target.name for target in config.targets}) == 1000
    assert places.line(("targets", 999, "deployments", "status_path")) == text.count("\n")


@pytest.mark.parametrize(
    ("keys", "kind"),
    [
        ("", "none"),
        ("username: probe, password_file: secrets/password", "login"),
        ("username: probe, password: hunter2", "login"),
        ("type: basic, username: probe, password: hunter2", "basic"),
        ("token_file: secrets/password", "bearer"),
        (f"{CLIENT}, client_id: me, client_secret_file: secrets/password", "oauth2"),
        (f"{CLIENT}, client_id: me, client_secret_file: secrets/password, scopes: [a]", "oauth2"),
        ("type: none", "none"),
    ],
)
def test_the_type_of_auth_goes_without_saying(keys: str, kind: str) -> None:
    data = f"targets: [{{name: lab, url: http://lab, auth: {{{keys}}}}}]".encode()
    assert decode(data, GOOD)[0].targets[0].auth.type == kind
