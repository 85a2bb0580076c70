"""From a file and the environment to a configuration that can be used."""

import hashlib
import pathlib
from collections.abc import Mapping

from msgspec import Struct

from exporter.config.decode import decode_tree, tree_of
from exporter.config.environment import fill, stand_alone
from exporter.config.files import NamedFile, file_problem
from exporter.config.problems import ENVIRONMENT, ConfigError, Places, Problem
from exporter.config.schema import Config
from exporter.config.yaml.tree import LARGEST
from exporter.system.regular_files import NotRegularError, content, handed_over, unreadable_because


class LoadedConfig(Struct, frozen=True):
    """A configuration, where its keys are, and where it is from: for ``describe``.

    ``files`` are those that it names, ``digest`` is that of its own file's content, if it has one.
    """

    config: Config
    places: Places
    files: tuple[NamedFile, ...]
    source: str
    digest: bytes | None = None


class Read(Struct, frozen=True):
    """What was read, whether it can be used or not.

    ``config`` is what is known of it: where there are ``problems`` a ``Partial`` may stand for each
    of its structs, and it is ``None`` where nothing could be understood.
    """

    config: Config | None
    problems: tuple[Problem, ...]
    places: Places
    files: tuple[NamedFile, ...]
    source: str
    digest: bytes | None = None

    def whole(self) -> LoadedConfig:
        """Take it as a configuration that can be used.

        Files that it names were there when it was read.

        Raises:
            ConfigError: it cannot be; with all the mistakes in it.
        """
        if self.config is None or self.problems:
            raise ConfigError(self.problems)
        return LoadedConfig(self.config, self.places, self.files, self.source, self.digest)


def load(file: pathlib.Path | None, environ: Mapping[str, str]) -> LoadedConfig:
    """Read a configuration that can be used, from a YAML file or the environment alone.

    Files that it names were there when it was read.

    Raises:
        ConfigError: with all the mistakes that were found; each knows its place.
    """
    return read(file, environ).whole()


def read(file: pathlib.Path | None, environ: Mapping[str, str], *, at_start: bool = False) -> Read:
    """Read a configuration as far as it goes, from a YAML file or the environment alone.

    ``at_start``: the file may be a pipe that was handed over, as the shell's ``<(...)`` is: there
    is nothing in it the next time. Its mistakes know their places.

    Raises:
        ConfigError: there is nothing that could be understood in part.
    """
    if file is None:
        filled, folder, digest = stand_alone(environ), pathlib.Path(), None
    else:
        data, folder = _content(file, at_start=at_start), file.absolute().parent
        filled, digest = fill(tree_of(data), environ), digest_of(data)
    decoded = decode_tree(filled.root, folder)
    unusable = [problem for named in decoded.files if (problem := file_problem(named)) is not None]
    problems = (*filled.problems, *decoded.problems, *map(decoded.places.placed, unusable))
    return Read(decoded.config, problems, decoded.places, decoded.files, source_of(file), digest)


def source_of(file: pathlib.Path | None) -> str:
    """Name where a configuration is from, also of one that cannot be loaded: see ``describe``."""
    return ENVIRONMENT if file is None else str(file)


def digest_of(data: bytes) -> bytes:
    """What tells one content of a configuration's file from another."""
    return hashlib.blake2b(data).digest()


def _content(file: pathlib.Path, *, at_start: bool) -> bytes:
    try:
        given = handed_over(file, LARGEST + 1) if at_start else None
        return content(file, LARGEST + 1) if given is None else given
    except NotRegularError as error:
        message = (
            f"{unreadable_because(error)}; allowed: one, or at the start what <(...) hands over"
        )
    except OSError as error:
        message = unreadable_because(error)
    except ValueError:
        message = "is not the path of a file"
    raise ConfigError([Problem((), message, 0)])
