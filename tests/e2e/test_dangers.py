"""What is dangerous in a configuration is said at the start, and can be seen in the metrics."""

from typing import Final

from tests.support.product import Exporter
from tests.support.servers import LOOPBACK, Start, free_port

CONFIG: Final = """
    targets:
      - name: unverified
        url: https://{loopback}:{port}/v1
        tls: {{insecure_skip_verify: true}}
      - name: plain
        url: http://mano.invalid/v1
        auth: {{type: login, username: probe, password: hunter2}}
      - name: careful
        url: https://{loopback}:{port}/v1
    """


async def test_dangers_are_warned_of_and_labelled(start: Start) -> None:
    exporter = await start(Exporter(CONFIG.format(loopback=LOOPBACK, port=free_port())))
    scrape = await exporter.scrape()
    transports = scrape.by("target", "oran_mano_target_info")
    assert set(transports) == {"unverified", "plain", "careful"}
    for target, transport in (
        ("unverified", "https_unverified"),
        ("plain", "http"),
        ("careful", "https"),
    ):
        assert scrape.one("oran_mano_target_info", target=target, transport=transport) == 1
    before, _, _ = exporter.process.output().partition("msg=started")
    warnings = [line for line in before.splitlines() if "level=warn" in line]
    assert any("insecure_skip_verify" in line and "target=unverified" in line for line in warnings)
    assert any("plain http" in line and "target=plain" in line for line in warnings)
    assert any("auth.password" in line and "target=plain" in line for line in warnings)
    assert not any("target=careful" in line for line in warnings)
    assert "hunter2" not in exporter.process.output() + scrape.text
