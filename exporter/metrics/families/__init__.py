"""The table of metric families: what is exposed, and nothing else.

A counter or histogram is one row here and one place in ``metrics.sink`` that counts; a gauge is one
row here and one entry in ``metrics.gauges``.
"""

from typing import Final

from exporter.metrics.families import api, own, probes, tokens

GROUPS: Final = (*probes.GROUPS, *api.GROUPS, *tokens.GROUPS, *own.GROUPS)

TABLE: Final = tuple(family for group in GROUPS for family in group.families)
"""Every family there is, prometheus-client's own included."""

BY_NAME: Final = {family.name: family for family in TABLE}
