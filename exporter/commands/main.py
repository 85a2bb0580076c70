"""The command line. What only some commands need is imported by those alone."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from inspect import cleandoc
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from exporter import __version__
from exporter.commands.flags import (
    PROGRAM,
    Arguments,
    WrongCallError,
    add_config_flag,
    add_demo_flags,
    add_only_run_flags,
    add_output_flag,
    add_probe_flags,
    add_run_flags,
    called,
    parser_of,
)
from exporter.commands.options import look_at_switches, options_of, traces_of
from exporter.logs.uncaught import guard
from exporter.process.inherited_environment import sparing, tidy
from exporter.process.standard_streams import Output, standard

if TYPE_CHECKING:
    from exporter.process.load import LoadedPlan
    from exporter.process.options import Options
    from exporter.process.serve import Meanwhile

WELL: Final = 0
NOT_WELL: Final = 1
WRONG_CALL: Final = 2
_INTERRUPTED: Final = 130

_DESCRIPTION: Final = """\
Probe every surface of an O-RAN Intent-MANO API on a schedule, and expose what is seen as
Prometheus metrics. Without a configuration file the target is ORAN_MANO_API_URL, with the
account ORAN_MANO_USERNAME and ORAN_MANO_PASSWORD (or ORAN_MANO_PASSWORD_FILE)."""

Command: TypeAlias = Callable[[Sequence[str]], int]

_noted: Final[list[str]] = []
"""What was found in the environment, to be logged once it is known how."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command with the given arguments, else with those of the process.

    Returns:
        The exit code: 0 for success, 1 where what was looked at is not well or the output cannot
        be written, 2 for a wrong call or configuration.
    """
    with standard() as output:
        guard()
        _noted[:] = tidy(os.environ)
        code = _ended(sys.argv[1:] if argv is None else argv, output)
        with suppress(OSError):
            sys.stdout.flush()
        if output.failure is None or output.is_unread:
            return code
        print(f"{PROGRAM}: cannot write the output: {output.failure.strerror}", file=sys.stderr)
        return NOT_WELL


def _ended(arguments: Sequence[str], output: Output) -> int:
    """The exit code, whatever ends it."""
    try:
        name, rest = called(arguments)
        return _command(name)(rest)
    except WrongCallError as error:
        print(error, file=sys.stderr)
        return WRONG_CALL
    except KeyboardInterrupt:
        return _INTERRUPTED
    except SystemExit as end:  # argparse has printed its help
        return end.code if isinstance(end.code, int) else WELL
    except OSError as error:
        if error is not output.failure:
            raise
        return WELL


def run(arguments: Sequence[str]) -> int:
    """Probe until a signal ends it."""
    parser = parser_of("run", _DESCRIPTION)
    add_run_flags(parser)
    add_only_run_flags(parser)
    parser.epilog = (
        f"commands: {', '.join(COMMANDS)}; see {PROGRAM} COMMAND --help\n"
        "Flags may stand before the command and after it."
    )
    parsed = parser.strictly(arguments)
    if parsed.version:
        print(f"{PROGRAM} {__version__}")
        return WELL
    options = options_of(parsed)
    if parsed.only_check:
        print(f"{_load(parsed.config_file, os.environ).source}: the configuration is valid")
        return WELL
    from exporter.process import garbage
    from exporter.process.loop_switch import loop_factory
    from exporter.system import event_loop

    garbage.leave()
    loaded = _at_first(options, os.environ)
    _configure_logs(parsed)
    event_loop.run(_serving(loaded, options, os.environ), loop_factory(os.environ))
    return WELL


def check(arguments: Sequence[str]) -> int:
    """Validate the configuration and print the worst-case traffic for each rate class.

    Not counted is what passes by itself: the second request where a token was not accepted, and
    one for each id that was deleted since its list was read.
    """
    parser = parser_of("check", cleandoc(check.__doc__ or ""))
    add_config_flag(parser)
    add_output_flag(parser)
    parsed = parser.strictly(arguments)
    look_at_switches(os.environ)
    traces_of(os.environ)
    loaded = _load(parsed.config_file, os.environ)
    from exporter.commands.tables import check_report

    report, well = check_report(loaded.plan, loaded.source)
    report.print(parsed.output)
    return WELL if well else NOT_WELL


def surfaces(arguments: Sequence[str]) -> int:
    """List every surface: what would be probed, how often, in which rate class."""
    parser = parser_of("surfaces", surfaces.__doc__)
    add_config_flag(parser)
    add_output_flag(parser)
    parsed = parser.strictly(arguments)
    loaded = _load(parsed.config_file, os.environ)
    from exporter.commands.tables import surfaces_report

    surfaces_report(loaded.plan).print(parsed.output)
    return WELL


def probe(arguments: Sequence[str]) -> int:
    """Probe a surface once, now, and show where its time went and what its headers said."""
    parser = parser_of("probe", probe.__doc__)
    parser.add_argument("surface", metavar="SURFACE", help="an id that `surfaces` lists")
    add_probe_flags(parser)
    add_config_flag(parser)
    add_output_flag(parser)
    parsed = parser.strictly(arguments)
    look_at_switches(os.environ)
    loaded = _load(parsed.config_file, os.environ)
    from exporter.config.problems import ConfigError, describe
    from exporter.system import event_loop

    with sparing(os.environ):
        from exporter.commands.probe import probe_once
        from exporter.probing.on_demand import NotAskableError

    _note()
    wanted = tuple(parsed.ids)
    try:
        outcome = event_loop.run(probe_once(loaded.plan, parsed.target, parsed.surface, wanted))
    except NotAskableError as error:
        raise WrongCallError(f"{PROGRAM} probe: {error}") from error
    except ConfigError as error:
        raise WrongCallError(*describe(error, loaded.source)) from error
    outcome.print(parsed.output)
    return WELL if outcome.well else NOT_WELL


def demo(arguments: Sequence[str]) -> int:
    """Start a simulated API and the exporter on it, and show what is probed."""
    from exporter.system import event_loop

    with sparing(os.environ):
        from exporter.commands.demo import (
            CONFIG,
            SimulatorError,
            as_called,
            environment,
            show,
            simulator,
        )

    parser = parser_of("demo", demo.__doc__)
    add_run_flags(parser)
    parser.set_defaults(config_file=CONFIG, log_level="error")
    add_demo_flags(parser)
    parsed = parser.strictly(arguments)
    options = options_of(parsed)
    _configure_logs(parsed)

    async def simulated() -> None:
        async with simulator(parsed.simulator_address, parsed.scenario) as url:
            environ = environment(url)
            loaded = _at_first(options, environ)
            await _serving(loaded, options, environ, lambda app, address: show(app, address, url))

    try:
        event_loop.run(simulated())
    except SimulatorError as error:
        raise WrongCallError(as_called(f"{PROGRAM} demo: {error}", os.environ)) from error
    except WrongCallError as error:
        raise WrongCallError(as_called(str(error), os.environ)) from error
    return WELL


def simulate(arguments: Sequence[str]) -> int:
    """Run the simulated API alone."""
    from exporter.simulator import main as simulator

    return simulator(arguments)


COMMANDS: Final[Mapping[str, Command]] = {
    "run": run,
    "check": check,
    "surfaces": surfaces,
    "probe": probe,
    "demo": demo,
    "simulate": simulate,
}


def _command(name: str) -> Command:
    if name in COMMANDS:
        return COMMANDS[name]
    from exporter.config.quoting import near, quoted

    hint, known = near(name, COMMANDS), ", ".join(COMMANDS)
    raise WrongCallError(f"{PROGRAM}: unknown command {quoted(name)}; {hint}known: {known}")


def _load(file: Path | None, environ: Mapping[str, str]) -> "LoadedPlan":
    """The plan; what is wrong with the configuration is a wrong call."""
    from exporter.process.load import UnusableError, load_plan

    try:
        return load_plan(file, environ, at_start=True)
    except UnusableError as error:
        raise WrongCallError(*error.lines) from error


def _at_first(options: "Options", environ: Mapping[str, str]) -> "LoadedPlan | None":
    """What to begin with; where errors are tolerated it is read once the listener is up."""
    return None if options.tolerate_errors else _load(options.config_file, environ)


def _configure_logs(parsed: Arguments) -> None:
    from exporter.logs.format import configure

    configure(parsed.log_level, parsed.log_format, sys.stderr)
    _note()


def _note() -> None:
    """Log what was found in the environment, now that it is known how to log."""
    import logging

    for line in _noted:
        logging.getLogger(__name__).warning(line)


async def _serving(
    loaded: "LoadedPlan | None",
    options: "Options",
    environ: Mapping[str, str],
    meanwhile: "Meanwhile | None" = None,
) -> None:
    from exporter.config import ConfigError, describe
    from exporter.process.load import load_plan

    with sparing(os.environ):
        from exporter.process.serve import ListenError, serve

    def load() -> "LoadedPlan":
        return load_plan(options.config_file, environ)

    try:
        await serve(loaded, options, load, meanwhile)
    except ListenError as error:
        message = f"{PROGRAM}: {error}; give another --web.listen-address"
        raise WrongCallError(message) from error
    except ConfigError as error:
        assert loaded is not None  # noqa: S101  # nothing is no configuration to be wrong
        raise WrongCallError(*describe(error, loaded.source, loaded.places)) from error
