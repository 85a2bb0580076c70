"""The configuration in force, as /config shows it."""

from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.config import Config, Duration, Secret, Target, load
from exporter.config.encode import encode
from exporter.config.schema import Auth, RateLimits, Slo, State, SurfaceOptions, Traces
from tests.unit.config.support import FULL, decode, documented_example

PLAIN: Final = Target("lab", "http://lab")


def encoded(target: Target) -> str:
    return encode(Config((target,)))


def understood(text: str) -> Config:
    return decode(text.encode(), Path("/"))[0]


def test_the_full_example_decodes_to_itself_but_for_its_secrets() -> None:
    config = load(FULL, {}).config
    text = encode(config)
    assert "p%40ss" not in text
    assert "12345" not in text
    assert "noc" not in text
    text = text.replace("http://<secret>@", "http://probe:p%40ss@")
    text = text.replace("X-Tenant: <secret>", "X-Tenant: noc")
    assert understood(text.replace("password: <secret>", 'password: "12345"')) == config


def test_the_documented_example_decodes_to_itself_but_for_its_secret() -> None:
    config = understood(documented_example())
    assert understood(encode(config).replace("X-Tenant: <secret>", "X-Tenant: noc")) == config


def test_defaults_are_shown_and_what_is_not_set_is_not() -> None:
    text = encoded(PLAIN)
    assert understood(text) == Config((PLAIN,))
    assert "  interval: 30s\n" in text
    assert "    type: none\n" in text
    for absent in ("proxy_url", "username", "ca_file", "journal", "surfaces: {}", "null"):
        assert absent not in text


@pytest.mark.parametrize("name", ["0E0", "1e5", "12", "yes", "null", "1.5", "-7e-3", "2026-01-01"])
def test_a_text_that_looks_like_something_else_stays_a_text(name: str) -> None:
    target = Target("lab", "http://lab", auth=Auth("login", name, password_file="/secret"))
    assert understood(encoded(target)).targets == (target,)


def test_an_empty_list_in_the_place_of_a_default_is_shown() -> None:
    target = Target("lab", "http://lab", slo=())
    assert "slo: []" in encoded(target)
    assert understood(encoded(target)).targets == (target,)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://probe:hunter2@proxy:3128", "http://<secret>@proxy:3128"),
        ("http://hunter2@proxy", "http://<secret>@proxy"),
        ("http://[::1]:3128/", "http://[::1]:3128/"),
    ],
)
def test_of_a_proxy_all_but_the_user_is_shown(url: str, shown: str) -> None:
    text = encoded(Target("lab", "http://lab", proxy_url=Secret(url)))
    assert f"proxy_url: {shown}\n" in text
    assert "hunter2" not in text


def test_secrets_are_not_shown_wherever_they_are() -> None:
    auth = Auth("login", "probe", Secret("hunter2"))
    text = encoded(Target("lab", "http://lab", auth=auth, headers={"X-Key": Secret("hunter2")}))
    assert "hunter2" not in text
    assert text.count("<secret>") == 2


_TEXTS: Final = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
_DURATIONS: Final = st.integers(10**6, 86400 * 10**6).map(
    lambda microseconds: Duration.parse(f"{microseconds / 1000:.3f}ms")
)


@given(
    st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), _TEXTS),
    _DURATIONS,
    st.floats(0.001, 1).map(lambda share: round(share, 6)),
    st.dictionaries(
        _TEXTS,
        st.builds(
            SurfaceOptions,
            st.none() | _DURATIONS,
            st.sampled_from([None, "off", "read"]),
            st.none() | st.booleans(),
        ),
    ),
    _TEXTS,
)
def test_what_was_set_is_what_is_shown(
    labels: dict[str, str],
    interval: Duration,
    share: float,
    surfaces: dict[str, SurfaceOptions],
    name: str,
) -> None:
    labels = {f"l_{key}": value for key, value in labels.items()}
    target = Target(
        "lab",
        "http://lab",
        labels=labels,
        auth=Auth("login", name, password_file="/secret"),
        interval=interval,
        surfaces=surfaces,
        rate_limits=RateLimits(share),
        slo=(Slo(availability=0.9),),
    )
    config = Config((target,), Traces(share), State("/var/lib/state"))
    assert understood(encode(config)) == config
