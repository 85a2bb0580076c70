"""The target: Debian's nginx, which is not what is measured."""

import grp
import os
import pwd
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

import trustme

from tests.bench.arrivals import Arrival, read
from tests.support import tools
from tests.support.servers import LOOPBACK, Process, Server, answers, free_port

PATH: Final = "/monitoring/health"
SERVER_NAME: Final = "bench.example"
"""Of the certificate: one that named thousands of addresses would be what is measured."""

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
  log_format arrivals '$msec $server_addr $http_traceparent';
  access_log {log} arrivals;
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
    listen {tls_port} ssl backlog=4096;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_certificate {folder}/server.pem;
    ssl_certificate_key {folder}/server.pem;
    allow 127.0.0.0/8;
    deny all;
    location = /v1{path} {{
      default_type application/json;
      add_header X-RateLimit-Limit 5000;
      add_header X-RateLimit-Remaining 4999;
      add_header X-RateLimit-Reset $reset;
      return 200 '{health}';
    }}
    location = /ready {{ access_log off; return 200; }}
  }}
}}
"""
HEALTH: Final = (
    '{"status":"healthy","timestamp":"2026-02-03T12:00:00Z","version":"1.0.0",'
    '"components":{"database":"healthy","redis":"healthy","message_queue":"healthy"}}'
)


class Place(NamedTuple):
    """Where a side finds its targets: base URLs, and the file of the authority for TLS.

    ``begin`` is where in the log the first of its requests may be.
    """

    urls: list[str]
    authority: Path
    begin: int

    @property
    def addresses(self) -> frozenset[str]:
        """Those of the URLs, which nobody else asks."""
        return frozenset(url.split("/")[2].partition(":")[0] for url in self.urls)


class Nginx(Server):
    """Answers the same on every address of 127.0.0.0/8, and writes down when it was asked."""

    process: Process

    def __init__(self, files: int) -> None:
        self._port, self._tls_port = free_port(), free_port()
        self._files = files
        self._given = 0

    async def _start(self, stack: AsyncExitStack) -> None:
        self._folder = Path(stack.enter_context(TemporaryDirectory(prefix="bench-nginx-")))
        authority = trustme.CA()
        authority.cert_pem.write_to_path(self._folder / "ca.pem")
        certificate = authority.issue_cert(SERVER_NAME)
        certificate.private_key_and_cert_chain_pem.write_to_path(self._folder / "server.pem")
        self._log = self._folder / "arrivals"
        config = self._folder / "nginx.conf"
        config.write_text(
            CONFIG.format(
                folder=self._folder,
                log=self._log,
                user=pwd.getpwuid(os.getuid()).pw_name,  # heeded where that is root
                group=grp.getgrgid(os.getgid()).gr_name,
                files=self._files,
                port=self._port,
                tls_port=self._tls_port,
                path=PATH,
                health=HEALTH,
            )
        )
        argv = [str(tools.nginx()), "-e", "stderr", "-p", str(self._folder), "-c", str(config)]
        server = Process(argv, ready=answers(f"http://{LOOPBACK}:{self._port}/ready"))
        self.process = await stack.enter_async_context(server)

    def place(self, count: int, *, tls: bool = False) -> Place:
        """As many base URLs, each with an address of its own, given to nobody before.

        Connections to a single one would measure the kernel's search for free ports.
        """
        numbers = range(self._given, self._given + count)
        self._given += count
        scheme, port = ("https", self._tls_port) if tls else ("http", self._port)
        urls = [f"{scheme}://127.10.{nth // 250}.{nth % 250 + 1}:{port}/v1" for nth in numbers]
        return Place(urls, self._folder / "ca.pem", self._log.stat().st_size)

    def arrivals(self, place: Place) -> list[Arrival]:
        """Everything that was asked there so far."""
        with self._log.open() as lines:
            lines.seek(place.begin)
            return [*read(lines, place.addresses)]
