"""An API behind a stock nginx with TLS: what is reported of it is never a fault of the exporter."""

import ssl
from pathlib import Path
from typing import Final

import pytest

from tests.support.certificates import Authority
from tests.support.nginx import Nginx
from tests.support.product import Exporter, command
from tests.support.servers import Start, get

CONFIG = """
targets:
  - name: lab
    url: {url}
    auth: {{type: login, username: probe, password_file: {folder}/password}}
    tls: {{ca_file: {folder}/ca.pem}}
    interval: 1s
"""
NAMES: Final = {ssl.TLSVersion.TLSv1_2: "TLS 1.2", ssl.TLSVersion.TLSv1_3: "TLS 1.3"}


@pytest.mark.parametrize("version", NAMES, ids=NAMES.values())
@pytest.mark.parametrize("keepalive", [0, 65])
async def test_no_run_is_internal(
    keepalive: int, version: ssl.TLSVersion, tmp_path: Path, start: Start
) -> None:
    authority = Authority(tmp_path)
    (tmp_path / "password").write_text("hunter2")
    nginx = await start(Nginx(authority, keepalive=keepalive, version=version))
    config = CONFIG.format(url=nginx.url, folder=tmp_path)
    exporter = await start(Exporter(config))

    asked = f"{exporter.url}/probe?target=lab&surface=monitoring.metrics"
    told = f'probe_tls_version_info{{version="{NAMES[version]}"}} 1.0'.encode()
    for _ in range(5):
        status, body = await get(asked)
        assert (status, b"\nprobe_success 1.0\n" in body) == (200, True), body.decode()
        assert told in body

    seen = await exporter.until(
        lambda scrape: scrape.one("oran_mano_probe_runs_total", surface="monitoring.metrics") > 5
    )
    assert seen.one("oran_mano_probe_success", surface="auth.login") == 1
    assert seen.one("oran_mano_probe_success", surface="monitoring.metrics") == 1
    assert "internal" not in seen.reasons().values()
    assert seen.sum("oran_mano_probe_failure_reasons_total", reason="internal") == 0

    file = tmp_path / "config.yaml"
    file.write_text(config)
    by_hand = await command("probe", "monitoring.metrics", "--config.file", str(file))
    assert by_hand.code == 0, by_hand.out + by_hand.err
