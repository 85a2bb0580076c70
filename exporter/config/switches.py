"""Switches in the environment: for what is faster and tried out, and for reports of bugs.

Variables and no flags, so that they can be turned without touching how a unit or pod calls it.
"""

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Final

from msgspec import Struct

from exporter.config.problems import ConfigError, Problem
from exporter.config.quoting import quoted

_MEANINGS: Final = {"0": False, "1": True}


class Switch(Struct, frozen=True):
    """A variable, on or off where it is not set; ``needs`` is a package of the extra ``speed``."""

    name: str
    default: bool = False
    needs: str = ""

    def is_on(self, environ: Mapping[str, str]) -> bool:
        """Tell whether it is.

        Raises:
            ConfigError: it is set to something else than 0 or 1, or what it needs is not there.
        """
        said = environ.get(self.name, "").strip()
        if said and said not in _MEANINGS:
            self._refuse(f"{quoted(said)} is not allowed; allowed: 0, 1")
        on = _MEANINGS.get(said, self.default)
        if on and self.needs and find_spec(self.needs) is None:
            wanted = "pip install 'oran-mano-exporter[speed]', or unset it"
            self._refuse(f"{self.needs} is not installed: {wanted}")
        return on

    def _refuse(self, why: str) -> None:
        raise ConfigError([Problem((self.name,), why)])


FAST_CLIENT: Final = Switch("ORAN_MANO_EXPORTER_FAST_CLIENT", default=True)
"""Whether plain GETs go the fast way, with an aiohttp for which that is known."""
UVLOOP: Final = Switch("ORAN_MANO_EXPORTER_UVLOOP", needs="uvloop")
"""Whether uvloop takes the place of Python's event loop."""
ISAL: Final = Switch("ORAN_MANO_EXPORTER_ISAL", needs="isal")
"""Whether isal takes the place of zlib for the page that is scraped."""

SWITCHES: Final = (FAST_CLIENT, UVLOOP, ISAL)
