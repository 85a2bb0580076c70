"""A process that writes for ever, for tests that end it in the midst of that."""

from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path

from exporter.model.observation import Key
from exporter.model.past import Past
from exporter.persistence.directory import StateDirectory
from exporter.persistence.document import StateDocument, encode


def document(number: int) -> StateDocument:
    """Another one for each number, of a size that one page of the disk does not hold."""
    keys = (Key("lab", "monitoring", f"surface.{index}") for index in range(200))
    return StateDocument(tuple(Past(key, "http://lab", since=float(number)) for key in keys))


def write_for_ever(path: Path, told: Connection) -> None:
    """Write one after another, and tell of each that is written."""
    directory = StateDirectory(path)
    for number in count(1):
        directory.write(encode(document(number)))
        told.send(number)
