"""Writing for people, who may stop reading before the end."""

from typing import NoReturn

from rich.console import Console


class PlainConsole(Console):
    """Writes text as it is, and passes a closed pipe on as the error that it is.

    rich itself would read markup and emoji out of what an API or a file said, and end the process
    with 1 where nobody reads any more.
    """

    def __init__(self, width: int | None = None) -> None:
        """Write to standard output; lines have ``width`` characters, or the terminal's number."""
        super().__init__(width=width, markup=False, emoji=False, highlight=False)

    def on_broken_pipe(self) -> NoReturn:
        """Called by rich while it handles the error.

        Raises:
            BrokenPipeError: whoever read the output has seen enough of it.
        """
        raise  # noqa: PLE0704  # what is being handled
