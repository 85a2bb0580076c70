"""The target: Debian's nginx, which is not what is measured."""

import grp
import os
import pwd
import re
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.support import tools
from tests.support.servers import LOOPBACK, Process, Server, answers, free_port, get

PATH: Final = "/monitoring/health"

# One process, so that its CPU is one number. The rate-limit headers are those of the API's guide;
# the reset that they tell is at most 100 s away.
CONFIG: Final = """\
daemon off;
master_process off;
user {user} {group};
pid {folder}/pid;
error_log stderr error;
worker_rlimit_nofile {files};
events {{ worker_connections {files}; }}
http {{
  access_log off;
  keepalive_timeout 1h;
  keepalive_requests 1000000000;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  map $msec $reset {{ "~^(?<head>\\d+)\\d\\d\\." "${{head}}99"; }}
  server {{
    listen {port} backlog=4096;
    allow 127.0.0.0/8;
    deny all;
    location = /v1{path} {{
      default_type application/json;
      add_header X-RateLimit-Limit 5000;
      add_header X-RateLimit-Remaining 4999;
      add_header X-RateLimit-Reset $reset;
      return 200 '{health}';
    }}
    location = /status {{ stub_status; }}
  }}
}}
"""
HEALTH: Final = (
    '{"status":"healthy","timestamp":"2026-02-03T12:00:00Z","version":"1.0.0",'
    '"components":{"database":"healthy","redis":"healthy","message_queue":"healthy"}}'
)


class Nginx(Server):
    """Answers the same on every address of 127.0.0.0/8, and counts its answers."""

    process: Process

    def __init__(self, files: int) -> None:
        self._port = free_port()
        self._files = files

    async def _start(self, stack: AsyncExitStack) -> None:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="bench-nginx-")))
        config = folder / "nginx.conf"
        config.write_text(
            CONFIG.format(
                folder=folder,
                user=pwd.getpwuid(os.getuid()).pw_name,  # heeded where that is root
                group=grp.getgrgid(os.getgid()).gr_name,
                files=self._files,
                port=self._port,
                path=PATH,
                health=HEALTH,
            )
        )
        argv = [str(tools.nginx()), "-e", "stderr", "-p", str(folder), "-c", str(config)]
        server = Process(argv, ready=answers(self._status))
        self.process = await stack.enter_async_context(server)

    def urls(self, count: int) -> list[str]:
        """As many base URLs, each with an address of its own.

        Connections to a single one would measure the kernel's search for free ports.
        """
        numbers = ((index // 250, index % 250 + 1) for index in range(count))
        return [f"http://127.10.{high}.{low}:{self._port}/v1" for high, low in numbers]

    async def answered(self) -> int:
        """How many requests it has answered, this one among them."""
        _, body = await get(self._status)
        found = re.search(rb"^ \d+ \d+ (\d+)", body, re.MULTILINE)
        assert found, body
        return int(found[1])

    @property
    def _status(self) -> str:
        return f"http://{LOOPBACK}:{self._port}/status"
