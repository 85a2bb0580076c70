"""One image for several kinds of machines, by the builder that is here.

What is built is a file on nothing: other machines' programs would need their emulation. The script
is the one that builds ours.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from exporter import __version__
from tests.image.ingredients import ingredients
from tests.support.tools import ROOT

DOCKERFILE: Final = """\
ARG BASE=scratch
FROM ${BASE}
COPY Dockerfile /
ARG REVISION
LABEL org.opencontainers.image.revision="${REVISION}"
"""
STORE: Final = """\
#!/bin/sh
exec {buildah} --root={folder}/store --runroot={folder}/run --storage-driver=vfs "$@"
"""


def test_one_name_is_of_both_kinds(tmp_path: Path) -> None:
    ingredients()  # says what is missing
    sources = tmp_path / "sources"
    sources.mkdir()
    (sources / "Dockerfile").write_text(DOCKERFILE)
    buildah = tmp_path / "bin" / "buildah"
    buildah.parent.mkdir()
    buildah.write_text(STORE.format(buildah=shutil.which("buildah"), folder=tmp_path))
    buildah.chmod(0o755)
    told = {
        "BUILDER": "buildah",
        "IMAGE": "exporter",
        "VERSION": __version__,
        "PLATFORM": "linux/amd64,linux/arm64",
        "BUILDAH_ISOLATION": "chroot",
        "PATH": f"{buildah.parent}:{os.environ['PATH']}",
    }

    script = ["sh", str(ROOT / "tools" / "image.sh")]
    done = subprocess.run(
        script, cwd=sources, check=False, capture_output=True, text=True, env=told
    )
    assert done.returncode == 0, done.stderr
    name = f"exporter:{__version__}"
    argv = [str(buildah), "manifest", "inspect", name]
    listed = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
    kinds = [one["platform"]["architecture"] for one in json.loads(listed)["manifests"]]

    assert sorted(kinds) == ["amd64", "arm64"]
