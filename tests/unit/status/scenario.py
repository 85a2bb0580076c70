"""A little of everything: after it, each family of the table has a sample."""

from msgspec.structs import replace

from exporter.model.headers import Lifecycle, RateLimit
from exporter.model.observation import (
    Heartbeat,
    IdsListed,
    IdsVisited,
    Key,
    Observation,
    Phases,
    Rejection,
    Renewal,
)
from exporter.model.put_off import PutOff
from exporter.planning.job import Plan
from tests.unit.status.factories import (
    INTENTS,
    LOGIN,
    NOW,
    Bench,
    call,
    job,
    plan,
    run,
    skip,
    target_plan,
    throttled_call,
)

ALL_PHASES = Phases(
    queue=0.001, dns=0.002, connect=0.003, tls=0.02, send=0.0001, wait=0.1, receive=0.01
)


def observations() -> tuple[Observation, ...]:
    answer = call(
        phases=ALL_PHASES,
        reused=False,
        response_bytes=312,
        rate_limit=RateLimit(5000, 4999, NOW + 60),
        certificate_expiry=NOW + 86400,
        lifecycle=Lifecycle("1.0.0", NOW, NOW + 86400),
    )
    refused = call(INTENTS, status=None, fault="connect_refused", phases=Phases(dns=0.001))
    return (
        Heartbeat(NOW, lag=0.0003),
        answer,
        run(deciding=answer),
        IdsListed(INTENTS, NOW, "intent", (), (("1",),)),
        IdsVisited(INTENTS, NOW, "intent", failed=(("1",),)),
        refused,
        run(INTENTS, deciding=refused, reason="connect_refused", lateness=0.2),
        throttled_call(),
        run(deciding=replace(answer, status=429, reused=True), reason="throttled"),
        skip("retry_after"),
        call(LOGIN),
        Renewal(LOGIN, NOW, "refresh", "auth_rejected"),
        Renewal(LOGIN, NOW, "login", None, NOW + 3600, 3600, 0.5),
        Rejection(INTENTS, NOW),
        run(LOGIN, lateness=None, deciding=call(LOGIN), slow=True),
    )


def played() -> Bench:
    """Sinks after the scenario: two targets, of which only one answers."""
    south = target_plan(
        job(Key("south", "monitoring", "monitoring.health")), name="south", labels={"site": "s"}
    )
    north = plan(labels={"region": "n"}).targets
    put_off = {"south": PutOff("refused", NOW, NOW + 900, 900)}
    bench = Bench(Plan((*north, south)), {"lab": 2, "south": 0, "gone": 7}, put_off)
    bench.unfollowed = {("lab", "intents"): 1, ("lab", "vnfs"): 0}
    bench.take(run(INTENTS, reason="internal", detail="KeyError"))
    bench.take(*observations())
    bench.metrics.scraped(0.004)
    return bench
