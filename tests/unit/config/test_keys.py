"""No key is ever accepted and ignored: what is to come is refused until it works.

The keys of the contract's block (``contract.yaml``) are those that the schema has today and those
of ``TO_COME``. Whoever adds a field to the schema takes its key out of ``TO_COME``.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import pytest
import yaml

from exporter.config.schema import Config
from exporter.config.shapes import Each, Keyed, Record, Shape, shape_of
from tests.unit.config.support import FULL, HERE, dumped, refusal

TODAY: Final = frozenset(
    {
        "targets.name",
        "targets.url",
        "targets.labels.*",
        "targets.auth.type",
        "targets.auth.username",
        "targets.auth.password_file",
        "targets.auth.token_file",
        "targets.auth.token_url",
        "targets.auth.client_id",
        "targets.auth.client_secret_file",
        "targets.auth.scopes",
        "targets.auth.client_auth",
        "targets.tls.ca_file",
        "targets.tls.cert_file",
        "targets.tls.key_file",
        "targets.tls.server_name",
        "targets.tls.insecure_skip_verify",
        "targets.interval",
        "targets.timeouts.connect",
        "targets.timeouts.read",
        "targets.timeouts.total",
        "targets.connection.max_age",
        "targets.connection.concurrency",
        "targets.connection.ip_protocol",
        "targets.latency.good",
        "targets.latency.bad",
        "targets.headers.*",
        "targets.proxy_url",
        "targets.follow_redirects",
        "targets.resources.include",
        "targets.resources.max",
        "targets.surfaces.*.interval",
        "targets.surfaces.*.mode",
        "targets.surfaces.*.essential",
        "targets.surfaces.*.timeout",
        "targets.rate_limits.share",
        "targets.rate_limits.classes.*.requests",
        "targets.rate_limits.classes.*.window",
        "targets.slo.surfaces",
        "targets.slo.availability",
        "targets.slo.latency.under",
        "targets.slo.latency.ratio",
        "targets.slices.ids_from",
        "targets.deployments.status_path",
        "traces.sample_ratio",
        "state.journal",
    }
)
BESIDES_THE_BLOCK: Final = frozenset({"targets.auth.password"})
"""Accepted, and not named by the contract: a file that is a secret itself needs no second one."""

TO_COME: Final[Mapping[str, object]] = {
    "targets.openapi": "",
    "targets.surfaces.*.checks.name": "enough",
    "targets.surfaces.*.checks.status": [200],
    "targets.surfaces.*.checks.header": "API-Version",
    "targets.surfaces.*.checks.json": "$.total",
    "targets.surfaces.*.checks.body": "x",
    "targets.surfaces.*.checks.latency": "1s",
    "targets.surfaces.*.checks.equals": 1,
    "targets.surfaces.*.checks.matches": "x",
    "targets.surfaces.*.checks.in": [1],
    "targets.surfaces.*.checks.above": 0,
    "targets.surfaces.*.checks.below": 9,
    "targets.surfaces.*.checks.present": True,
    "targets.surfaces.*.extract.metric": "vnfs_listed",
    "targets.surfaces.*.extract.json": "$.total",
    "targets.surfaces.*.extract.labels.*": "a",
    "targets.rate_limits.max_wait.essential": "5m",
    "targets.rate_limits.max_wait.other": "15m",
    "targets.rate_limits.scope": "account",
    "targets.services.orchestrator": "http://orchestrator:8080",
    "targets.services.tn-agents.*": "http://edge01:8080",
    "targets.webhooks.secret_files": ["secrets/webhook"],
    "targets.webhooks.public_url": "https://exporter.example.net",
    "targets.webhooks.subscribe": False,
    "targets.webhooks.max_age": "24h",
    "targets.workflows.*.enabled": False,
    "targets.workflows.*.interval": "1h",
    "targets.workflows.*.allow_urls": [],
    "targets.workflows.*.deploy_vnfs": False,
    "webhooks.listen_address": ":10946",
    "state.url": "memory://",
    "state.replicas": 1,
    "shard.index": 0,
    "shard.count": 1,
}
"""The keys whose features come later, each with a value that it will take."""

IN_COMMENTS: Final = frozenset(
    {f"targets.auth.{key}" for key in ("token_file", "token_url", "client_id")}
    | {f"targets.auth.{key}" for key in ("client_secret_file", "scopes", "client_auth")}
    | {f"targets.surfaces.*.checks.{key}" for key in ("status", "header", "body", "latency")}
    | {f"targets.surfaces.*.checks.{key}" for key in ("equals", "matches", "in", "below")}
    | {"targets.surfaces.*.checks.present"}
)
"""The keys that the block names in its comments only."""

VALUES_TO_COME: Final[Sequence[tuple[str, object]]] = (
    ("targets.surfaces.*.mode", "validate"),
    ("targets.slices.ids_from", "webhooks"),
    ("targets.slices.ids_from", "services"),
    ("targets.slices.ids_from", "intent_field($.sliceId)"),
)

_CHOSEN: Final = frozenset({"labels", "headers", "surfaces", "classes", "tn-agents", "workflows"})
"""Mappings whose keys are the user's, in the block."""


def _keys_of(document: object, path: str = "") -> Iterator[str]:
    """The dotted paths of a document's values; ``*`` stands for keys that are the user's."""
    if isinstance(document, list) and any(isinstance(item, dict) for item in document):
        for item in document:
            yield from _keys_of(item, path)
    elif isinstance(document, dict):
        chosen = path.rpartition(".")[2] in _CHOSEN
        for key, value in document.items():
            yield from _keys_of(value, f"{path}.{'*' if chosen else key}".removeprefix("."))
        if chosen and not document:
            yield f"{path}.*"
    else:
        yield path


def _keys_in(shape: Shape, path: str = "") -> Iterator[str]:
    """The same of the schema."""
    match shape:
        case Record():
            for key, field in shape.fields.items():
                yield from _keys_in(field.shape, f"{path}.{key}".removeprefix("."))
        case Keyed():
            yield from _keys_in(shape.value, f"{path}.*")
        case Each(item=Record() as item):
            yield from _keys_in(item, path)
        case _:
            yield path


def _document(path: str, value: object) -> dict[str, object]:
    """A whole configuration that has the value at the path."""
    for key in reversed(path.split(".")):
        value = [value] if key in ("checks", "extract", "slo") else value
        value = {"any" if key == "*" else key: value}
    assert isinstance(value, dict)
    target = {"name": "lab", "url": "http://lab", **value.pop("targets", {})}
    return {"targets": [target], **value}


def test_schema_has_the_keys_of_today_and_no_others() -> None:
    assert set(_keys_in(shape_of(Config))) == TODAY | BESIDES_THE_BLOCK


def test_keys_of_today_and_to_come_are_those_of_the_contract() -> None:
    block = set(_keys_of(yaml.safe_load((HERE / "contract.yaml").read_text())))

    assert block | IN_COMMENTS == TODAY | TO_COME.keys()
    assert not TODAY & TO_COME.keys()


def test_full_example_has_every_key_of_today() -> None:
    assert set(_keys_of(yaml.safe_load(FULL.read_text()))) == TODAY | BESIDES_THE_BLOCK


@pytest.mark.parametrize("path", TO_COME)
def test_key_to_come_is_unknown(path: str) -> None:
    error = refusal(dumped(_document(path, TO_COME[path])))

    assert error is not None
    (problem,) = error.problems
    spelled = [str(key) for key in problem.path if not isinstance(key, int)]
    assert path.replace("*", "any").split(".")[: len(spelled)] == spelled
    assert problem.message.startswith("unknown key; ")


@pytest.mark.parametrize(("path", "value"), VALUES_TO_COME)
def test_value_to_come_is_not_allowed(path: str, value: object) -> None:
    error = refusal(dumped(_document(path, value)))

    assert error is not None
    (problem,) = error.problems
    assert f'"{value}" is not allowed; ' in problem.message


def test_whole_block_is_refused_key_by_key() -> None:
    """Nothing in it is wrong but what is to come."""
    error = refusal((HERE / "contract.yaml").read_bytes())

    assert error is not None
    assert {problem.message.split(";")[0] for problem in error.problems} == {"unknown key"}
    assert [problem.path[-1] for problem in error.problems] == [
        "openapi",
        "checks",
        "extract",
        "max_wait",
        "scope",
        "services",
        "webhooks",
        "workflows",
        "webhooks",
        "url",
        "replicas",
        "shard",
    ]
