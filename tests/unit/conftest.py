"""What one test made the process know is nothing to the next."""

from collections.abc import Iterator
from unittest.mock import patch

import pytest

from exporter.model import redaction


@pytest.fixture(autouse=True)
def _no_secrets() -> Iterator[None]:
    """Logs hide what is known as a secret, which random tests choose to be any word."""
    with (
        patch("exporter.model.redaction._known", {}),
        patch("exporter.model.redaction._configured", redaction._SecretKind(16384, 2**24)),  # noqa: SLF001  # no setting
        patch("exporter.model.redaction._tokens", redaction._SecretKind(4096, 2**24)),  # noqa: SLF001  # no setting
    ):
        yield
