"""The flags, spelled as Prometheus' users know them, and what they come to."""

import argparse
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from re import fullmatch
from typing import TYPE_CHECKING, Final, NoReturn, TypeAlias

if TYPE_CHECKING:
    from exporter.app import Options
    from exporter.otlp.settings import Settings

PROGRAM: Final = "oran-mano-exporter"

Arguments: TypeAlias = argparse.Namespace


class WrongCallError(Exception):
    """It cannot be done as called: each line says what is wrong, and is safe for a terminal."""

    def __init__(self, *lines: str) -> None:
        """Hold the lines."""
        from exporter.config.words import escaped

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
            from exporter.config.words import near, quoted

            name = unknown[0].partition("=")[0]
            hint = near(name, self._option_string_actions).strip() or f"see {self.prog} --help"
            self.error(f"unknown argument {quoted(name)}; {hint}")
        return parsed

    def _check_value(self, action: argparse.Action, value: object) -> None:
        """Refuse what is none of the choices in our own words: argparse has no hint."""
        if action.choices is not None and value not in action.choices:
            from exporter.config.words import near, quoted

            allowed = [str(choice) for choice in action.choices]
            wrong = f"{quoted(str(value))} is not allowed; {near(str(value), allowed)}"
            self.error(f"{action.option_strings[-1]}: {wrong}allowed: {', '.join(allowed)}")


def parser_of(command: str, description: str | None) -> Parser:
    """Make the parser of a command.

    Args:
        command: its name.
        description: what it does, for ``--help``.

    Returns:
        The parser, without flags.
    """
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


def options_of(parsed: Arguments) -> "Options":
    """Read what a running exporter was given.

    Args:
        parsed: the flags of ``add_run_flags``.

    Returns:
        The options.

    Raises:
        WrongCallError: a flag, or a variable of OpenTelemetry's, cannot be used.
    """
    from exporter.app import Options
    from exporter.config.words import quoted
    from exporter.web.address import parse_address

    try:
        listen = parse_address(parsed.listen)
    except ValueError:
        raise WrongCallError(
            f"{PROGRAM}: --web.listen-address: {quoted(parsed.listen)} is no address; "
            "allowed: [HOST]:PORT, such as :10945 or 127.0.0.1:10945"
        ) from None
    path = parsed.telemetry_path
    taken = path.startswith("/-/") or path in (
        "/probe",
        "/logs",
        "/config",
        "/reasons",
        "/api/v1/status",
    )
    if taken or not fullmatch(r"/[A-Za-z0-9._~/-]*", path):
        raise WrongCallError(
            f"{PROGRAM}: --web.telemetry-path: {quoted(path)} cannot be used; allowed: a path that "
            'begins with "/" but not with "/-/", of letters, digits and ._~-, and not that of '
            "another page"
        )
    return Options(
        listen=listen,
        telemetry_path=path,
        enable_lifecycle=parsed.enable_lifecycle,
        auto_reload_interval=_seconds(parsed.auto_reload_interval),
        config_file=parsed.config_file,
        tolerate_errors=parsed.tolerate_errors,
        traces=traces_of(os.environ),
    )


def traces_of(environ: Mapping[str, str]) -> "Settings | None":
    """Read where traces go.

    Args:
        environ: the environment variables.

    Returns:
        The settings; ``None`` where nothing is to be exported.

    Raises:
        WrongCallError: a variable of OpenTelemetry's cannot be used.
    """
    from exporter.config import ConfigError, describe
    from exporter.otlp.settings import settings_of

    try:
        return settings_of(environ)
    except ConfigError as error:
        raise WrongCallError(*describe(error, "environment")) from error


def _seconds(text: str) -> float:
    from exporter.config.values import Duration
    from exporter.config.words import quoted

    try:
        return float(Duration.parse(text))
    except ValueError:
        raise WrongCallError(
            f"{PROGRAM}: --config.auto-reload-interval: {quoted(text)} is no duration; "
            "allowed: 0 for never, or such as 30s or 5m"
        ) from None
