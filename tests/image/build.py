"""The image, built from what is in the cache, and what can be read of it."""

import json
import os
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from tests.image.ingredients import CannotBuild, ingredients
from tests.support.tools import ROOT

SECRET_INDEX: Final = "an-index-that-nobody-may-learn-of.invalid"
"""The host of the index that the build is told in its secret."""

REVISION: Final = "0123456789abcdef0123456789abcdef01234567"

TOLD: Final = {
    "SOURCE": "https://git.example.net/oran-mano-exporter",
    "DOCUMENTATION": "https://docs.example.net/oran-mano-exporter",
    "CREATED": "2026-01-02T03:04:05Z",
    "BASE_DIGEST": f"sha256:{'0123456789abcdef' * 4}",
}
"""What it is told to say of itself, by the argument of the build."""

# Where the wheels are mounted exists in every base: a folder made for them would be in the image.
PIP_CONF: Final = f"""\
[global]
no-index = true
find-links = /mnt
index-url = https://{SECRET_INDEX}/simple
"""


@dataclass(frozen=True)
class Image:
    """What was built: its root file system as a folder, and as a registry would get it."""

    root: Path
    pushed: Path

    @property
    def config(self) -> Any:  # noqa: ANN401  # JSON
        """What it says of itself: user, command, environment, labels, history."""
        return json.loads(self._blob(self._manifest["config"]["digest"]).read_text())

    @property
    def layers(self) -> list[Path]:
        """Its layers, each a compressed archive."""
        return [self._blob(layer["digest"]) for layer in self._manifest["layers"]]

    @property
    def documents(self) -> list[Path]:
        """All that is pushed besides the layers."""
        return sorted({path for path in self.pushed.rglob("*") if path.is_file()} - {*self.layers})

    def members(self) -> Iterator[tuple[tarfile.TarInfo, bytes]]:
        """Everything in every layer, with its content."""
        for layer in self.layers:
            with tarfile.open(layer) as archive:
                for member in archive:
                    opened = archive.extractfile(member) if member.isfile() else None
                    yield member, opened.read() if opened else b""

    def find(self, *patterns: str) -> list[Path]:
        """Paths in its root that match one of these globs."""
        found = {path for pattern in patterns for path in self.root.glob(pattern)}
        return sorted(path.relative_to(self.root) for path in found)

    @property
    def _manifest(self) -> Any:  # noqa: ANN401  # JSON
        (manifest,) = json.loads((self.pushed / "index.json").read_text())["manifests"]
        return json.loads(self._blob(manifest["digest"]).read_text())

    def _blob(self, digest: str) -> Path:
        return self.pushed / "blobs" / digest.replace(":", "/")


@contextmanager
def built() -> Iterator[Image]:
    """Build the image, and remove all of it afterwards."""
    base, wheels = ingredients()
    # Not in memory, which /tmp may be: this is most of a gigabyte.
    with TemporaryDirectory(prefix="test-image-", dir=base.parent) as name:
        folder = Path(name)
        (folder / "pip.conf").write_text(PIP_CONF)
        _import(folder, base)
        flags = ["--layers=false", "--build-arg=BASE=localhost/base"]
        flags += [f"--build-arg=REVISION={REVISION}"]
        flags += [f"--build-arg={key}={value}" for key, value in TOLD.items()]
        flags += [f"--secret=id=pip,src={folder / 'pip.conf'}", f"--volume={wheels}:/mnt:ro"]
        _buildah(folder, "build", *flags, "--tag=exporter", str(ROOT))
        _buildah(folder, "push", "--quiet", "exporter", f"oci:{folder / 'pushed'}:latest")
        container = _buildah(folder, "from", "exporter")
        yield Image(Path(_buildah(folder, "mount", container)), folder / "pushed")


def _import(folder: Path, base: Path) -> None:
    container = _buildah(folder, "from", "scratch")
    _buildah(folder, "add", "--quiet", container, str(base), "/")
    _buildah(folder, "commit", "--quiet", "--rm", "--disable-compression", container, "base")


def _buildah(folder: Path, *argv: str) -> str:
    """Without kernel file systems or a container runtime, so that it works in a container too."""
    store = [f"--root={folder / 'store'}", f"--runroot={folder / 'run'}", "--storage-driver=vfs"]
    env = {**os.environ, "BUILDAH_ISOLATION": "chroot", "TMPDIR": str(folder)}
    done = subprocess.run(
        ["buildah", *store, *argv], check=False, capture_output=True, text=True, env=env
    )
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).splitlines()[-20:])
        raise CannotBuild(f"buildah {argv[0]} ended with {done.returncode}:\n{said}")
    return done.stdout.strip()
