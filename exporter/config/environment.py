"""The guide's environment variables, as if their values stood in the file."""

import pathlib
from collections.abc import Iterator, Mapping
from typing import Final

from msgspec import Struct

from exporter.config.auth_schemes import PASSWORDS, SCHEMES
from exporter.config.problems import ConfigError, Problem
from exporter.config.values import bare
from exporter.config.yaml.tree import Items, Scalar, Table, TableEntry

VARIABLES: Final[Mapping[str, str]] = {
    "name": "ORAN_MANO_TARGET",
    "url": "ORAN_MANO_API_URL",
    "username": "ORAN_MANO_USERNAME",
    "password": "ORAN_MANO_PASSWORD",
    "password_file": "ORAN_MANO_PASSWORD_FILE",
}
"""From the key that a variable stands for to its name. An empty variable is an unset one."""

_OWN: Final = ("name", "url")
_MEANT: Final = "login"
_ACCOUNTS: Final = {kind for kind, scheme in SCHEMES.items() if scheme.is_account}


class Filled(Struct, frozen=True):
    """A tree with what the environment adds, and what is wrong with the environment."""

    root: Table
    problems: tuple[Problem, ...]


def stand_alone(environ: Mapping[str, str]) -> Filled:
    """Make a configuration of the environment alone.

    It has one target, called ``default`` unless a variable names it.

    Raises:
        ConfigError: no variable names a target.
    """
    given = _given(environ)
    name = given.get("name", TableEntry(0, Scalar(0, "text", "default")))
    targets = Items(0, (Table(0, {"name": name}),))
    filled = fill(Table(0, {"targets": TableEntry(0, targets)}), environ)
    if "url" not in given:
        missing = _problem("url", "not set; set it, or give a file with --config.file")
        raise ConfigError((missing, *filled.problems))
    return filled


def fill(root: Table, environ: Mapping[str, str]) -> Filled:
    """Add what the only target leaves out to a file's tree.

    Where the variables do not fit it, it is untouched.
    """
    given = _given(environ)
    targets = root.entries.get("targets")
    if targets is None or not isinstance(targets.value, Items):
        return Filled(root, ())
    match targets.value.items:
        case (Table() as only,):
            target, problems = _filled(only, given)
            items = Items(targets.value.place, (target,))
            return Filled(_with(root, {"targets": TableEntry(targets.place, items)}), problems)
        case (_, _, *_):
            message = "not with several targets; unset it, and say in the file whose it is"
            return Filled(root, tuple(_problem(key, message) for key in given))
        case _:
            return Filled(root, ())


def _given(environ: Mapping[str, str]) -> dict[str, TableEntry]:
    given: dict[str, TableEntry] = {}
    for key, variable in VARIABLES.items():
        text = bare(environ.get(variable, ""))  # one that Kubernetes makes of a file has its end
        if text:
            if key == "password_file":
                text = str(pathlib.Path(text).absolute())  # it does not begin at the file's folder
            given[key] = TableEntry(variable, Scalar(variable, "text", text))
    return given


def _filled(target: Table, given: Mapping[str, TableEntry]) -> tuple[Table, tuple[Problem, ...]]:
    added = {key: given[key] for key in _OWN if key in given and key not in target.entries}
    problems: tuple[Problem, ...] = ()
    auth = _open_auth(target)
    if auth is not None:
        credentials = {key: given[key] for key in _left_out(auth) if key in given}
        problems = tuple(_misfits(auth, credentials))
        if problems:
            credentials.pop("password_file", None)  # else one mistake leads to a second line
        if credentials and (auth.entries or not problems):
            place = target.entries.get("auth", target).place
            login = {"type": TableEntry(place, Scalar(place, "text", _MEANT))}
            entries = {**login, **auth.entries, **credentials}
            added["auth"] = TableEntry(place, Table(place, entries, auth.mistakes))
    return _with(target, added), problems


def _open_auth(target: Table) -> Table | None:
    """The target's ``auth``, if it leaves room for credentials from elsewhere."""
    if "auth" not in target.entries:
        return Table(target.place, {})
    auth = target.entries["auth"].value
    if not isinstance(auth, Table):
        return None
    kind = auth.entries.get("type")
    if kind is None:
        return auth if auth.entries.keys() <= {*SCHEMES[_MEANT].keys} else None
    is_account = isinstance(kind.value, Scalar) and kind.value.text in _ACCOUNTS
    return auth if is_account else None


def _left_out(auth: Table) -> Iterator[str]:
    if "username" not in auth.entries:
        yield "username"
    if not any(key in auth.entries for key in PASSWORDS):
        yield from PASSWORDS


def _misfits(auth: Table, credentials: Mapping[str, TableEntry]) -> Iterator[Problem]:
    """Variables that say too much together, or too little for a file that says nothing."""
    user, first, second = (VARIABLES[key] for key in ("username", *PASSWORDS))
    passwords = [key for key in PASSWORDS if key in credentials]
    if len(passwords) > 1:
        yield _problem("password_file", f"not together with {first}; unset one of them")
    if not auth.entries and passwords and "username" not in credentials:
        yield _problem(passwords[0], f"needs {user} besides")
    if not auth.entries and not passwords and "username" in credentials:
        yield _problem("username", f"needs {first} or {second} besides")


def _problem(key: str, message: str) -> Problem:
    return Problem((VARIABLES[key],), message, VARIABLES[key])


def _with(table: Table, added: Mapping[str, TableEntry]) -> Table:
    return Table(table.place, {**table.entries, **added}, table.mistakes)
