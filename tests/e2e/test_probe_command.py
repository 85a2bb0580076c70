"""`oran-mano-exporter probe`, as whoever is on call types it."""

import asyncio
import json
import os
import pty
from pathlib import Path
from typing import Final

import pytest

from tests.support.certificates import DAY, Authority
from tests.support.hostile import OK, answer, serve, sized
from tests.support.product import PYTHON, Ended, Simulator, clean_environment, command
from tests.support.schemas import described
from tests.support.servers import LOOPBACK, Start, free_port

PASSWORD: Final = "demo"
AGENTS_OFF: Final = """
    targets:
      - name: lab
        surfaces: {"tn-manager.*": {mode: off}, "orchestrator.plan": {mode: dry_run}}
    """


def account(url: str, password: str = PASSWORD) -> dict[str, str]:
    return {
        "ORAN_MANO_API_URL": url,
        "ORAN_MANO_USERNAME": "demo",
        "ORAN_MANO_PASSWORD": password,
    }


async def probe(url: str, *arguments: str) -> Ended:
    return await command("probe", *arguments, env=account(url))


async def test_an_open_surface_needs_one_request(start: Start) -> None:
    simulator = await start(Simulator())
    ended = await probe(simulator.url, "monitoring.health")
    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert lines[0] == "monitoring.health of default is well"
    rows = [line.split("|")[0].strip() for line in lines if line.count("|") == 2]
    assert [row for row in rows if row != "before"] == [
        *("connect", "send", "wait", "receive", "total"),
    ]
    assert "rate limit    monitoring (anonymous): 4999 of 5000 left" in ended.out
    assert "API version   1.0.0" in ended.out
    assert "traceparent   00-" in ended.out


async def test_login_and_list_come_first_where_they_are_needed(start: Start) -> None:
    simulator = await start(Simulator())
    ended = await probe(simulator.url, "o2-client.deployments.get", "--output", "json")
    assert (ended.code, ended.err) == (0, "")
    told = described("probe", ended.out)
    assert told["result"] == "well"
    assert [step["surface"] for step in told["steps"]] == [
        "auth.login",
        "o2-client.deployment-managers.list",
        "o2-client.deployments.list",
        "o2-client.deployments.get",
    ]
    assert len(told["calls"]) == 1
    assert "{" not in told["calls"][0]["path"]


async def test_an_id_needs_no_list(start: Start) -> None:
    simulator = await start(Simulator())
    arguments = ("tn-manager.agents.status", "--id", "agent-02", "--output", "json")
    told = described("probe", (await probe(simulator.url, *arguments)).out)
    assert [step["surface"] for step in told["steps"]] == ["auth.login", "tn-manager.agents.status"]
    assert [call["path"] for call in told["calls"]] == ["/tn-manager/agents/agent-02/status"]


async def test_an_id_that_is_not_there(start: Start) -> None:
    simulator = await start(Simulator())
    ended = await probe(simulator.url, "tn-manager.agents.status", "--id", "nope")
    assert ended.code == 1
    assert "GET /tn-manager/agents/nope/status: 404" in ended.out
    assert "no_resource" in ended.out


async def test_the_login_alone(start: Start) -> None:
    simulator = await start(Simulator())
    ended = await probe(simulator.url, "auth.login")
    assert ended.code == 0
    assert "POST /auth/login: 200" in ended.out


async def test_what_is_off_and_safe_is_probed_and_said(start: Start, tmp_path: Path) -> None:
    simulator = await start(Simulator())
    file = tmp_path / "config.yaml"
    file.write_text(AGENTS_OFF)
    flags = ("--config.file", str(file))
    ended = await probe(simulator.url, "tn-manager.agents.status", *flags)
    assert ended.code == 0
    for surface in ("tn-manager.agents.list", "tn-manager.agents.status"):
        assert f"{surface} is off, so the schedule does not probe it" in ended.out
    plan = await probe(simulator.url, "orchestrator.plan", *flags)
    assert (plan.code, "is off" in plan.out) == (0, False)
    assert "POST /orchestrator/plan: 200" in plan.out


async def test_a_surface_that_is_not_well(start: Start) -> None:
    simulator = await start(Simulator("down"))
    ended = await probe(simulator.url, "monitoring.health")
    assert ended.code == 1
    assert ended.out.startswith("monitoring.health of default failed: http_5xx\n")
    assert "look next" in ended.out


async def test_a_refresh_is_probed_with_what_a_login_gave(start: Start) -> None:
    simulator = await start(Simulator())
    ended = await probe(simulator.url, "auth.refresh", "--output", "json")
    assert (ended.code, ended.err) == (0, "")
    told = described("probe", ended.out)
    assert [(step["surface"], step["result"]) for step in told["steps"]] == [
        ("auth.login", "well"),
        ("auth.refresh", "well"),
    ]


async def test_a_refresh_that_is_refused_tells_what_the_api_says(start: Start) -> None:
    simulator = await start(Simulator())
    await simulator.play("healthy", status={"auth.refresh": 401})
    ended = await probe(simulator.url, "auth.refresh")
    assert ended.code == 1
    assert ended.out.startswith("auth.refresh of default failed: auth_rejected\n")
    assert "the API says  " in ended.out


NO_PASSIVE: Final = {
    "a token out of a file": (
        "{token_file: secret}",
        "auth.login",
        "reads its token out of a file, and neither logs in nor refreshes",
    ),
    "a password in each request": (
        "{type: basic, username: me, password_file: secret}",
        "auth.refresh",
        "sends its password with every request, and neither logs in nor refreshes",
    ),
    "an OAuth client": (
        "{token_url: 'http://127.0.0.1:9/t', client_id: me, client_secret_file: secret}",
        "auth.refresh",
        "has no refresh: each token is asked for anew, so probe auth.login",
    ),
    "nobody": ("{type: none}", "auth.login", "has no credentials, and neither logs in"),
}


@pytest.mark.parametrize(("auth", "surface", "why"), NO_PASSIVE.values(), ids=NO_PASSIVE)
async def test_a_target_without_such_a_surface_says_what_it_does_instead(
    auth: str, surface: str, why: str, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("s3cret-of-mine")
    file = tmp_path / "config.yaml"
    file.write_text(f"targets: [{{name: lab, url: 'http://127.0.0.1:9/v1', auth: {auth}}}]")
    ended = await command("probe", surface, "--config.file", str(file))
    assert (ended.code, ended.out) == (2, "")
    assert f'surface "{surface}" is not asked for: lab {why}' in ended.err


async def test_a_login_that_is_refused_tells_what_the_api_says() -> None:
    """In words for a person, however it echoes what was sent."""
    secret = "pw1"
    body = {"title": "Unauthorized", "detail": f"no <b>{secret}</b> for you\x1b[31m" + "x" * 9999}
    refusal = b"HTTP/1.1 401 Unauthorized\r\n" + sized(json.dumps(body).encode())
    async with serve(answer(refusal)) as server:
        for surface in ("auth.login", "tn-manager.agents.list"):
            ended = await command("probe", surface, env=account(server.url, secret))
            assert ended.code == 1
            (said,) = [line for line in ended.out.splitlines() if "the API says" in line]
            assert "Unauthorized: no <b><secret></b> for you [31mxxx" in said
            assert len(said) < 600
            assert secret not in ended.out + ended.err


async def test_a_login_that_is_refused(start: Start) -> None:
    simulator = await start(Simulator())
    secret = "n0t-the-password"
    env = account(simulator.url, secret)
    for output in ("table", "json"):
        ended = await command("probe", "tn-manager.agents.list", "--output", output, env=env)
        assert ended.code == 1
        assert "auth_rejected" in ended.out
        assert "no_token" in ended.out
        if output == "json":
            told = described("probe", ended.out)
            assert [step["result"] for step in told["steps"]] == ["failed", "skipped"]
        assert secret not in ended.out + ended.err


async def test_no_token_and_no_password_is_ever_shown(start: Start) -> None:
    simulator = await start(Simulator())
    ended = await probe(simulator.url, "tn-manager.agents.status", "--output", "json")
    assert ended.code == 0
    assert "eyJ" not in ended.out  # as every token of the simulator begins
    assert "Bearer" not in ended.out + ended.err


async def test_a_list_that_is_down_is_told(start: Start) -> None:
    simulator = await start(Simulator())
    await simulator.play("healthy", status={"tn-manager.agents.list": 500})
    ended = await probe(simulator.url, "tn-manager.agents.status")
    assert ended.code == 1
    assert "tn-manager.agents.list failed: http_5xx" in ended.out
    assert "tn-manager.agents.status of default was not probed: no_resource" in ended.out


async def test_what_tls_says(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    file = tmp_path / "config.yaml"
    healthy = answer(OK + sized(b'{"status": "healthy"}'))
    async with serve(healthy, tls=authority.server(ends=30 * DAY)) as server:
        file.write_text(f"targets: [{{name: lab, url: '{server.url}', tls: {{ca_file: ca.pem}}}}]")
        arguments = ("probe", "monitoring.health", "--config.file", str(file))
        ended = await command(*arguments)
    assert ended.code == 0
    assert "connection    new, IPv4, HTTP/1.1, TLS 1.3\n" in ended.out
    assert "in 30 days" in ended.out
    assert "\n  tls       |" in ended.out


WRONG: Final = {
    "no surface": ([], "the following arguments are required: SURFACE"),
    "a typo": (
        ["monitoring.helth"],
        'unknown surface "monitoring.helth"; did you mean "monitoring.health"? allowed: auth.login',
    ),
    "a target that is none": (
        ["monitoring.health", "--target", "lab"],
        'unknown target "lab"; allowed: default, or its URL',
    ),
    "what writes": (
        ["orchestrator.deploy"],
        'surface "orchestrator.deploy" changes what it is sent to, and is never probed; allowed: ',
    ),
    "a dry run that is off": (
        ["orchestrator.plan"],
        'surface "orchestrator.plan" is off for default; switch it on with surfaces: ',
    ),
    "an id for nothing": (
        ["monitoring.health", "--id", "x"],
        'surface "monitoring.health" takes no id: /monitoring/health',
    ),
    "too few ids": (
        ["o2-client.deployments.get", "--id", "x"],
        'surface "o2-client.deployments.get" takes ',
    ),
}


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG.keys())
async def test_a_wrong_call_is_one_line(case: tuple[list[str], str]) -> None:
    arguments, message = case
    ended = await probe(f"http://{LOOPBACK}:{free_port()}", *arguments)
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert ended.err.startswith(f"oran-mano-exporter probe: {message}")


async def test_a_surface_that_needs_a_token_without_credentials() -> None:
    ended = await command(
        "probe", "tn-manager.agents.list", env={"ORAN_MANO_API_URL": "http://lab.example"}
    )
    assert ended.code == 2
    assert "needs a token, and default has no credentials" in ended.err


@pytest.mark.parametrize(("term", "coloured"), [("xterm-256color", True), ("dumb", False)])
async def test_colour_is_for_terminals(term: str, *, coloured: bool, start: Start) -> None:
    simulator = await start(Simulator())
    ours, theirs = pty.openpty()
    env = clean_environment({**account(simulator.url), "TERM": term})
    process = await asyncio.create_subprocess_exec(
        *(*PYTHON, "-m", "exporter", "probe", "monitoring.health"), env=env, stdout=theirs
    )
    assert await process.wait() == 0
    seen = os.read(ours, 65536).decode()
    for end in (ours, theirs):
        os.close(end)
    assert "monitoring.health of default is well" in seen
    assert ("\x1b[" in seen) is coloured
