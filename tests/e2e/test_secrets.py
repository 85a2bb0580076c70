"""Secrets that were planted everywhere are seen nowhere, however the exporter is looked at."""

import base64
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import quote

import pytest

from tests.support.collector import Rotel
from tests.support.product import Exporter, Simulator, command
from tests.support.proxy import proxy
from tests.support.servers import Start, get

PASSWORD: Final = 'pl4nted-password "quoted" & more'
TOKEN: Final = "pl4nted-token-0123456789"
HEADER: Final = "pl4nted-header-value"
USER_INFO: Final = "pl4nted-proxy-pass"
JWT: Final = "eyJ"
"""What every token of the simulator begins with."""

CONFIG: Final = """
    targets:
      - name: refused
        url: {url}
        auth: {{type: login, username: demo, password_file: password}}
        headers: {{X-Api-Key: {header}}}
        proxy_url: http://probe:{user_info}@{proxy}
        interval: 1s
      - name: bearer
        url: {url}
        auth: {{type: bearer, token_file: token}}
        interval: 1s
      - name: good
        url: {url}
        auth: {{type: login, username: demo, password: demo}}
        headers: {{X-Api-Key_file: header}}
        interval: 1s
      - name: basic
        url: {url}
        auth: {{type: basic, username: demo, password_file: password}}
        interval: 1s
      - name: nowhere
        url: http://127.0.0.1:1/v1
        auth: {{type: login, username: demo, password_file: password}}
        headers: {{X-Api-Key: {header}}}
        interval: 1s
    traces: {{sample_ratio: 1}}
    """
PAGES: Final = (
    "/",
    "/metrics",
    "/config",
    "/logs",
    "/logs?format=json",
    "/api/v1/status",
    *(
        f"/probe?target={target}&surface={surface}&debug=true"
        for target in ("refused", "bearer", "good", "basic", "nowhere")
        for surface in ("monitoring.health", "orchestrator.intents.list")
    ),
    f"/probe?target=good&surface={TOKEN}",
)


def spelled(secret: str) -> Iterator[str]:
    """A secret as it might be written."""
    yield secret
    yield quote(secret)
    yield quote(secret, safe="")
    yield secret.replace('"', '\\"')
    yield secret.replace('"', "&quot;").replace("&", "&amp;")
    for text in (secret, f"demo:{secret}", f"probe:{secret}"):
        yield base64.b64encode(text.encode()).decode()


SPELLINGS: Final = {
    spelling
    for secret in (PASSWORD, TOKEN, HEADER, USER_INFO)
    for spelling in (*spelled(secret), "pl4nted")
}


def seen_in(text: str) -> list[str]:
    return [spelling for spelling in sorted(SPELLINGS) if spelling in text]


@pytest.mark.parametrize("form", ["logfmt", "json"])
async def test_planted_secrets_are_in_no_output(start: Start, tmp_path: Path, form: str) -> None:
    simulator = await start(Simulator())
    collector = await start(Rotel())
    port = int(simulator.url.rpartition(":")[2].partition("/")[0])
    between = await start(proxy(port))
    (tmp_path / "password").write_text(PASSWORD)
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "header").write_text(HEADER)
    for name in ("password", "token", "header"):
        (tmp_path / name).chmod(0o600)
    text = CONFIG.format(
        url=simulator.url,
        proxy=between.url.removeprefix("http://"),
        header=HEADER,
        user_info=USER_INFO,
    )
    file = tmp_path / "config.yaml"
    file.write_text(text)
    exporter = await start(
        Exporter(
            None,
            *("--config.file", str(file), "--log.level", "debug", "--log.format", form),
            env={
                "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{collector.http}",
                "OTEL_EXPORTER_OTLP_HEADERS": f"authorization=Bearer%20{TOKEN}",
                "OTEL_BSP_SCHEDULE_DELAY": "100",
            },
        )
    )
    await collector.span(oran_mano__target="good", oran_mano__surface="orchestrator.intents.list")
    await collector.span(oran_mano__target="bearer", oran_mano__surface="vnf-operator.vnfs.list")
    await collector.span(oran_mano__target="refused", oran_mano__surface="auth.login")
    shown = {page: (await get(exporter.url + page))[1].decode() for page in PAGES}

    # What is wrong with a configuration is told without what is in it.
    file.write_text(text.replace("password_file: password", "password_file: password, colour: 1"))
    exporter.process.signal(signal.SIGHUP)
    await exporter.process.line("not reloaded")
    file.write_text(text)
    for target in ("refused", "bearer", "nowhere"):
        surface = ("orchestrator.intents.list", "--target", target)
        ended = await command("probe", *surface, "--config.file", str(file))
        shown[f"probe {target}"] = ended.out + ended.err
    for arguments in (("check",), ("surfaces", "--output", "json"), ("--config.check",)):
        ended = await command(*arguments, "--config.file", str(file))
        shown[" ".join(arguments)] = ended.out + ended.err
    shown["log"] = exporter.process.output()
    shown["spans"] = collector.process.output()

    assert {where: found for where, text in shown.items() if (found := seen_in(text))} == {}
    assert [where for where, text in shown.items() if JWT in text] == []
    assert any(HEADER.encode() in head for head in between.heads)  # it was really sent


@pytest.mark.parametrize(
    "name", ["OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS"]
)
@pytest.mark.parametrize(
    "text",
    [
        f'"authorization=Bearer {TOKEN}"',
        f"authorization=Bearer {TOKEN}é",
        f"authorization: Bearer {TOKEN}",
        f"x-tenant=noc,{TOKEN}",
        f"x-tenant={TOKEN}%0d%0ax-other:y",
    ],
)
async def test_headers_that_opentelemetry_would_log_are_refused_unseen(
    name: str, text: str, tmp_path: Path
) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("targets: [{name: lab, url: http://127.0.0.1:1/v1}]")
    variables = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", name: text}
    for arguments in ((), ("--config.check",), ("check",)):
        ended = await command(*arguments, "--config.file", str(file), env=variables)
        assert (ended.code, ended.out) == (2, "")
        (line,) = ended.err.splitlines()
        assert line.startswith(
            f"environment: {name}: the value (not shown) is not allowed, its item"
        )
        assert seen_in(line) == []
