"""What a person is shown, and what they may have meant."""

import pytest

from exporter.config.quoting import escaped, near, nearest, quoted

LABS = [f"lab-{number:03d}" for number in range(200)]


@pytest.mark.parametrize(
    ("name", "known", "meant"),
    [
        ("intervall", ["interval", "timeout"], "interval"),
        ("INTERVALL", ["interval", "timeout"], "interval"),
        ("norht-lab", ["North-Lab", "South-Lab"], "North-Lab"),
        ("warning", ["debug", "info", "warn", "error"], "warn"),
        ("xyz", ["interval", "timeout"], None),
        ("lab-199x", LABS, "lab-199"),
        ("lab-199x", [*LABS, "lab-200"], None),
        ("a" * 64 + "b" * 1_000_000, ["a" * 64], "a" * 64),
        ("", [], None),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_may_have_been_meant(name: str, known: list[str], meant: str | None) -> None:
    assert nearest(name, known) == meant
    assert near(name, known) == ("" if meant is None else f'did you mean "{meant}"? ')


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("münchen", '"münchen"'),
        ("a\n\x1b[31mb", '"a\\n\\x1b[31mb"'),
        ("\x9b\u202e\udc9b", '"\\x9b\\u202e\\udc9b"'),
        ('a"b', '"a\\"b"'),
        ("x" * 41, f'"{"x" * 37}..."'),
    ],
)
def test_what_was_written_is_one_short_line(text: str, shown: str) -> None:
    assert quoted(text) == shown
    assert quoted(text).isprintable()
    assert escaped(escaped(text)) == escaped(text)
