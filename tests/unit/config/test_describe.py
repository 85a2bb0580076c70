from exporter.config import ConfigError, Places, Problem, describe, load
from tests.unit.config.support import FULL

PLACES = Places({(): 1, ("targets",): 2, ("targets", 0): 3, ("targets", 0, "url"): "ORAN_X"})


def test_places_fall_back_to_the_nearest_key_above() -> None:
    assert PLACES.line(("targets", 0)) == 3
    assert PLACES.line(("targets", 0, "auth", "username")) == 3
    assert PLACES.line(("targets", 1, "name")) == 2
    assert PLACES.line(("other",)) == 1
    assert PLACES.line(("targets", 0, "url")) is None
    assert PLACES.at(("targets", 0, "url")) == "ORAN_X"
    assert Places({}).line(("targets",)) is None
    assert Places({}).at(("targets",)) == 0


def test_problems_found_after_loading_get_their_lines() -> None:
    """As the plan raises them: with a path only."""
    loaded = load(FULL, {})
    error = ConfigError(
        [
            Problem(("targets", 0, "surfaces", "orchestrator.plan", "mode"), "not safe"),
            Problem(("targets", 1, "interval"), "left out"),
            Problem(("targets", 0, "interval"), "too short"),
        ]
    )

    assert describe(error, "c.yaml", loaded.places) == [
        "c.yaml:8: targets[0].interval: too short",
        'c.yaml:18: targets[0].surfaces."orchestrator.plan".mode: not safe',
        "c.yaml:32: targets[1].interval: left out",
    ]


def test_problems_of_what_the_environment_gave() -> None:
    environ = {"ORAN_MANO_API_URL": "http://a"}
    loaded = load(None, environ)
    error = ConfigError(
        [Problem(("targets", 0, "url"), "bad"), Problem(("targets", 0, "interval"), "short")]
    )

    assert describe(error, loaded.source, loaded.places) == [
        "environment: ORAN_MANO_API_URL: bad",
        "environment: targets[0].interval: short",
    ]


def test_strange_names_are_spelled_on_one_line() -> None:
    keys = ("a b", "", 'say "x"', "new\nline", "\x1b[2J\u202e", "\udcff", "é", "k" * 50, 3)
    error = ConfigError([Problem(keys, "wrong", 7)])

    (line,) = describe(error, "dir\n/c.yaml")

    assert line == (
        'dir\\n/c.yaml:7: "a b"."".'
        '"say \\"x\\""."new\\nline"."\\x1b[2J\\u202e"."\\udcff"."é".'
        f'"{"k" * 37}..."[3]: wrong'
    )


def test_error_says_what_is_wrong_by_itself() -> None:
    error = ConfigError([Problem((), "one"), Problem((), "two")])

    assert str(error) == "one; two"
    assert error.problems == (Problem((), "one"), Problem((), "two"))
