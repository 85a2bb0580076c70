"""nginx over TLS, as stock as it can be: what most APIs stand behind."""

import asyncio
import grp
import os
import pwd
import ssl
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.support import tools
from tests.support.certificates import Authority
from tests.support.hostile import LOOPBACK
from tests.support.servers import Process, Server, free_port

# What it answers, one after the other: a token, metrics, health, and an empty list for all else.
CONFIG: Final = """\
daemon off;
master_process off;
user {user} {group};
pid {folder}/pid;
error_log stderr error;
events {{ worker_connections 512; }}
http {{
  access_log {folder}/access;
  keepalive_timeout {keepalive};
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  default_type application/json;
  server {{
    listen {host}:{port} ssl;
    ssl_certificate {folder}/server.pem;
    ssl_certificate_key {folder}/server.pem;
    ssl_protocols {versions};
    location = /v1/auth/login {{
      return 200 '{{"access_token": "of-nginx", "expires_in": 3600}}';
    }}
    location = /v1/monitoring/metrics {{
      default_type text/plain;
      return 200 'up 1\\n';
    }}
    location = /v1/monitoring/health {{
      return 200 '{{"status": "healthy", "components": {{}}}}';
    }}
    location / {{ return 200 '{{"items": []}}'; }}
  }}
}}
"""
_VERSIONS: Final = {
    None: "TLSv1.2 TLSv1.3",
    ssl.TLSVersion.TLSv1_2: "TLSv1.2",
    ssl.TLSVersion.TLSv1_3: "TLSv1.3",
}


class Nginx(Server):
    """Answers over TLS; with ``keepalive`` 0 it closes each connection after its first answer."""

    def __init__(
        self, authority: Authority, *, keepalive: int, version: ssl.TLSVersion | None = None
    ) -> None:
        self._authority = authority
        self._keepalive = keepalive
        self._version = version
        self._port = free_port()
        self.url = f"https://{LOOPBACK}:{self._port}/v1"

    async def _start(self, stack: AsyncExitStack) -> None:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="test-nginx-")))
        certificate = self._authority.issue_cert(LOOPBACK)
        certificate.private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
        config = folder / "nginx.conf"
        config.write_text(
            CONFIG.format(
                folder=folder,
                user=pwd.getpwuid(os.getuid()).pw_name,  # heeded where that is root
                group=grp.getgrgid(os.getgid()).gr_name,
                host=LOOPBACK,
                port=self._port,
                keepalive=self._keepalive,
                versions=_VERSIONS[self._version],
            )
        )
        argv = [str(tools.nginx()), "-e", "stderr", "-p", str(folder), "-c", str(config)]
        self.process = await stack.enter_async_context(Process(argv, ready=self._listens))

    async def _listens(self, _: Process) -> bool:
        try:
            _reader, writer = await asyncio.open_connection(LOOPBACK, self._port)
        except OSError:
            return False
        writer.close()
        await writer.wait_closed()
        return True
