"""What is loaded is weighed line by line."""

import pytest

from tests.bench.weight import STEPS, Weight, table, weigh


@pytest.mark.parametrize("name", STEPS)
def test_each_step_stands_on_others_down_to_python_itself(name: str) -> None:
    below = [name]
    while below[-1] in STEPS:
        below.append(STEPS[below[-1]].before)
        assert len(below) <= len(STEPS) + 1
    assert below[-1] == "Python itself"


def test_a_step_has_the_weight_of_what_it_adds() -> None:
    bare, added = weigh(None, rounds=1), weigh("msgspec", rounds=1)
    assert 0 < added.memory < bare.memory
    assert 0 < added.modules < bare.modules + 100


def test_the_table_says_what_stands_on_what() -> None:
    weights = {"a": (Weight(8.64, 33, 0.0161), ""), "b": (Weight(1, 2, 0.5), "a")}
    assert table(weights).splitlines() == [
        "| what | on top of | MiB | modules | ms of CPU |",
        "| --- | --- | --: | --: | --: |",
        "| a |  | 8.6 | 33 | 16 |",
        "| b | a | 1.0 | 2 | 500 |",
    ]
