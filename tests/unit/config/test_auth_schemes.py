"""The table of what each ``auth.type`` is, held against the keys that there are."""

from collections import Counter
from typing import get_args

import pytest
from msgspec.structs import fields

from exporter.catalog import CATALOG
from exporter.config.auth_schemes import SCHEMES, AuthScheme
from exporter.config.schema import Auth, AuthType
from exporter.model.observation import GrantKind

ROWS = pytest.mark.parametrize("scheme", SCHEMES.values(), ids=SCHEMES)


def test_each_type_has_its_row() -> None:
    assert set(SCHEMES) == set(get_args(AuthType))


def test_each_key_is_taken_by_some_type() -> None:
    taken = {key for scheme in SCHEMES.values() for key in scheme.keys}

    assert taken == {field.name for field in fields(Auth)} - {"type"}


@ROWS
def test_who_does_not_ask_for_every_grant_says_why(scheme: AuthScheme) -> None:
    asked = {surface.grant for surface in CATALOG if surface.passive}

    assert bool(scheme.unasked) != (asked <= {*scheme.grants})


@ROWS
def test_who_has_a_token_sends_it(scheme: AuthScheme) -> None:
    assert bool(scheme.grants) == ("token" in scheme.sends)


def test_each_grant_that_is_asked_for_is_one_surface() -> None:
    grants = [surface.grant for surface in CATALOG if surface.passive]

    assert Counter(grants) == Counter({*get_args(GrantKind)} - {"file"})
