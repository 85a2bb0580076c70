"""What holds for every file, whoever or whatever wrote it."""

import copy
import pathlib
from typing import Final

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exporter.config import ConfigError, describe, load
from exporter.config.problems import Path, Problem
from exporter.config.yaml.compose import compose
from exporter.config.yaml.tree import Table
from tests.unit.config.support import FULL, at, dumped, holder, lines, paths, refusal

_DOCUMENT: Final[dict[str, object]] = yaml.safe_load(FULL.read_text())
_BYTES: Final = FULL.read_bytes()
_CHOSEN: Final = frozenset({"labels", "surfaces", "headers"})
"""Mappings in which any key is right."""
_YAMLISH: Final = st.text(alphabet="[]{}:,-&*!<>|?%@`'\"#\n \tab1~._\\\r\x85\u2028=")
_LEAVES: Final = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.dates()
    | st.sampled_from(["30s", "off", "login", "http://a", "*", "name", "targets"])
)
_KEYS: Final = st.sampled_from(["targets", "name", "url", "auth", "surfaces", "<<"]) | st.text()
_TREES: Final = st.recursive(
    _LEAVES, lambda tree: st.lists(tree) | st.dictionaries(_KEYS, tree), max_leaves=10
)

_relaxed: Final = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


PATHS: Final = [path for path in paths(_DOCUMENT) if path and isinstance(path[-1], str)]
KEYS: Final = [path for path in PATHS if not (len(path) > 1 and path[-2] in _CHOSEN)]


def _assert_clean(found: list[str]) -> None:
    assert len(found) == len(set(found))
    for line in found:
        assert line.startswith("FILE")
        assert line.isprintable()
        assert len(line) < 500


@_relaxed
@given(st.binary() | st.text().map(str.encode) | _YAMLISH.map(str.encode))
def test_anything_is_understood_or_refused(data: bytes) -> None:
    _assert_clean(lines(data))


def _composed(data: bytes, loader: type) -> Table | list[Problem]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("exporter.config.yaml.compose._LOADER", loader)
        try:
            return compose(data)
        except ConfigError as error:
            return list(error.problems)


@_relaxed
@given(
    content=st.dictionaries(_KEYS, _TREES),
    flow=st.sampled_from((None, True, False)),
    width=st.integers(2, 90),
)
def test_with_and_without_libyaml_a_file_is_the_same(
    *, content: dict[str, object], flow: bool | None, width: int
) -> None:
    """Every value, its place and what is wrong with it."""
    text = yaml.safe_dump(
        content, default_flow_style=flow, width=width, allow_unicode=True, sort_keys=False
    )
    data = text.encode(errors="replace")
    assert _composed(data, yaml.CSafeLoader) == _composed(data, yaml.SafeLoader)


@_relaxed
@given(
    st.integers(0, len(_BYTES)),
    st.integers(0, 40),
    st.binary(max_size=9) | _YAMLISH.map(str.encode),
)
def test_a_file_with_a_hole_is_understood_or_refused(start: int, size: int, patch: bytes) -> None:
    _assert_clean(lines(_BYTES[:start] + patch + _BYTES[start + size :]))


@_relaxed
@given(_TREES)
def test_any_tree_is_understood_or_refused(tree: object) -> None:
    _assert_clean(lines(dumped(tree)))
    _assert_clean(lines(dumped({"targets": [tree, {"name": "a", "url": "http://a", "tls": tree}]})))


def test_example_is_right_as_python_writes_it() -> None:
    assert lines(dumped(_DOCUMENT)) == []


@_relaxed
@given(st.sampled_from(KEYS), st.sampled_from("xq-_0"))
def test_a_misspelled_key_is_one_problem_at_its_path(path: Path, letter: str) -> None:
    document = copy.deepcopy(_DOCUMENT)
    mapping = holder(document, path[:-1])
    mapping[f"{path[-1]}{letter}"] = mapping.pop(str(path[-1]))

    error = refusal(dumped(document))

    assert error is not None
    (problem,) = error.problems
    assert problem.path == (*path[:-1], f"{path[-1]}{letter}")
    assert f'unknown key; did you mean "{path[-1]}"? allowed: ' in problem.message


@_relaxed
@given(st.sampled_from(PATHS), st.sampled_from([None, [[]], {"k": {"k": 1}}, [None]]))
def test_an_impossible_value_is_one_problem_at_its_path(path: Path, value: object) -> None:
    document = copy.deepcopy(_DOCUMENT)
    is_container = isinstance(at(document, path), dict | list)
    holder(document, path[:-1])[str(path[-1])] = None if is_container else value

    error = refusal(dumped(document))

    assert error is not None
    (problem,) = error.problems
    assert problem.path == path


@_relaxed
@given(st.sets(st.sampled_from(KEYS), min_size=2, max_size=6))
def test_all_mistakes_are_found_at_once(chosen: set[Path]) -> None:
    apart = {a for a in chosen if not any(b != a and a[: len(b)] == b for b in chosen)}
    document = copy.deepcopy(_DOCUMENT)
    for path in apart:
        holder(document, path[:-1])[str(path[-1])] = None

    error = refusal(dumped(document))

    assert error is not None
    assert {problem.path for problem in error.problems} == apart


_PLANTED: Final = "hunter2"
_TEXTS: Final = st.text().map(lambda text: f"{text}{_PLANTED}{text}")


@_relaxed
@given(
    st.sampled_from(["password", "passwort", "token", "password_file"]),
    st.recursive(
        _TEXTS,
        lambda tree: st.lists(tree, min_size=1) | st.dictionaries(_TEXTS, tree, min_size=1),
        max_leaves=5,
    ),
)
def test_a_secret_is_never_shown(key: str, value: object) -> None:
    target = {"name": "a", "url": 1, "auth": {"type": "login", key: value}}

    error = refusal(dumped({"targets": [target]}))

    assert error is not None
    assert _PLANTED not in f"{error!r} {error} {error.problems} {lines(dumped(target))}"


@_relaxed
@given(st.text(alphabet="[]{}:,-&*!<>|?%@`'\"# \tab1~._\\="))
def test_a_secret_with_strange_characters_is_never_shown(text: str) -> None:
    """Most are no YAML at all without quotes, and that is where the parser might quote them."""
    for secret in (f"{text}{_PLANTED}", f"{_PLANTED}{text}", f"{_PLANTED}{text}{_PLANTED}"):
        data = f"targets: [\n{{name: a, auth: {{\npassword: {secret}\n}}}}]".encode()
        found = lines(data)
        shown = [line for line in found if "unknown key" not in line and "twice" not in line]
        assert _PLANTED not in " ".join(shown)


@pytest.mark.parametrize(
    "auth",
    [
        "{password:hunter2, password:hunter2}",
        "{password hunter2, password hunter2}",
        "{<<: {password:hunter2, password:hunter2}}",
        "{? password:hunter2 : x}",
        "{? [password, hunter2] : x}",
        '{"password=hunter2": x}',
    ],
)
def test_a_secret_in_the_place_of_a_key_is_never_shown(auth: str) -> None:
    found = lines(f"targets: [{{name: a, url: http://a, auth: {auth}}}]".encode())

    assert found
    assert _PLANTED not in " ".join(found)


@pytest.mark.parametrize(
    "keys",
    [
        "headers: {X-Api-Key:hunter2}",
        "headers: {X-Api-Key:hunter2, X-Api-Key:hunter2}",
        "headers: {X-Api-Key hunter2, X-Api-Key hunter2}",
        "headers: {? X-Api-Key:hunter2 : x}",
        "headers: {<<: {X-Api-Key:hunter2, X-Api-Key:hunter2}}",
        "headers: [X-Api-Key, hunter2]",
        "headers: X-Api-Key hunter2",
        'headers: {X-Api-Key: "hunter2 "}',
        "headers: {X-Api-Key: [hunter2]}",
        "headers: {X-Api-Key: !key hunter2}",
        "headers: {X-Api-Key_file: hunter2}",
        "headers: {Cookie: hunter2}",
        "proxy_url: hunter2",
        "proxy_url: http://probe:hunter2@:1",
        "proxy_url: http://probe:hunter2@proxy:0",
        "proxy_url: http://probe:hunter2@[::g]",
        "proxy_url: http://probe:hunter2@[1::2::3]",
        "proxy_url: [http://probe:hunter2@proxy]",
        "proxy_url: {hunter2: hunter2}",
    ],
)
def test_a_secret_of_the_way_there_is_never_shown(keys: str, tmp_path: pathlib.Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(f"targets: [{{name: a, url: http://a, {keys}}}]")

    with pytest.raises(ConfigError) as raised:
        load(file, {})

    found = describe(raised.value, "FILE")
    assert _PLANTED not in f"{found} {raised.value!r} {raised.value.problems}"


def test_a_secret_is_in_no_repr_of_what_was_loaded() -> None:
    assert "12345" in FULL.read_text()
    assert "12345" not in repr(load(FULL, {}))
