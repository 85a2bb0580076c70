"""What is written is what was said."""

import pytest
from rich.table import Table

from exporter.commands.console import PlainConsole

ODD = "[/x] [bold]b[/] :bomb: [::1]:80 3"


def test_text_of_others_is_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    console = PlainConsole(width=80)
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_row(ODD)
    console.print(ODD)
    console.print(table)
    assert [line.rstrip() for line in capsys.readouterr().out.splitlines()] == [ODD, ODD]
