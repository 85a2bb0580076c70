"""One user's broken text is one user's: the list is well, and what cannot be asked for is not."""

import json
from typing import Final

from tests.support.hostile import OK, answer, serve, sized
from tests.support.product import Exporter, Scrape
from tests.support.servers import Start

INTENTS: Final = "orchestrator.intents.list"
ONE: Final = "orchestrator.intents.get"
LEADING: Final = ("../../admin", "..%2F..%2Fadmin", "%2e%2e%2fadmin", "..", "admin?x=1", "admin\n")


def listed(count: int, *broken: bytes) -> bytes:
    """A list of intents, in some of which a text is broken; some ids lead elsewhere."""
    ids = [*LEADING, *(f"intent-{number}" for number in range(count))]
    items = [json.dumps({"id": each, "description": "good"}).encode() for each in ids]
    for at, text in enumerate(broken):
        items[-at - 1] = items[-at - 1].replace(b'"good"', text)
    return b'{"intents": [' + b", ".join(items) + b"]}"


def config(*urls: str) -> str:
    """A target for each; all are asked for their intents, and for each of these."""
    common = {
        "auth": {"type": "basic", "username": "demo", "password": "demo"},
        "interval": "1s",
        "rate_limits": {"share": 1},
        "resources": {"max": 200},
        "surfaces": {"*": {"mode": "off"}, "orchestrator.intents.*t": {"mode": "read"}},
    }
    targets = [common | {"name": f"t{n}", "url": url} for n, url in enumerate(urls)]
    return json.dumps({"targets": targets})


async def test_a_broken_text_and_ids_that_lead_elsewhere_cost_no_run(start: Start) -> None:
    small = listed(8, b'"half an emoji \\ud83d"', b"1e400", b'"b\xfccher"')
    large = listed(190, b'"\\udc00' + b"x" * 100_000 + b'"', b"NaN")
    head = OK + b"Content-Type: application/json\r\n"
    servers = [await start(serve(answer(head + sized(body)))) for body in (small, large)]
    exporter = await start(Exporter(config(*(server.url for server in servers))))

    def seen_enough(scrape: Scrape) -> bool:
        runs = [
            scrape.sum("oran_mano_probe_runs_total", target=target, surface=surface)
            for target in ("t0", "t1")
            for surface in (INTENTS, ONE)
        ]
        return min(runs) >= 3

    scrape = await exporter.until(seen_enough)
    assert scrape.sum("oran_mano_probe_failures_total") == 0
    for target in ("t0", "t1"):
        assert scrape.one("oran_mano_resources_unfollowed", target=target, kind="intents") == 6
        odd = scrape.by("kind", "oran_mano_body_oddities_total", target=target)
        assert odd["text"] >= 3
        assert odd["number"] >= 3
        assert odd["encoding"] == 0
    asked = [request for server in servers for request in server.requests]
    assert any(request.startswith(b"GET /orchestrator/intents/intent-") for request in asked)
    assert not any(b"admin" in request or b"/.." in request for request in asked)
    output = exporter.process.output()
    for surface in (INTENTS, ONE):
        for kind in ("text", "number"):
            assert output.count(f"target=t0 surface={surface} kind={kind}") == 1
    assert output.count("resources are listed whose ids cannot be asked for") == 2
    assert "admin" not in output
    assert "Traceback" not in output
