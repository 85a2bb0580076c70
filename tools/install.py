"""Install locked packages beside the Python that runs this, and say which, a line each.

``make`` calls it before anything else is there: the standard library is all it has.
"""

import re
import subprocess
import sys
from collections import deque
from typing import Final

_PIP: Final = (
    *(sys.executable, "-I", "-m", "pip", "install", "--require-hashes"),
    *("--disable-pip-version-check", "--progress-bar=off", "--no-color"),
)
_STEPS: Final = (
    (re.compile(r"Collecting ([\w.-]+)==(\S+)"), r"  \1 \2"),
    (re.compile(r"Processing .*?([^/\\]+?)-(\d[^-]*)-[^/]*\.whl"), r"  \1 \2"),  # of a folder
    (re.compile(r"Installing collected packages: .*"), "  unpacking"),
)
_LAST: Final = 12
"""Lines of pip's that are shown where it fails."""


def main(files: list[str]) -> int:
    """Install what requirement files name.

    Args:
        files: their paths.

    Returns:
        The exit code: pip's, where it fails.
    """
    for file in files:
        _say(f"Installing {file}")
        if code := _install(file):
            return code
    return 0


def _install(file: str) -> int:
    last: deque[str] = deque(maxlen=_LAST)
    with subprocess.Popen(  # noqa: S603  # pip, and a file that make names
        [*_PIP, "-r", file], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as pip:
        for line in pip.stdout or ():
            last.append(line)
            for pattern, told in _STEPS:
                if found := pattern.match(line):
                    _say(found.expand(told))
    if pip.returncode:
        sys.stderr.write("".join(last))
    return pip.returncode


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
