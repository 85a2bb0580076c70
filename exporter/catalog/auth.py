"""Getting a token: asked only by the token's owner, so both are passive."""

from typing import Final

from exporter.catalog.surface import Surface

LOGIN: Final = Surface(
    id="auth.login",
    component="auth",
    method="POST",
    path="/auth/login",
    rate_class="standard",
    safety="read",
    auth="none",
    essential=True,
    grant="login",
)
REFRESH: Final = Surface(
    id="auth.refresh",
    component="auth",
    method="POST",
    path="/auth/refresh",
    rate_class="standard",
    safety="read",
    auth="none",
    essential=True,
    grant="refresh",
)

SURFACES: Final = (LOGIN, REFRESH)
