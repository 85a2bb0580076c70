"""How long a server takes from the start of its process to its first page of metrics."""

import http.client
import subprocess
import time
from collections.abc import Sequence
from tempfile import TemporaryFile
from typing import Final

from tests.support.servers import ExitedError

_LIMIT: Final = 60.0
_PAUSE: Final = 0.002


def first_metrics(argv: Sequence[str], address: str) -> float:
    """Start it, wait for all of its first page, and end it.

    Raises ExitedError, with what it said last, when it ends by itself or is silent for a minute.
    """
    with TemporaryFile() as output:
        began = time.perf_counter()
        child = subprocess.Popen(argv, stdout=output, stderr=output)
        try:
            while not _answers(address):
                if child.poll() is not None or time.perf_counter() - began > _LIMIT:
                    output.seek(0)
                    message = f"{argv[0]} has no metrics:\n{output.read().decode()[-2000:]}"
                    raise ExitedError(message)
                time.sleep(_PAUSE)
            return time.perf_counter() - began
        finally:
            child.kill()
            child.wait()


def _answers(address: str) -> bool:
    connection = http.client.HTTPConnection(address, timeout=_LIMIT)
    try:
        connection.request("GET", "/metrics")
        answer = connection.getresponse()
        return bool(answer.read()) and answer.status == http.client.OK
    except ConnectionError:
        return False
    finally:
        connection.close()
