"""Whatever is asked, in whatever order: an answer that the document knows, or a problem."""

import math

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exporter.simulator.exchange import Reply
from exporter.simulator.operation import Operation
from exporter.simulator.routes import OPERATIONS
from tests.unit.simulator.document import DOCUMENTS, documented, fullest, mutants, valid, validator
from tests.unit.simulator.support import UNLIMITED, Api, Json

NAME = next(iter(DOCUMENTS))
IDS = st.sampled_from(
    [
        *("intent-001", "intent-005", "intent-007", "vnf-001", "vnf-009", "agent-01", "agent-05"),
        *("dm-01", "dm-02", "nfd-001", "nfd-006", "plan-001", "deploy-001", "deploy-002"),
    ]
) | st.text(min_size=1, max_size=4).filter(lambda text: "/" not in text)
QUERIES = st.dictionaries(
    st.sampled_from(["limit", "offset", "status", "type", "slice_type", "timeframe"]),
    st.sampled_from(["1", "0", "7", "-1", "x", "", "deployed", "Running", "UPF", "1h"]),
    max_size=2,
)
STATUSES = {400, 401, 404, 405, 409, 415, 422, 429}


def path_of(operation: Operation, data: st.DataObject) -> str:
    names = [part[1:-1] for part in operation.path.split("/") if part.startswith("{")]
    return operation.path.format(**{name: data.draw(IDS) for name in names})


def content_of(operation: Operation, data: st.DataObject) -> object:
    told = documented(NAME).get((operation.method, operation.path))
    if told is None or told.body is None:
        return data.draw(st.none() | st.binary(max_size=5))
    broken = [mutant.body for mutant in mutants(told.body, fullest(told.body))]
    content = data.draw(valid(told.body) | st.sampled_from(broken) | st.binary(max_size=5))
    if isinstance(content, dict) and "plan_id" in content:
        content["plan_id"] = data.draw(IDS)
    if isinstance(content, dict) and "nf_deployment_descriptor_id" in content:
        content["nf_deployment_descriptor_id"] = "dm-01-upf"
    return content


def told_its_quota(answer: Reply, limit: int, now: float) -> None:
    """The guide's "Rate Limit Headers" and "Version Headers": on whatever answer it is."""
    headers = answer.headers
    left, reset = int(headers["X-RateLimit-Remaining"]), int(headers["X-RateLimit-Reset"])
    assert headers["X-RateLimit-Limit"] == str(limit), answer
    assert 0 <= left < limit
    assert 0 < reset - now <= 60
    assert headers["API-Version"] == "1.0.0"
    if answer.status == 429:
        assert left == 0
        assert headers["X-RateLimit-Retry-After"] == str(math.ceil(reset - now))
    else:
        assert "X-RateLimit-Retry-After" not in headers


def step(api: Api, tokens: list[str], limits: Json, data: st.DataObject) -> None:
    operation = data.draw(st.sampled_from(OPERATIONS))
    method = data.draw(st.sampled_from([operation.method] * 9 + ["PATCH"]))
    api.token = data.draw(st.sampled_from([tokens[0]] * 7 + tokens))
    answer = api.ask(
        method,
        path_of(operation, data),
        content_of(operation, data),
        query=data.draw(QUERIES),
        headers=data.draw(st.sampled_from([{}] * 9 + [{"Content-Type": "text/plain"}])),
    )
    rate_class = operation.rate_class if method == operation.method else "standard"
    told_its_quota(answer, limits[rate_class]["requests"], api.clock())
    told = documented(NAME).get((operation.method, operation.path))
    known = told.answers if told is not None and method == operation.method else {}
    if operation.bearer and method == operation.method and api.token != tokens[0]:
        assert answer.status in {401, 429}, answer
    if answer.status >= 300:
        assert answer.status in STATUSES, answer
        problem = documented(NAME)["GET", "/orchestrator/intents"].answers[401]
        assert problem is not None
        validator(known.get(answer.status) or problem).validate(answer.body)
    elif told is not None:
        schema = known[answer.status]
        if schema is not None and schema["type"] == "object":
            validator(schema).validate(answer.body)
    api.clock.pass_(data.draw(st.sampled_from([0, 0, 1, 10, 61])))


FEW = {"standard": 5, "deployment": 3, "monitoring": 4}


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_request(data: st.DataObject) -> None:
    few = {"limits": {name: {"requests": count} for name, count in FEW.items()}}
    limits = data.draw(st.sampled_from([UNLIMITED, few]))
    api = Api(token_seconds=1)
    old = api.login()["access_token"]
    api.play("healthy", **limits)
    api.clock.pass_(60)
    tokens = api.login()
    bearers = [tokens["access_token"], "", old, tokens["refresh_token"], "nonsense"]
    for _ in range(data.draw(st.integers(1, 25))):
        step(api, bearers, limits["limits"], data)
