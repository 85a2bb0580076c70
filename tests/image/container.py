"""A container of the image, made of the kernel's own parts: as a cluster runs it.

A process namespace in which the exporter is the first, the root read-only, its user and no rights.
The network stays the machine's, so that tests on loopback reach it.
"""

import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

from tests.image.build import Image
from tests.support.product import Scrape
from tests.support.servers import LOOPBACK, Process, Server, answers, eventually, free_port, get

# chroot gives up the rights of root with its user; no_new_privs bars the way back.
SCRIPT: Final = """
set -eu
root=$1 mode=$2 user=$3 volumes=$4; shift 4
mount --bind "$root" "$root"
mount -o "remount,bind,$mode" "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
for volume in $volumes; do mount --bind "${volume%%:*}" "$root${volume#*:}"; done
exec setpriv --no-new-privs chroot --userspec="$user" --groups= "$root" "$@"
"""
UNSHARE: Final = ("unshare", "--mount", "--propagation=private", "--pid", "--fork", "--kill-child")


def command(
    image: Image,
    argv: Sequence[str],
    *,
    volumes: Mapping[Path, str] | None = None,
    read_only: bool = True,
    user: str | None = None,
) -> list[str]:
    """A command line that runs another in a container."""
    mounts = " ".join(f"{source}:{to}" for source, to in (volumes or {}).items())
    mode = "ro" if read_only else "rw"
    user = user or image.config["config"]["User"]
    head = [*UNSHARE, "sh", "-c", SCRIPT, "sh", str(image.root)]
    return [*head, mode, user, mounts, *argv]


def environment(image: Image) -> dict[str, str]:
    """What the image sets, and nothing of the machine's."""
    return dict(entry.split("=", 1) for entry in image.config["config"]["Env"])


class Container(Server):
    """The exporter with these arguments, on a free port; ready when it says so."""

    def __init__(
        self,
        image: Image,
        *argv: str,
        volumes: Mapping[Path, str] | None = None,
        read_only: bool = True,
        user: str | None = None,
    ) -> None:
        address = f"{LOOPBACK}:{free_port()}"
        self.url = f"http://{address}"
        entry = [*image.config["config"]["Entrypoint"], *argv, "--web.listen-address", address]
        self._argv = command(image, entry, volumes=volumes, read_only=read_only, user=user)
        self._env = environment(image)

    async def _start(self, stack: AsyncExitStack) -> None:
        ready = answers(f"{self.url}/-/ready")
        # unshare itself listens to no signal: what is still there at the end is killed.
        process = Process(self._argv, ready=ready, env=self._env, grace=0)
        self.process = await stack.enter_async_context(process)

    @property
    def pid(self) -> int:
        """The exporter's, as it is called outside."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return int(children.read_text())

    def status(self) -> dict[str, str]:
        """What the kernel tells of the exporter."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}

    async def end(self, within: float = 5) -> int:
        """Its exit code, after a SIGTERM."""
        os.kill(self.pid, signal.SIGTERM)
        return await self.process.wait(within)

    async def until_all_are_well(self, surfaces: int) -> Scrape:
        """A scrape in which so many surfaces were probed and all are well."""
        seen: dict[str, float] = {}

        async def look() -> Scrape | None:
            nonlocal seen
            self.process.check()
            status, body = await get(f"{self.url}/metrics")
            assert status == 200
            scrape = Scrape(body.decode())
            seen = scrape.by("surface", "oran_mano_probe_success")
            return scrape if len(seen) == surfaces and set(seen.values()) == {1} else None

        try:
            return await eventually(look, within=20)
        except TimeoutError:
            raise TimeoutError(f"not {surfaces} surfaces are well, but: {seen}") from None
