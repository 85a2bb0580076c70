"""How a token is asked for, without a socket (guide, "JWT Token Management")."""

import base64
import re
from collections.abc import Sequence
from typing import Final, Literal
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Struct

from exporter.model.exchange import Request

_ONE_WORD: Final = re.compile("[!-~]+")
"""More than RFC 6750 has (``b64token``): some frameworks issue ``7|abc``, which works."""
LONGEST_TOKEN: Final = 64 * 1024
"""Bytes of a token: no server takes a header of as many, and each token is remembered."""
_JSON: Final = {"Content-Type": "application/json"}
_FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}


class BadGrantError(ValueError):
    """An answer that gives no usable token. Its text is ours, never the server's."""


def login_request(path: str, username: str, password: str, timeout: float) -> Request:
    """Ask for a token with an account: the password goes into the body and nowhere else.

    ``path`` is below the base URL, ``timeout`` is of the whole exchange, in seconds.
    """
    body = msgspec.json.encode({"username": username, "password": password})
    return Request("POST", path, _JSON, timeout, body, essential=True)


def refresh_request(path: str, refresh_token: str, timeout: float) -> Request:
    """Ask for a token with what the last grant gave for that; for the rest see `login_request`."""
    body = msgspec.json.encode({"refresh_token": refresh_token})
    return Request("POST", path, _JSON, timeout, body, essential=True)


class ClientCredentials(Struct, frozen=True):
    """Who asks an authorization server (RFC 6749, section 2.3.1).

    ``shown`` is how: ``basic`` with its id and secret form-encoded, as the RFC wants; ``basic_raw``
    with both as they are, as servers want that do not decode them; ``body``, in the form itself.
    """

    id: str
    secret: str
    shown: Literal["basic", "basic_raw", "body"] = "basic"

    def __repr__(self) -> str:
        """Never the secret."""
        return f"Client(id={self.id!r}, shown={self.shown!r})"


def client_credentials_request(
    url: str, client: ClientCredentials, scopes: Sequence[str], timeout: float
) -> Request:
    """Ask an authorization server for a token (RFC 6749, section 4.4).

    ``url`` is its token endpoint, ``timeout`` of the whole exchange, in seconds. Where there are no
    scopes none are sent.
    """
    form = {"grant_type": "client_credentials"}
    if scopes:
        form["scope"] = " ".join(scopes)
    headers = {**_FORM}
    match client.shown:
        case "body":
            form |= {"client_id": client.id, "client_secret": client.secret}
        case "basic":
            encoded = (quote(part, safe="") for part in (client.id, client.secret))
            headers["Authorization"] = basic_authorization(*encoded)
        case "basic_raw":
            headers["Authorization"] = basic_authorization(client.id, client.secret)
    return Request("POST", url, headers, timeout, urlencode(form).encode(), essential=True)


def basic_authorization(username: str, password: str) -> str:
    """The value of ``Authorization`` for an account (RFC 7617, section 2)."""
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


def bearer_authorization(token: str) -> str:
    """The value of ``Authorization`` for a token (RFC 6750, section 2.1).

    Raises:
        BadGrantError: it is not one word, which alone may stand there, or a very long one.
    """
    if len(token) > LONGEST_TOKEN:
        limit = f"{LONGEST_TOKEN // 1024} KiB"
        raise BadGrantError(f"the token is longer than {limit}; no header may be")
    if _ONE_WORD.fullmatch(token) is None:
        allowed = "one word of visible ASCII characters"
        raise BadGrantError(f"the token cannot be sent; allowed: {allowed}")
    return f"Bearer {token}"
