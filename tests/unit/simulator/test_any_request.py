"""Whatever is asked, in whatever order: an answer that the document knows, or a problem."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exporter.simulator.operation import Operation
from exporter.simulator.routes import OPERATIONS
from tests.unit.simulator.document import DOCUMENTS, documented, fullest, mutants, valid, validator
from tests.unit.simulator.support import UNLIMITED, Api, logged_in

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


def step(api: Api, data: st.DataObject) -> None:
    operation = data.draw(st.sampled_from(OPERATIONS))
    method = data.draw(st.sampled_from([operation.method] * 9 + ["PATCH"]))
    answer = api.ask(
        method,
        path_of(operation, data),
        content_of(operation, data),
        query=data.draw(QUERIES),
    )
    told = documented(NAME).get((operation.method, operation.path))
    known = told.answers if told is not None and method == operation.method else {}
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


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_request(data: st.DataObject) -> None:
    limits = data.draw(st.sampled_from([UNLIMITED, {"limits": {"standard": {"requests": 5}}}]))
    api = logged_in(**limits)
    for _ in range(data.draw(st.integers(1, 25))):
        step(api, data)
