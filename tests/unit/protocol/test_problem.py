"""What an API says is wrong: by status, by body, and by bodies that are none."""

import json
from typing import Final, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.model.reasons import Reason
from exporter.model.redaction import remember
from exporter.protocol import problem
from exporter.protocol.problem import (
    ApiProblem,
    Authentication,
    Conflict,
    FieldError,
    Forbidden,
    NotFound,
    Other,
    RateLimited,
    Redirection,
    ServerFault,
    Validation,
    api_problem,
    kind_of,
)
from tests.support.jobs import answer

STATUSES: Final[list[tuple[int, type[ApiProblem] | None]]] = [
    (200, None),
    (204, None),
    (302, Redirection),
    (400, Validation),
    (401, Authentication),
    (403, Forbidden),
    (404, NotFound),
    (405, Other),
    (409, Conflict),
    (422, Validation),
    (429, RateLimited),
    (500, ServerFault),
    (503, ServerFault),
]


@pytest.mark.parametrize(("status", "kind"), STATUSES)
def test_a_status_has_its_class(status: int, kind: type[ApiProblem] | None) -> None:
    assert kind_of(status) is kind
    found = api_problem(answer({}, status=status))
    assert (None if found is None else type(found)) is kind


def test_every_class_is_in_the_tree_and_has_a_reason() -> None:
    assert problem.__doc__ is not None
    for kind in ApiProblem.__subclasses__():
        assert f" {kind.__name__} " in problem.__doc__
        assert kind.reason in get_args(Reason)


def test_problem_details_with_field_errors() -> None:
    errors = [{"field": "bandwidth", "message": "1 to 10000", "code": "RANGE_ERROR"}, 7, {}]
    body = {"status": 422, "title": "Validation Error", "detail": "no", "errors": errors}
    assert api_problem(answer(body, status=422)) == Validation(
        422,
        "Validation Error",
        "no",
        errors=(FieldError("bandwidth", "1 to 10000", "RANGE_ERROR"), FieldError("", "", "")),
    )


def test_no_more_field_errors_than_a_person_reads() -> None:
    found = api_problem(answer({"errors": [{"field": str(n)} for n in range(999)]}, status=422))
    assert isinstance(found, Validation)
    assert [error.field for error in found.errors] == [str(n) for n in range(20)]


@pytest.mark.parametrize(
    ("details", "detail"),
    [
        ("database", "database"),
        ({"field": "qos", "max": 100, "ok": False}, 'field="qos", max=100, ok=false'),
        (["a", {"b": ["c", None]}], "a, b=c, "),
        ([[[["too deep"]]]], ""),
        (7, "7"),
        (None, ""),
    ],
)
def test_the_form_of_the_services(details: object, detail: str) -> None:
    found = api_problem(answer({"error": "down", "details": details}, status=503))
    assert found == ServerFault(503, "down", detail.strip())


@pytest.mark.parametrize(
    ("body", "title", "detail"),
    [
        ({"detail": "no", "error": "e", "details": "d"}, "", "no"),
        ({"title": "no", "error": "e", "details": "d"}, "no", ""),
        ({"title": " ", "detail": None, "error": "e", "details": "d"}, "e", "d"),
    ],
)
def test_the_two_forms_are_not_mixed(body: object, title: str, detail: str) -> None:
    assert api_problem(answer(body, status=500)) == ServerFault(500, title, detail)


@pytest.mark.parametrize("body", [b"", b"<html>no</html>", b"[]", b"7", b"\xff", b"[" * 10**5])
def test_no_body_to_speak_of(body: bytes) -> None:
    assert api_problem(answer(body, status=500)) == ServerFault(500)


@pytest.mark.parametrize(
    ("headers", "delay"),
    [({}, 60), ({"X-RateLimit-Retry-After": "7"}, 7), ({"Retry-After": "30"}, 30)],
)
def test_the_delay_of_a_429(headers: dict[str, str], delay: float) -> None:
    found = api_problem(answer({}, status=429, headers=headers))
    assert isinstance(found, RateLimited)
    assert found.delay == delay


@pytest.mark.parametrize(
    ("headers", "told", "delay"),
    [
        ({}, "1s", 1),
        ({}, "1m30s", 90),
        ({}, "250ms", 0.25),
        ({}, 7, 7),
        ({}, 0.5, 0.5),
        ({}, "7", 7),
        ({}, "48h", 86400),
        ({}, 1e300, 86400),
        ({}, 10**400, 86400),
        ({}, -1, 60),
        ({}, True, 60),
        ({}, "soon", 60),
        ({}, ["1s"], 60),
        ({"Retry-After": "5"}, "1s", 5),
        ({"Retry-After": "5"}, "9s", 9),
        ({"Retry-After": "5"}, "soon", 5),
    ],
)
def test_the_delay_of_the_services_is_in_the_body(
    headers: dict[str, str], told: object, delay: float
) -> None:
    body = {"error": "Rate limit exceeded", "retry_after": told}
    found = api_problem(answer(body, status=429, headers=headers))
    assert found == RateLimited(429, "Rate limit exceeded", delay=delay)


@pytest.mark.parametrize("echo", ["{}", "x" * 490 + "{}", "{}" * 9])
def test_no_secret_comes_through(echo: str) -> None:
    secret = 'p"ss\\word of the test of problems'
    remember(secret)
    text = echo.format(*[secret] * 9)
    body = {
        "title": text,
        "detail": {"request": [{"as sent": text}]},
        "type": text,
        "errors": [{"field": text, "message": text, "code": text}],
    }
    shown = str(api_problem(answer(body, status=422)))
    assert not any(part in shown for part in ("word", "of the test", 'p"ss'))


def test_texts_are_of_one_line_and_bounded() -> None:
    found = api_problem(answer({"title": "a\nb\x1b[31m", "detail": "x" * 9999}, status=500))
    assert found is not None
    assert found.title == "a b [31m"
    assert len(found.detail) == 500


JSON: Final = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
KEYS: Final = st.sampled_from(
    ["title", "detail", "type", "errors", "error", "details", "status", "retry_after"]
)


@given(st.integers(200, 599), st.dictionaries(KEYS, JSON).map(json.dumps) | st.text())
def test_no_body_raises(status: int, body: str) -> None:
    api_problem(answer(body.encode(), status=status))
