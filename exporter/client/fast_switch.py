"""Whether plain GETs go the fast way: the one setting that is for reports of bugs alone."""

from collections.abc import Mapping
from typing import Final

from exporter.config.problems import ConfigError, Problem
from exporter.config.quoting import quoted

SWITCH: Final = "ORAN_MANO_EXPORTER_FAST_CLIENT"
_MEANINGS: Final = {"": True, "1": True, "0": False}


def switched_on(environ: Mapping[str, str]) -> bool:
    """Tell whether they do, unless aiohttp is one for which that is not known.

    Raises:
        ConfigError: it is set to something else than 0 or 1.
    """
    said = environ.get(SWITCH, "")
    if said not in _MEANINGS:
        problem = f"{quoted(said)} is not allowed; allowed: 0 to turn it off, 1"
        raise ConfigError([Problem((SWITCH,), problem)])
    return _MEANINGS[said]
