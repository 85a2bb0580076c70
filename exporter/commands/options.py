"""What the flags of a running exporter come to."""

import os
from collections.abc import Callable, Mapping
from re import fullmatch
from typing import TYPE_CHECKING, TypeVar

from exporter.commands.flags import PROGRAM, Arguments, WrongCallError

if TYPE_CHECKING:
    from exporter.process.options import Options
    from exporter.traces.otlp.settings import Settings

_T = TypeVar("_T")


def options_of(parsed: Arguments) -> "Options":
    """Read what a running exporter was given with the flags of ``add_run_flags``.

    Raises:
        WrongCallError: a flag, a switch, or a variable of OpenTelemetry's, cannot be used.
    """
    from exporter.config.quoting import quoted
    from exporter.process.options import Options
    from exporter.web.listen_address import parse_address
    from exporter.web.paths import PAGES

    try:
        listen = parse_address(parsed.listen)
    except ValueError:
        raise WrongCallError(
            f"{PROGRAM}: --web.listen-address: {quoted(parsed.listen)} is no address; "
            "allowed: [HOST]:PORT, such as :10945 or 127.0.0.1:10945"
        ) from None
    look_at_switches(os.environ)
    path = parsed.telemetry_path
    if path.startswith("/-/") or path in PAGES or not fullmatch(r"/[A-Za-z0-9._~/-]*", path):
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


def look_at_switches(environ: Mapping[str, str]) -> None:
    """Refuse what no switch in the environment takes.

    Raises:
        WrongCallError: one is neither on nor off.
    """
    from exporter.config.switches import SWITCHES

    for switch in SWITCHES:
        _read(switch.is_on, environ)


def traces_of(environ: Mapping[str, str]) -> "Settings | None":
    """Read from the environment where traces go; ``None`` where nothing is to be exported.

    Raises:
        WrongCallError: a variable of OpenTelemetry's cannot be used.
    """
    from exporter.traces.otlp.settings import settings_of

    return _read(settings_of, environ)


def _read(what: Callable[[Mapping[str, str]], _T], environ: Mapping[str, str]) -> _T:
    from exporter.config import ConfigError, describe

    try:
        return what(environ)
    except ConfigError as error:
        raise WrongCallError(*describe(error, "environment")) from error


def _seconds(text: str) -> float:
    from exporter.config.quoting import quoted
    from exporter.config.values import Duration

    try:
        return float(Duration.parse(text))
    except ValueError:
        raise WrongCallError(
            f"{PROGRAM}: --config.auto-reload-interval: {quoted(text)} is no duration; "
            "allowed: 0 for never, or such as 30s or 5m"
        ) from None
