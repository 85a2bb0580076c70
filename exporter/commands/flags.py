"""The flags, spelled as Prometheus' users know them, and what they come to."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NoReturn, TypeAlias

PROGRAM: Final = "oran-mano-exporter"

_OF_THE_SIMULATOR: Final = {"--simulator.seed": True, "--simulator.stop-on-eof": False}
"""Flags of ``simulate`` alone, whose parser takes long to import; whether they have a value."""

Arguments: TypeAlias = argparse.Namespace


class WrongCallError(Exception):
    """It cannot be done as called: each line says what is wrong, and is safe for a terminal."""

    def __init__(self, *lines: str) -> None:
        """Hold the lines."""
        from exporter.config.quoting import escaped

        super().__init__("\n".join(map(escaped, lines)))


class Parser(argparse.ArgumentParser):
    """argparse with one line for a mistake, which names the nearest flag or value."""

    def error(self, message: str) -> NoReturn:
        """Raise instead of ending the process."""
        raise WrongCallError(f"{self.prog}: {message}")

    def strictly(self, arguments: Sequence[str]) -> Arguments:
        """Parse, and refuse what is unknown."""
        parsed, unknown = self.parse_known_args(arguments)
        if unknown:
            from exporter.config.quoting import near, quoted

            name = unknown[0].partition("=")[0]
            hint = near(name, self._option_string_actions).strip() or f"see {self.prog} --help"
            self.error(f"unknown argument {quoted(name)}; {hint}")
        return parsed

    def _check_value(self, action: argparse.Action, value: object) -> None:
        """Refuse what is none of the choices in our own words: argparse has no hint."""
        if action.choices is not None and value not in action.choices:
            from exporter.config.quoting import near, quoted

            allowed = [str(choice) for choice in action.choices]
            wrong = f"{quoted(str(value))} is not allowed; {near(str(value), allowed)}"
            self.error(f"{action.option_strings[-1]}: {wrong}allowed: {', '.join(allowed)}")


def parser_of(command: str, description: str | None) -> Parser:
    """Make the parser of a command, without flags."""
    return Parser(
        prog=PROGRAM if command == "run" else f"{PROGRAM} {command}",
        description=description,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def add_config_flag(parser: Parser) -> None:
    """Let it be given a configuration."""
    parser.add_argument(
        "--config.file",
        dest="config_file",
        type=Path,
        metavar="FILE",
        help="the configuration (YAML); without it the environment is used",
    )


def add_output_flag(parser: Parser) -> None:
    """Let it be asked for JSON."""
    parser.add_argument(
        "--output",
        choices=("table", "json"),
        default="table",
        help="for people or for programs (default: %(default)s)",
    )


def add_run_flags(parser: Parser) -> None:
    """Let it be given all that a running exporter takes."""
    add_config_flag(parser)
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
        "--config.tolerate-errors",
        dest="tolerate_errors",
        action="store_true",
        help="where the configuration cannot be used at start, stay up without targets and wait "
        "for one that can, as a sidecar must",
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


def add_only_run_flags(parser: Parser) -> None:
    """Let it be asked for less than to run."""
    parser.add_argument("--version", action="store_true", help="print the version and end")
    parser.add_argument(
        "--config.check",
        dest="only_check",
        action="store_true",
        help="only say whether the configuration can be used",
    )


def add_probe_flags(parser: Parser) -> None:
    """Let it be told what to probe of a surface."""
    parser.add_argument(
        "--target", default="", metavar="NAME", help="its name or URL, where there are several"
    )
    parser.add_argument(
        "--id",
        dest="ids",
        action="append",
        default=[],
        metavar="ID",
        help="the resource, for a surface that takes one, once for each placeholder of its path "
        "(default: what its list names first)",
    )


def add_demo_flags(parser: Parser) -> None:
    """Let it be told what to simulate."""
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


_ALL: Final = (
    add_run_flags,
    add_only_run_flags,
    add_output_flag,
    add_probe_flags,
    add_demo_flags,
)


def called(arguments: Sequence[str]) -> tuple[str, list[str]]:
    """The command, ``run`` where none is named, and all other arguments.

    Flags may stand before the command. With an unknown one there none can be found, as the next
    word may be that flag's value: whoever parses the rest says so.
    """
    rest, at = list(arguments), 0
    known = _takes_value() if rest and rest[0].startswith("-") else {}
    while at < len(rest) and rest[at].startswith("-"):
        name, with_value, _ = rest[at].partition("=")
        if name not in known:
            return "run", rest
        at += 2 if known[name] and not with_value else 1
    return (rest.pop(at) if at < len(rest) else "run"), rest


def _takes_value() -> Mapping[str, bool]:
    """Each flag of any command, and whether a value follows it."""
    parser = parser_of("run", None)
    for add in _ALL:
        add(parser)
    flags = {name: each.nargs != 0 for name, each in parser._option_string_actions.items()}  # noqa: SLF001
    return {**flags, **_OF_THE_SIMULATOR}
