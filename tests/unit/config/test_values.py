from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.config import Duration, Secret, load


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30),
        ("5m", 300),
        ("500ms", 0.5),
        ("1h30m", 5400),
        ("1d", 86400),
        ("1.5s", 1.5),
        ("1d2h3m4s5ms", 93784.005),
        ("0", 0),
        ("0s", 0),
        ("0.1s", 0.1),
        ("1m0.1s", 60.1),
    ],
)
def test_duration_is_read(text: str, seconds: float) -> None:
    assert Duration.parse(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "s",
        "30",
        "30 s",
        " 30s",
        "30s ",
        "-1s",
        "+1s",
        "1S",
        "1w",
        "1s1m",
        "1s1s",
        ".5s",
        "1.s",
        "1e3s",
        "٣s",
        "1,5s",
        "inf",
        "nan",
        "30s\n",
        "1_0s",
        "1234567890s",
        "0.1234567s",
    ],
)
def test_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^not a duration$"):
        Duration.parse(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(90, "1m30s"), (0, "0s"), (0.25, "250ms"), (86400, "1d"), (3600.5, "1h500ms"), (1, "1s")],
)
def test_duration_is_written_shortly(seconds: float, text: str) -> None:
    assert str(Duration(seconds)) == f"{Duration(seconds)}" == text


@given(st.integers(min_value=0, max_value=10**12))
def test_duration_survives_being_written(milliseconds: int) -> None:
    duration = Duration(milliseconds / 1000)

    assert Duration.parse(str(duration)) == duration


@given(st.text(min_size=1))
def test_secret_shows_itself_nowhere(text: str) -> None:
    secret = Secret(text)

    assert secret.reveal() == text
    assert {repr(secret), str(secret), f"{secret}", f"{secret!r}"} == {"<secret>"}
    assert secret == Secret(text)
    assert hash(secret) == hash(Secret(text))
    assert secret != text
    assert secret != Secret(text + "x")


@pytest.mark.parametrize("written", ["5e-05", "5E-5", "5.0e-05", "0.00005"])
def test_small_ratios_are_written_as_yaml_1_1_and_1_2_write_them(
    written: str, tmp_path: Path
) -> None:
    file = tmp_path / "config.yaml"
    target = f"{{name: lab, url: 'http://lab', rate_limits: {{share: {written}}}}}"
    file.write_text(f"targets: [{target}]")
    assert load(file, {}).config.targets[0].rate_limits.share == 5e-05


def test_what_looks_like_such_a_number_is_a_text_in_quotes(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("targets: [{name: '1e5', url: 'http://lab'}]")
    assert load(file, {}).config.targets[0].name == "1e5"
