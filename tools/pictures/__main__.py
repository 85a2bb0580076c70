"""``make pictures``: play, draw every dashboard, and say where the pictures are."""

import argparse
import asyncio
import sys
from pathlib import Path
from typing import Final

from tests.support.dashboards import documents
from tools.pictures.boards import drawn
from tools.pictures.queries import Source
from tools.pictures.stage import played

SECONDS: Final = 240


def main() -> int:
    """Draw all boards, of servers that are started for it or of a Prometheus that is there."""
    options = _parser().parse_args()
    asyncio.run(_run(options))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make pictures", description=__doc__)
    parser.add_argument("--into", type=Path, default=Path(".cache/boards"), metavar="DIR")
    parser.add_argument("--targets", type=int, default=6, help="6 or 60 (default %(default)s)")
    parser.add_argument(
        "--seconds", type=float, default=SECONDS, help="how long (default %(default)s)"
    )
    parser.add_argument("--width", type=int, default=1920, help="in pixels (default %(default)s)")
    parser.add_argument("--prometheus", metavar="URL", help="draw of this one, start nothing")
    parser.add_argument("--scrape", type=float, default=30, help="its seconds between scrapes")
    parser.add_argument("--hold", action="store_true", help="go on until Ctrl-C")
    return parser


async def _run(options: argparse.Namespace) -> None:
    if options.prometheus:
        _draw(Source(options.prometheus, options.scrape), options)
        return
    async with played(options.targets, options.seconds) as source:
        await asyncio.to_thread(_draw, source, options)
        if options.hold:
            _say(f"Prometheus is at {source.url} until Ctrl-C")
            await asyncio.Event().wait()


def _draw(source: Source, options: argparse.Namespace) -> None:
    options.into.mkdir(parents=True, exist_ok=True)
    for name, document in documents().items():
        file = options.into / f"{name}.png"
        drawn(document, source, options.seconds).save(file, options.width)
        _say(f"{file}: {file.stat().st_size // 1024} KiB")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
