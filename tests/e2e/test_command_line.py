"""The command line, as a user calls it."""

import asyncio
import json
import re
import sys
from pathlib import Path
from typing import Final

import pytest

from exporter.catalog import CATALOG
from exporter.commands.flags import called
from exporter.config.switches import SWITCHES, Switch
from tests.support.product import clean_environment, command
from tests.support.servers import LOOPBACK, Process, Start, free_port, prints

API: Final = {
    "ORAN_MANO_API_URL": "http://lab.example:8080/v1",
    "ORAN_MANO_USERNAME": "probe",
    "ORAN_MANO_PASSWORD": "hunter2",
}

FLAGS_TO_COME: Final = (
    "--web.config.file=web.yaml",
    "--web.external-url=http://x",
    "--web.route-prefix=/x",
    "--shard.index=0",
)
COMMANDS_TO_COME: Final = ("diagnose", "workflow", "webhooks")


async def test_the_version_loads_neither_aiohttp_nor_opentelemetry() -> None:
    code = (
        "import sys, exporter.commands.main;"
        "assert exporter.commands.main.main(['--version']) == 0;"
        "print(sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    version, modules = out.decode().splitlines()
    assert re.fullmatch(r"oran-mano-exporter \d+\.\d+\.\d+", version)
    loaded = set(json.loads(modules.replace("'", '"')))
    heavy = {"aiohttp", "opentelemetry", "apscheduler", "prometheus_client", "yaml", "rich"}
    assert not loaded & heavy


async def test_the_defaults_pass_check() -> None:
    ended = await command("check", "--output", "json", env=API)
    assert (ended.code, ended.err) == (0, "")
    rows = {row["rate_class"]: row for row in json.loads(ended.out)}
    assert set(rows) == {"standard", "deployment", "monitoring"}
    assert all(row["within"] for row in rows.values())


async def test_check_exits_1_over_the_share_and_says_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("targets: [{name: lab, interval: 1s}]")
    ended = await command("check", "--config.file", str(file), env=API)
    assert ended.code == 1
    assert "lab in standard, lab in monitoring" in ended.out
    assert "rate_limits.share" in ended.out
    assert "hunter2" not in ended.out + ended.err


async def test_config_check_only_says_whether_it_can_be_used(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("targets: [{name: lab, url: 'http://lab/v1'}]")
    ended = await command("--config.file", str(file), "--config.check")
    assert ended == (0, f"{file}: the configuration is valid\n", "")


async def test_mistakes_are_a_line_each_of_the_file_and_of_the_plan(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(
        "targets:\n  - name: lab\n    url: http://lab\n    surfaces:\n"
        "      monitoring.helth: {interval: 10s}\n"
    )
    for call in (["check"], ["surfaces"], [], ["--config.check"]):
        ended = await command(*call, "--config.file", str(file))
        assert (ended.code, ended.out) == (2, "")
        assert ended.err == (
            f'{file}:5: targets[0].surfaces."monitoring.helth": no surface is called so; did '
            'you mean "monitoring.health"? allowed: an id or a glob that `surfaces` lists\n'
        )


async def test_surfaces_lists_what_would_be_probed() -> None:
    ended = await command("surfaces", "--output", "json", env=API)
    rows = {row["surface"]: row for row in json.loads(ended.out)}
    assert (ended.code, len(rows)) == (0, len(CATALOG))
    assert rows["monitoring.health"]["mode"] == "read"
    assert rows["orchestrator.deploy"]["mode"] == "off"
    assert rows["auth.login"]["mode"] == "passive"
    table = await command("surfaces", env=API)
    probed = sum(surface.safety == "read" for surface in CATALOG)
    assert f"{probed} of {len(CATALOG)} surfaces are probed" in table.out
    assert "hunter2" not in ended.out + table.out


WRONG: Final[dict[str, tuple[list[str], str]]] = {
    "a flag with a typo": (
        ["--config.fiel=x"],
        'oran-mano-exporter: unknown argument "--config.fiel"; did you mean "--config.file"?',
    ),
    "a shortened flag": (
        ["--config.fil=x"],
        'oran-mano-exporter: unknown argument "--config.fil"; did you mean "--config.file"?',
    ),
    "a command with a typo": (
        ["chekc"],
        (
            'oran-mano-exporter: unknown command "chekc"; did you mean "check"? '
            "known: run, check, surfaces, probe, demo, simulate"
        ),
    ),
    "a command with a typo after a flag": (
        ["--config.file", "lab.yaml", "porbe", "monitoring.health"],
        'oran-mano-exporter: unknown command "porbe"; did you mean "probe"? known: run, check, ',
    ),
    "a flag with a typo before a command": (
        ["--config.fiel", "lab.yaml", "probe", "monitoring.health"],
        'oran-mano-exporter: unknown argument "--config.fiel"; did you mean "--config.file"?',
    ),
    "a flag of another command before it": (
        ["--log.level", "debug", "check"],
        (
            'oran-mano-exporter check: unknown argument "--log.level"; '
            "see oran-mano-exporter check --help"
        ),
    ),
    "a flag without its value before it": (
        ["--config.file"],
        "oran-mano-exporter: argument --config.file: expected one argument",
    ),
    "an address that is none": (
        ["--web.listen-address", "10945"],
        (
            'oran-mano-exporter: --web.listen-address: "10945" is no address; '
            "allowed: [HOST]:PORT, such as :10945 or 127.0.0.1:10945"
        ),
    ),
    "a path that is none": (
        ["--web.telemetry-path", "metrics"],
        (
            'oran-mano-exporter: --web.telemetry-path: "metrics" cannot be used; '
            'allowed: a path that begins with "/" but not with "/-/'
        ),
    ),
    "a path that is taken": (
        ["--web.telemetry-path", "/-/healthy"],
        'oran-mano-exporter: --web.telemetry-path: "/-/healthy" cannot be used',
    ),
    "a path that probes": (
        ["--web.telemetry-path", "/probe"],
        'oran-mano-exporter: --web.telemetry-path: "/probe" cannot be used',
    ),
    "a host that is none": (
        ["--web.listen-address", "nosuch.invalid:80"],
        "oran-mano-exporter: cannot listen on nosuch.invalid:80: ",
    ),
    "an interval that is none": (
        ["--config.auto-reload-interval", "5"],
        'oran-mano-exporter: --config.auto-reload-interval: "5" is no duration; allowed: ',
    ),
    "a level that is none": (
        ["--log.level", "loud"],
        (
            'oran-mano-exporter: --log.level: "loud" is not allowed; '
            "allowed: debug, info, warn, error\n"
        ),
    ),
    "a level by another name": (
        ["--log.level=warning"],
        'oran-mano-exporter: --log.level: "warning" is not allowed; did you mean "warn"? allowed: ',
    ),
    "an output that is none": (
        ["check", "--output=jsno"],
        'oran-mano-exporter check: --output: "jsno" is not allowed; did you mean "json"? ',
    ),
    "a host with an empty label": (
        ["--web.listen-address", "a..b:80"],
        'oran-mano-exporter: --web.listen-address: "a..b:80" is no address; allowed: ',
    ),
    "a host of the simulator with an empty label": (
        ["simulate", "--simulator.listen-address", "a..b:80"],
        (
            "oran-mano-exporter simulate: argument --simulator.listen-address: "
            "'a..b' is no name of a host"
        ),
    ),
    "a flag without its value": (
        ["--log.level"],
        "oran-mano-exporter: argument --log.level: expected one argument",
    ),
    "a flag of the simulator with a typo": (
        ["simulate", "--simulator.scenaro=down"],
        "oran-mano-exporter simulate: unrecognized arguments: --simulator.scenaro=down",
    ),
    "a scenario with a typo": (
        ["simulate", "--simulator.scenario", "helthy"],
        (
            "simulator: 'helthy' is neither a scenario nor a file that can be read; "
            "did you mean 'healthy'? scenarios: "
        ),
    ),
    "an address of the simulator that is none": (
        ["simulate", "--simulator.listen-address", "8080"],
        (
            "oran-mano-exporter simulate: argument --simulator.listen-address: "
            "'8080' is not HOST:PORT or :PORT"
        ),
    ),
}


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG.keys())
async def test_a_wrong_call_is_one_line(case: tuple[list[str], str]) -> None:
    arguments, message = case
    ended = await command(*arguments, env=API)
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert ended.err.startswith(message)


BEFORE: Final[tuple[tuple[list[str], list[str]], ...]] = (
    (["--output", "json"], ["surfaces"]),
    (["--output=json"], ["surfaces"]),
    (["--output=json", "--config.file", "FILE"], ["surfaces"]),
    (["--config.file=FILE"], ["surfaces", "--output=json"]),
    (["--config.file", "FILE"], ["check", "--output", "json"]),
    (["--output", "json"], ["check", "--config.file", "FILE"]),
    (["--config.check", "--config.file", "FILE"], ["run"]),
    (["--help"], ["probe"]),
    (["-h"], ["simulate"]),
)


@pytest.mark.parametrize("case", BEFORE, ids=lambda case: " ".join((*case[0], *case[1])))
async def test_flags_may_stand_before_the_command(
    case: tuple[list[str], list[str]], tmp_path: Path
) -> None:
    file = tmp_path / "check"  # a command's name as the value of a flag
    file.write_text("targets: [{name: lab, url: 'http://lab/v1'}]")
    flags, rest = ([each.replace("FILE", str(file)) for each in part] for part in case)
    before = await command(*flags, *rest, env=API)
    assert before == await command(*rest, *flags, env=API)
    assert (before.code, before.err) == (0, "")


async def test_a_flag_s_value_is_no_command(tmp_path: Path) -> None:
    (tmp_path / "probe").write_text("targets: [{name: lab, url: 'http://lab/v1'}]")
    code = f"cd {tmp_path} && exec {sys.executable} -m exporter --config.file probe --config.check"
    process = await asyncio.create_subprocess_exec(
        *("sh", "-c", code), env=clean_environment({}), stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert out.decode() == "probe: the configuration is valid\n"


@pytest.mark.parametrize("name", ["run", "check", "surfaces", "probe", "demo", "simulate"])
async def test_every_flag_of_a_command_may_stand_before_it(name: str) -> None:
    """As the help has them: whoever adds one need not know of it."""
    ended = await command(name, "--help", env={"COLUMNS": "200"})
    flags = re.findall(r"^  (?:-h, )?(--[a-z.-]+)( [A-Z{[]\S*)?", ended.out, re.MULTILINE)
    assert len(flags) >= 3
    for flag, value in flags:
        given = [flag, "x"] if value else [flag]
        assert called([*given, name, "rest"]) == (name, [*given, "rest"])


ODD: Final = "a\n\x1b[31mb\x9b"


@pytest.mark.parametrize(
    "arguments",
    [
        [ODD],
        ["run", ODD],
        [f"--{ODD}"],
        ["--web.listen-address", ODD],
        ["--web.listen-address", f"{ODD}:80"],
        ["--web.telemetry-path", ODD],
        ["--config.auto-reload-interval", ODD],
        ["--log.level", ODD],
        ["--log.format", ODD],
        ["--config.file", ODD],
        ["check", f"--web.enable-lifecycle={ODD}"],
        ["probe", ODD],
        ["probe", "monitoring.health", "--target", ODD],
        ["simulate", ODD],
        ["simulate", "--simulator.scenario", ODD],
        ["simulate", "--simulator.listen-address", ODD],
        ["simulate", "--simulator.listen-address", f"{ODD}:80"],
        ["simulate", "--simulator.seed", ODD],
    ],
    ids=" ".join,
)
async def test_what_was_typed_cannot_write_on_the_terminal(arguments: list[str]) -> None:
    ended = await command(*arguments, env=API)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.removesuffix("\n").isprintable()


@pytest.mark.parametrize("call", [[], ["--config.check"], ["check"]], ids=" ".join)
@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "udp", '"udp" is not allowed'),
        ("OTEL_TRACES_SAMPLER", ODD, '"a\\n\\x1b[31mb\\x9b" is not allowed'),
    ],
)
async def test_where_traces_go_is_checked_too(
    call: list[str], name: str, value: str, shown: str
) -> None:
    traced = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318", name: value}
    ended = await command(*call, env={**API, **traced})
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert ended.err.startswith(f"environment: {name}: {shown}; allowed: ")


@pytest.mark.parametrize(
    ("call", "switch"),
    [
        ([], SWITCHES[0]),
        (["--config.check"], SWITCHES[1]),
        (["check"], SWITCHES[2]),
        (["probe", "monitoring.health"], SWITCHES[0]),
    ],
)
async def test_a_switch_is_on_or_off(call: list[str], switch: Switch) -> None:
    name = switch.name
    ended = await command(*call, env={**API, name: ODD})
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    shown = '"a\\n\\x1b[31mb\\x9b" is not allowed'
    assert ended.err == f"environment: {name}: {shown}; allowed: 0, 1\n"


async def test_the_check_knows_what_a_run_would_refuse() -> None:
    for flag in ("--web.listen-address=x", "--web.telemetry-path=x"):
        ended = await command("--config.check", flag, env=API)
        assert (ended.code, ended.out) == (2, "")


@pytest.mark.parametrize("flag", FLAGS_TO_COME)
async def test_flags_to_come_are_unknown_until_they_work(flag: str) -> None:
    ended = await command(flag, env=API)
    assert ended.code == 2
    assert f'unknown argument "{flag.partition("=")[0]}"' in ended.err


@pytest.mark.parametrize("name", COMMANDS_TO_COME)
async def test_commands_to_come_are_unknown_until_they_work(name: str) -> None:
    ended = await command(name, env=API)
    assert ended.code == 2
    assert f'unknown command "{name}"' in ended.err


async def test_nothing_to_probe_is_one_line() -> None:
    ended = await command()
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.count("\n") == 1
    assert "ORAN_MANO_API_URL" in ended.err


async def test_every_command_explains_itself() -> None:
    for name in ("run", "check", "surfaces", "probe", "demo", "simulate"):
        ended = await command(name, "--help")
        assert (ended.code, ended.err) == (0, "")
        assert "usage: oran-mano-exporter" in ended.out


async def test_the_environment_alone_is_enough(start: Start) -> None:
    port = free_port()
    server = Process(
        [sys.executable, "-m", "exporter", "--web.listen-address", f"{LOOPBACK}:{port}"],
        ready=prints("msg=started"),
        env=clean_environment({"ORAN_MANO_API_URL": f"http://{LOOPBACK}:{free_port()}"}),
    )
    process = await start(server)
    line = await process.line(r"^.*msg=started.*$")
    assert "surfaces=2" in line[0]
    assert "need a token" in line[0]


async def test_tls_files_that_hold_nothing_are_a_mistake_of_the_configuration(
    tmp_path: Path,
) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    file = tmp_path / "config.yaml"
    file.write_text("targets:\n- {name: lab, url: 'https://lab', tls: {ca_file: ca.pem}}\n")
    for call in (["--config.check"], ["check"], []):
        ended = await command(*call, "--config.file", str(file))
        assert (ended.code, ended.out) == (2, "")
        assert ended.err.startswith(
            f"{file}:2: targets[0].tls: its files hold no certificate or key"
        )
        assert ended.err.count("\n") == 1
