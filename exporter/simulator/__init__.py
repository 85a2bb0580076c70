"""A server that behaves like the O-RAN Intent-MANO API, for demonstrations and tests.

It imports nothing of the exporter, on purpose: a misread field shared by both sides would pass
every test. `python -m exporter.simulator` starts it.
"""

from collections.abc import Sequence

__all__ = ["main"]


def main(argv: Sequence[str]) -> int:
    """Run the simulator until it is told to stop.

    Args:
        argv: The arguments after the program's name, such as
            ``["--simulator.listen-address", "127.0.0.1:0"]``.

    Returns:
        The exit status: 0 after a regular end, 2 for a wrong call or a port that is taken.
    """
    # Imported late: aiohttp takes a quarter of a second, and the product's command line imports
    # this package for every command.
    from exporter.simulator.command import main as run  # noqa: PLC0415  # see above

    return run(argv)
