"""What rejections may cost: a leaky bucket, whose last drop is not for those that never accept."""

from typing import Final

import pytest

from exporter.auth.rejections import Rejections
from exporter.model.observation import Key

KEYS: Final = [Key("lab", "c", name) for name in "abcd"]


def doubted(doubts: Rejections, key: Key, now: float) -> bool:
    """Whether a surface that rejects the token is worth another one, which comes at once."""
    worth = doubts.raised(key, now, under_way=False, possible=True)
    doubts.settle()
    return worth


def test_three_at_once_and_one_more_with_each_refill() -> None:
    doubts = Rejections()
    worth = [now for now in range(0, 1000, 10) if doubted(doubts, KEYS[now % 4], now)]
    assert worth == [0, 10, 20, 300, 600, 900]


def test_the_last_one_is_not_for_a_surface_that_rejected_fresh_tokens_before() -> None:
    doubts = Rejections()
    for key in KEYS[:3]:
        assert doubted(doubts, key, 0)
        doubts.persisted(key, 0)
    assert not any(doubted(doubts, key, 301) for key in KEYS[:3])
    assert doubted(doubts, KEYS[3], 301)


@pytest.mark.parametrize(("component", "shared"), [("c", False), ("d", True)])
def test_a_doubt_is_shared_where_two_components_have_it(component: str, shared: object) -> None:
    doubts = Rejections()
    for key in (KEYS[0], Key("lab", component, "b")):
        assert not doubts.shared
        doubts.raised(key, 0, under_way=False, possible=True)
    assert doubts.shared is shared


def test_a_surface_that_rejected_a_fresh_token_has_no_say_for_five_minutes() -> None:
    doubts = Rejections()
    doubts.persisted(KEYS[0], 0)
    assert not doubted(doubts, KEYS[0], 299)
    assert doubts.raised(KEYS[0], 299, under_way=True, possible=True)
    assert not doubts
    assert doubted(doubts, KEYS[0], 300)


def test_where_none_can_be_had_now_nothing_is_spent() -> None:
    doubts = Rejections()
    for now in range(20):
        assert not doubts.raised(KEYS[0], now, under_way=False, possible=False)
    assert [doubted(doubts, KEYS[0], 20) for _ in range(4)] == [True, True, True, False]
