"""No key is ever accepted and ignored: what is to come is refused until it works.

The keys of the contract's block (``contract.yaml``) are in the schema or in ``TO_COME``. Whoever
adds a field to the schema takes its key out of there.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import pytest
import yaml

from tests.unit.config.support import FULL, HERE, KEYS, documented_example, dumped, refusal

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


def _document(path: str, value: object) -> dict[str, object]:
    """A whole configuration that has the value at the path."""
    for key in reversed(path.split(".")):
        value = [value] if key in ("checks", "extract", "slo") else value
        value = {"any" if key == "*" else key: value}
    assert isinstance(value, dict)
    target = {"name": "lab", "url": "http://lab", **value.pop("targets", {})}
    return {"targets": [target], **value}


def test_each_key_of_the_contract_exists_or_is_to_come() -> None:
    block = {*_keys_of(yaml.safe_load((HERE / "contract.yaml").read_text()))}

    assert (block | IN_COMMENTS) - KEYS == TO_COME.keys()


def test_each_key_has_a_value_in_an_example() -> None:
    examples = (FULL.read_text(), documented_example())

    assert {key for text in examples for key in _keys_of(yaml.safe_load(text))} == KEYS


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
    unknown = {step for key in TO_COME for step in key.split(".")}
    assert {problem.path[-1] for problem in error.problems} <= unknown
