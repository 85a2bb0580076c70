"""The data of ``make bench-rules`` is what the rules read, at the resolution it has."""

from io import StringIO
from typing import Any, Final

from tests.bench.rules import Cost, table
from tests.bench.synthetic import LOOK_BACK, interval, reaches, series, write

RULES: Final[list[dict[str, Any]]] = [
    {
        "groups": [
            {
                "name": "short",
                "rules": [
                    {
                        "record": "oran_mano:slo_bad:increase5m",
                        "expr": 'sum by (target) (rate(oran_mano_probe_runs_total{a="b"}[15m]))',
                    }
                ],
            },
            {
                "name": "long",
                "interval": "2m",
                "rules": [
                    {
                        "record": "oran_mano:slo_bad:increase1h",
                        "expr": "sum_over_time(oran_mano:slo_bad:increase5m[1h:1m]) / 5",
                    },
                    {"alert": "A", "expr": "oran_mano:slo_bad:increase1h > 1"},
                ],
            },
        ]
    }
]
END: Final = 1_800_000_000


def samples(history: int = 86_400, *, down: bool = False) -> dict[str, list[tuple[float, int]]]:
    text = StringIO()
    written = write(text, series(RULES, 1, history, down=down), 0, END, END)
    *lines, end = text.getvalue().splitlines()
    assert (end, len(lines)) == ("# EOF", written)
    found: dict[str, list[tuple[float, int]]] = {}
    for line in lines:
        name, value, at = line.rsplit(" ", 2)
        found.setdefault(name.partition("{")[0], []).append((float(value), int(at)))
    return found


def test_how_far_back_each_series_is_read() -> None:
    read = reaches(RULES)
    assert read["oran_mano_probe_runs_total"] == 900
    assert read["oran_mano:slo_bad:increase5m"] == 3600
    assert read["oran_mano:slo_bad:increase1h"] == LOOK_BACK
    assert [interval(group) for group in RULES[0]["groups"]] == [60, 120]


def test_there_is_what_is_read_and_nothing_else() -> None:
    found = samples()
    assert set(found) == {
        "oran_mano_probe_runs_total",
        "oran_mano:slo_bad:increase5m",
        "oran_mano:slo_bad:increase1h",
    }
    assert len(found["oran_mano_probe_runs_total"]) == 32  # 15 minutes and two scrapes
    assert len(found["oran_mano:slo_bad:increase5m"]) == 2 * 60  # of each objective
    assert {at % 120 for _, at in found["oran_mano:slo_bad:increase1h"][:2]} != {0, 60}
    assert all(at < END for each in found.values() for _, at in each)
    assert len(samples(600)["oran_mano:slo_bad:increase5m"]) == 2 * 10


def test_all_is_well_or_down() -> None:
    assert {value for value, _ in samples()["oran_mano:slo_bad:increase5m"]} == {0}
    assert min(value for value, _ in samples(down=True)["oran_mano:slo_bad:increase5m"]) >= 1
    (first, _), (second, _), *_ = samples()["oran_mano_probe_runs_total"]
    assert second - first == 1


def test_a_group_of_every_other_minute_counts_half() -> None:
    costs = [Cost("often", 0.01, 60), Cost("seldom", 0.01, 120)]
    head, often, seldom, total = table({15: costs}).splitlines()
    assert head.split()[-1] == "15"
    assert [line.split()[-1] for line in (often, seldom, total)] == ["10.0", "5.0", "15.0"]
