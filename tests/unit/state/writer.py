"""A process that writes for ever, for tests that end it in the midst of that."""

from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path

from exporter.observation import Key
from exporter.past import Past
from exporter.state.directory import Directory
from exporter.state.document import Document, encode


def document(number: int) -> Document:
    """Another one for each number, of a size that one page of the disk does not hold."""
    keys = (Key("lab", "monitoring", f"surface.{index}") for index in range(200))
    return Document(tuple(Past(key, "http://lab", since=float(number)) for key in keys))


def write_for_ever(path: Path, told: Connection) -> None:
    """Write one after another, and tell of each that is written."""
    directory = Directory(path)
    for number in count(1):
        directory.write(encode(document(number)))
        told.send(number)
