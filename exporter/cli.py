"""The command line. What only some commands need is imported by those alone."""

import argparse
import asyncio
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from re import fullmatch
from typing import TYPE_CHECKING, Final, NoReturn, TypeAlias

from exporter import __version__

if TYPE_CHECKING:
    from exporter.app import Meanwhile, Options
    from exporter.loading import Loaded

WELL: Final = 0
NOT_WELL: Final = 1
WRONG_CALL: Final = 2
_INTERRUPTED: Final = 130

PROGRAM: Final = "oran-mano-exporter"
_DESCRIPTION: Final = """\
Probe every surface of an O-RAN Intent-MANO API on a schedule, and expose what is seen as
Prometheus metrics. Without a configuration file the target is ORAN_MANO_API_URL, with the
account ORAN_MANO_USERNAME and ORAN_MANO_PASSWORD (or ORAN_MANO_PASSWORD_FILE)."""

Arguments: TypeAlias = argparse.Namespace
Command: TypeAlias = Callable[[Sequence[str]], int]


class WrongCallError(Exception):
    """It cannot be done as called: each line says what is wrong."""

    def __init__(self, *lines: str) -> None:
        """Hold the lines."""
        super().__init__("\n".join(lines))


class _Parser(argparse.ArgumentParser):
    """argparse with one line for a mistake, which names the nearest flag."""

    def error(self, message: str) -> NoReturn:
        raise WrongCallError(f"{self.prog}: {message}")

    def strictly(self, arguments: Sequence[str]) -> Arguments:
        """Parse, and refuse what is unknown."""
        parsed, unknown = self.parse_known_args(arguments)
        if unknown:
            name = unknown[0].partition("=")[0]
            near = get_close_matches(name, self._option_string_actions, n=1)
            hint = f'did you mean "{near[0]}"?' if near else f"see {self.prog} --help"
            self.error(f'unknown argument "{name}"; {hint}')
        return parsed


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        argv: the arguments; those of the process if none are given.

    Returns:
        The exit code: 0 for success, 1 where what was looked at is not well, 2 for a wrong
        call or configuration.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        name = arguments.pop(0) if arguments and not arguments[0].startswith("-") else "run"
        return _command(name)(arguments)
    except WrongCallError as error:
        print(error, file=sys.stderr)
        return WRONG_CALL
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has seen enough of it, as `head` does.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return WELL


def run(arguments: Sequence[str]) -> int:
    """Probe until a signal ends it."""
    parser = _parser("run", _DESCRIPTION)
    _add_run_flags(parser)
    parser.add_argument("--version", action="store_true", help="print the version and end")
    parser.add_argument(
        "--config.check",
        dest="only_check",
        action="store_true",
        help="only say whether the configuration can be used",
    )
    parser.epilog = "commands: " + ", ".join(COMMANDS) + f"; see {PROGRAM} COMMAND --help"
    parsed = parser.strictly(arguments)
    if parsed.version:
        print(f"{PROGRAM} {__version__}")
        return WELL
    loaded = _load(parsed.config_file, os.environ)
    if parsed.only_check:
        print(f"{loaded.source}: the configuration is valid")
        return WELL
    _configure_logs(parsed)
    asyncio.run(_serving(loaded, _options(parsed), os.environ))
    return WELL


def check(arguments: Sequence[str]) -> int:
    """Validate the configuration and print the worst-case traffic for each rate class."""
    parser = _parser("check", check.__doc__)
    _add_config_flag(parser)
    _add_output_flag(parser)
    parsed = parser.strictly(arguments)
    loaded = _load(parsed.config_file, os.environ)
    from exporter.reports import check_report

    report, well = check_report(loaded.plan, loaded.source)
    report.print(parsed.output)
    return WELL if well else NOT_WELL


def surfaces(arguments: Sequence[str]) -> int:
    """List every surface: what would be probed, how often, in which rate class."""
    parser = _parser("surfaces", surfaces.__doc__)
    _add_config_flag(parser)
    _add_output_flag(parser)
    parsed = parser.strictly(arguments)
    loaded = _load(parsed.config_file, os.environ)
    from exporter.reports import surfaces_report

    surfaces_report(loaded.plan).print(parsed.output)
    return WELL


def demo(arguments: Sequence[str]) -> int:
    """Start a simulated API and the exporter on it, and show what is probed."""
    from exporter.demo import CONFIG, SimulatorError, environment, show, simulator

    parser = _parser("demo", demo.__doc__)
    _add_run_flags(parser)
    parser.set_defaults(config_file=CONFIG, log_level="error")
    parser.add_argument(
        "--simulator.listen-address",
        dest="simulator_address",
        default="127.0.0.1:8080",
        metavar="HOST:PORT",
        help="where the simulated API listens (default: %(default)s)",
    )
    parser.add_argument(
        "--simulator.scenario",
        dest="scenario",
        default="healthy",
        metavar="NAME|FILE",
        help="what the simulated API plays first (default: %(default)s)",
    )
    parsed = parser.strictly(arguments)
    options = _options(parsed)
    _configure_logs(parsed)

    async def simulated() -> None:
        async with simulator(parsed.simulator_address, parsed.scenario) as url:
            environ = environment(url)
            loaded = _load(parsed.config_file, environ)
            await _serving(loaded, options, environ, lambda app, address: show(app, address, url))

    try:
        asyncio.run(simulated())
    except SimulatorError as error:
        raise WrongCallError(f"{PROGRAM} demo: {error}") from error
    return WELL


def simulate(arguments: Sequence[str]) -> int:
    """Run the simulated API alone."""
    from exporter.simulator import main as simulator

    return simulator(arguments)


COMMANDS: Final[Mapping[str, Command]] = {
    "run": run,
    "check": check,
    "surfaces": surfaces,
    "demo": demo,
    "simulate": simulate,
}


def _command(name: str) -> Command:
    if name in COMMANDS:
        return COMMANDS[name]
    near = get_close_matches(name, COMMANDS, n=1)
    hint = f'did you mean "{near[0]}"? ' if near else ""
    known = ", ".join(COMMANDS)
    raise WrongCallError(f'{PROGRAM}: unknown command "{name}"; {hint}known: {known}')


def _parser(command: str, description: str | None) -> _Parser:
    return _Parser(
        prog=PROGRAM if command == "run" else f"{PROGRAM} {command}",
        description=description,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _add_config_flag(parser: _Parser) -> None:
    parser.add_argument(
        "--config.file",
        dest="config_file",
        type=Path,
        metavar="FILE",
        help="the configuration (YAML); without it the environment is used",
    )


def _add_output_flag(parser: _Parser) -> None:
    parser.add_argument(
        "--output",
        choices=("table", "json"),
        default="table",
        help="for people or for programs (default: %(default)s)",
    )


def _add_run_flags(parser: _Parser) -> None:
    _add_config_flag(parser)
    parser.add_argument(
        "--web.listen-address",
        dest="listen",
        default=":10945",
        metavar="[HOST]:PORT",
        help="where metrics and pages are served (default: %(default)s)",
    )
    parser.add_argument(
        "--web.telemetry-path",
        dest="telemetry_path",
        default="/metrics",
        metavar="PATH",
        help="where the metrics are (default: %(default)s)",
    )
    parser.add_argument(
        "--web.enable-lifecycle",
        dest="enable_lifecycle",
        action="store_true",
        help="allow POST /-/reload (SIGHUP reloads in any case)",
    )
    parser.add_argument(
        "--config.auto-reload-interval",
        dest="auto_reload_interval",
        default="0",
        metavar="DURATION",
        help="how often to look whether the file's content changed, and reload it then "
        "(default: %(default)s, never)",
    )
    parser.add_argument(
        "--log.level",
        dest="log_level",
        choices=("debug", "info", "warn", "error"),
        default="info",
        help="the least that is logged (default: %(default)s)",
    )
    parser.add_argument(
        "--log.format",
        dest="log_format",
        choices=("logfmt", "json"),
        default="logfmt",
        help="how it is logged (default: %(default)s)",
    )


def _options(parsed: Arguments) -> "Options":
    from exporter.app import Options
    from exporter.web.address import parse_address

    try:
        listen = parse_address(parsed.listen)
    except ValueError:
        raise WrongCallError(
            f'{PROGRAM}: --web.listen-address: "{parsed.listen}" is no address; '
            "allowed: [HOST]:PORT, such as :10945 or 127.0.0.1:10945"
        ) from None
    path = parsed.telemetry_path
    if not fullmatch(r"/[A-Za-z0-9._~/-]*", path) or path.startswith("/-/"):
        raise WrongCallError(
            f'{PROGRAM}: --web.telemetry-path: "{path}" cannot be used; allowed: a path that '
            'begins with "/" but not with "/-/", of letters, digits and ._~-'
        )
    return Options(
        listen=listen,
        telemetry_path=path,
        enable_lifecycle=parsed.enable_lifecycle,
        auto_reload_interval=_seconds(parsed.auto_reload_interval),
        config_file=parsed.config_file,
    )


def _seconds(text: str) -> float:
    from exporter.config.values import Duration

    try:
        return float(Duration.parse(text))
    except ValueError:
        raise WrongCallError(
            f'{PROGRAM}: --config.auto-reload-interval: "{text}" is no duration; '
            "allowed: 0 for never, or such as 30s or 5m"
        ) from None


def _load(file: Path | None, environ: Mapping[str, str]) -> "Loaded":
    """The plan; what is wrong with the configuration is a wrong call."""
    from exporter.loading import UnusableError, load_plan

    try:
        return load_plan(file, environ)
    except UnusableError as error:
        raise WrongCallError(*error.lines) from error


def _configure_logs(parsed: Arguments) -> None:
    from exporter.sinks.logs import configure

    configure(parsed.log_level, parsed.log_format, sys.stderr)


async def _serving(
    loaded: "Loaded",
    options: "Options",
    environ: Mapping[str, str],
    meanwhile: "Meanwhile | None" = None,
) -> None:
    from exporter.app import ListenError, serve
    from exporter.loading import load_plan

    def load() -> "Loaded":
        return load_plan(options.config_file, environ)

    try:
        await serve(loaded, options, load, meanwhile)
    except ListenError as error:
        message = f"{PROGRAM}: {error}; give another --web.listen-address"
        raise WrongCallError(message) from error
