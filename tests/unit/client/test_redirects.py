"""Which redirects are followed: the decision alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from exporter.client.dns import origin_of
from exporter.client.errors import RedirectError
from exporter.client.redirects import MOST, Hop, next_hop

HERE = URL("https://mano.example/v1/intents?page=2")
FIRST = Hop(HERE, home=True)


def why(location: str, *, bound: bool = False, hop: Hop = FIRST) -> str:
    with pytest.raises(RedirectError) as raised:
        next_hop(hop, 302, location, bound=bound)
    return raised.value.why


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("other", "https://mano.example/v1/other"),
        ("/v2/intents", "https://mano.example/v2/intents"),
        ("?page=3", "https://mano.example/v1/intents?page=3"),
        ("https://mano.example:443/v2", "https://mano.example/v2"),
        ("//MANO.example/v2", "https://mano.example/v2"),
        ("/a%2Fb", "https://mano.example/a%2Fb"),
        ("/v2#part", "https://mano.example/v2"),
    ],
)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_within_the_origin_all_goes_along(status: int, location: str, url: str) -> None:
    hop = next_hop(FIRST, status, location, bound=True)

    assert hop == Hop(URL(url), home=True, before=(HERE,))


@pytest.mark.parametrize(
    "location",
    [
        "https://other.example/v1",
        "https://mano.example:8443/v1",
        "https://a.mano.example/v1",
        "//other.example",
        "https://mano.example.other.example",
        "https://mano.example@other.example/",
        "https:other.example",
    ],
)
def test_another_origin_gets_no_token(location: str) -> None:
    if location != "https:other.example":  # a path, to browsers too
        assert why(location, bound=True) == "bound"
    hop = next_hop(FIRST, 302, location, bound=False)
    assert hop is not None
    assert hop.home is (location == "https:other.example")


def test_who_came_back_has_been_away() -> None:
    away = next_hop(FIRST, 302, "https://other.example/", bound=False)
    assert away is not None
    back = next_hop(away, 302, "https://mano.example/v2", bound=False)
    assert back == Hop(URL("https://mano.example/v2"), home=False, before=(HERE, away.url))


@pytest.mark.parametrize("status", [200, 300, 304, 305, 306, 399, 400, 500])
def test_no_redirect(status: int) -> None:
    assert next_hop(FIRST, status, "/v2", bound=False) is None


def test_without_a_location() -> None:
    assert next_hop(FIRST, 302, None, bound=False) is None


def test_tls_is_never_left() -> None:
    assert why("http://mano.example/v1") == "plain"
    assert why("http://mano.example/v1", bound=True) == "plain"
    plain = Hop(URL("http://mano.example/"), home=True)
    assert next_hop(plain, 302, "https://mano.example/", bound=False) is not None
    assert why("https://mano.example/", bound=True, hop=plain) == "bound"


def test_circles_and_no_end() -> None:
    assert why("?page=2") == "loop"
    assert why("?page=2#here") == "loop"
    hop: Hop | None = FIRST
    for count in range(MOST):
        assert hop is not None
        hop = next_hop(hop, 302, f"/{count}", bound=False)
    assert hop is not None
    assert why("/more", hop=hop) == "many"
    assert why("/2", hop=hop) == "loop"


@pytest.mark.parametrize(
    "location",
    ["ftp://mano.example/", "file:///etc/passwd", "javascript:0", "http://", "https://[::1",
     "https://a:99999/", "https://:80/", "data:,x", "https://a:b/"],
)  # fmt: skip
def test_nowhere(location: str) -> None:
    assert why(location) == "invalid"


def test_user_and_password_are_left_out() -> None:
    hop = next_hop(FIRST, 302, "https://u:hunter2@mano.example/v2", bound=True)
    assert hop is not None
    assert str(hop.url) == "https://mano.example/v2"


@given(
    st.integers(100, 599), st.text() | st.text(alphabet="htps:/.@[]%?#\\ab1\udc80 "), st.booleans()
)
def test_whatever_a_server_says_is_decided(status: int, location: str, bound: bool) -> None:  # noqa: FBT001
    try:
        hop = next_hop(FIRST, status, location, bound=bound)
    except RedirectError:
        return
    if hop is not None:
        assert hop.url.scheme == "https"
        assert hop.url.raw_host
        assert origin_of(hop.url) == origin_of(HERE) or not bound
        assert hop.url.user is None
