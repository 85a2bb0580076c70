"""What a client is made of: its only input, and what tells whether another one is needed."""

from collections.abc import Mapping

from msgspec import Struct

from exporter.config.schema import Auth, Connection, Target, Timeouts, Tls
from exporter.config.values import Secret


class ConnectionSettings(Struct, frozen=True):
    """All settings of a target that what leads to it depends on; none of them has a default."""

    url: str
    auth: Auth
    tls: Tls
    timeouts: Timeouts
    connection: Connection
    headers: Mapping[str, Secret | str]
    proxy_url: Secret
    follow_redirects: bool


def connection_settings(target: Target) -> ConnectionSettings:
    """Take them out of a target's configuration; all else may change without another client."""
    return ConnectionSettings(
        url=target.url,
        auth=target.auth,
        tls=target.tls,
        timeouts=target.timeouts,
        connection=target.connection,
        headers=target.headers,
        proxy_url=target.proxy_url,
        follow_redirects=target.follow_redirects,
    )
