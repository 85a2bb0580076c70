"""What is installed for the demo is said, a line each, and why it could not be."""

import base64
import hashlib
import subprocess
import sys
import venv
import zipfile
from pathlib import Path
from typing import Final

import pytest

SCRIPT: Final = Path(__file__).parents[3] / "tools" / "install.py"


def wheel(folder: Path, name: str, version: str) -> str:
    """Make a package of one empty module; its line in a file of requirements."""
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": "",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},{_digest(text)},{len(text)}\n" for path, text in files.items())
    made = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(made, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
        archive.writestr(f"{info}/RECORD", f"{record}{info}/RECORD,,\n")
    return f"{name}=={version} --hash=sha256:{hashlib.sha256(made.read_bytes()).hexdigest()}"


def _digest(text: str) -> str:
    raw = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest())
    return f"sha256={raw.decode().rstrip('=')}"


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python of its own, which has pip and nothing else."""
    home = tmp_path_factory.mktemp("venv")
    venv.create(home, with_pip=True)
    return home / "bin" / "python"


def installed(python: Path, folder: Path, *lines: str) -> subprocess.CompletedProcess[str]:
    """Install these lines, from that folder alone."""
    (folder / "all.txt").write_text("\n".join(lines))
    return subprocess.run(
        [str(python), str(SCRIPT), "all.txt"],
        cwd=folder,
        env={"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder), "PIP_CONFIG_FILE": "/dev/null"},
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_a_line_for_each_package_and_nothing_for_what_is_there(
    python: Path, tmp_path: Path
) -> None:
    lines = [wheel(tmp_path, "alpha", "1.0"), wheel(tmp_path, "beta", "2.5.1")]
    done = installed(python, tmp_path, *lines)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        *("Installing all.txt", "  alpha 1.0", "  beta 2.5.1", "  unpacking")
    ]
    subprocess.run([str(python), "-c", "import alpha, beta"], check=True)
    again = installed(python, tmp_path, *lines)
    assert (again.returncode, again.stdout) == (0, "Installing all.txt\n")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("gamma==1.0 --hash=sha256:" + "0" * 64, "No matching distribution found for gamma"),
        ("delta==1.0", "Hashes are required in --require-hashes mode"),
    ],
)
def test_what_fails_is_said_in_pip_s_own_words(
    python: Path, tmp_path: Path, line: str, told: str
) -> None:
    wheel(tmp_path, "delta", "1.0")
    done = installed(python, tmp_path, line)
    assert done.returncode == 1
    assert told in done.stderr


def test_it_runs_with_what_python_brings() -> None:
    code = (
        f"import sys, runpy; sys.argv = ['x']; runpy.run_path({str(SCRIPT)!r}); print(*sys.modules)"
    )
    argv = [sys.executable, "-I", "-S", "-c", code]
    done = subprocess.run(argv, check=True, capture_output=True, text=True)
    foreign = {name.partition(".")[0] for name in done.stdout.split()} - sys.stdlib_module_names
    assert foreign <= {"__main__", "__mp_main__", "sitecustomize", "usercustomize"}
