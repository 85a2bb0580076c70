"""What an API says is wrong: by status, by body, and by bodies that are none."""

import json
from typing import Final, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.api import problems
from exporter.api.problems import (
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
    kind_of,
    problem_of,
)
from exporter.observation import Reason
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
    found = problem_of(answer({}, status=status))
    assert (None if found is None else type(found)) is kind


def test_every_class_is_in_the_tree_and_has_a_reason() -> None:
    assert problems.__doc__ is not None
    for kind in ApiProblem.__subclasses__():
        assert f" {kind.__name__} " in problems.__doc__
        assert kind.reason in get_args(Reason)


def test_problem_details_with_field_errors() -> None:
    errors = [{"field": "bandwidth", "message": "1 to 10000", "code": "RANGE_ERROR"}, 7, {}]
    body = {"status": 422, "title": "Validation Error", "detail": "no", "errors": errors}
    assert problem_of(answer(body, status=422)) == Validation(
        422,
        "Validation Error",
        "no",
        errors=(FieldError("bandwidth", "1 to 10000", "RANGE_ERROR"), FieldError("", "", "")),
    )


def test_the_form_of_the_services() -> None:
    found = problem_of(answer({"error": "down", "details": "database"}, status=503))
    assert found == ServerFault(503, "down", "database")


@pytest.mark.parametrize("body", [b"", b"<html>no</html>", b"[]", b"7", b"\xff", b"[" * 10**5])
def test_no_body_to_speak_of(body: bytes) -> None:
    assert problem_of(answer(body, status=500)) == ServerFault(500)


@pytest.mark.parametrize(
    ("headers", "delay"),
    [({}, 60), ({"X-RateLimit-Retry-After": "7"}, 7), ({"Retry-After": "30"}, 30)],
)
def test_the_delay_of_a_429(headers: dict[str, str], delay: float) -> None:
    found = problem_of(answer({}, status=429, headers=headers))
    assert isinstance(found, RateLimited)
    assert found.delay == delay


def test_texts_are_of_one_line_and_bounded() -> None:
    found = problem_of(answer({"title": "a\nb\x1b[31m", "detail": "x" * 9999}, status=500))
    assert found is not None
    assert found.title == "a b [31m"
    assert len(found.detail) == 500


JSON: Final = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
KEYS: Final = st.sampled_from(["title", "detail", "type", "errors", "error", "details", "status"])


@given(st.integers(200, 599), st.dictionaries(KEYS, JSON).map(json.dumps) | st.text())
def test_no_body_raises(status: int, body: str) -> None:
    problem_of(answer(body.encode(), status=status))
