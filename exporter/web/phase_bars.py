"""The phases of a call as a bar of HTML, all bars of a page to one scale."""

from html import escape
from typing import Final

from exporter.model.observation import Phases
from exporter.report.waterfall import reached

MEANINGS: Final = {
    "queue": "waited for a slot of the exporter's own; not in the time taken",
    "dns": "looked up the name",
    "connect": "connected (TCP)",
    "tls": "shook hands (TLS)",
    "send": "sent the request",
    "wait": "waited for the first byte of the answer: the API at work",
    "receive": "received the answer",
}
_THINNEST: Final = 0.4
"""Percent of the width that the shortest phase has: what was there is seen."""

_SHORTEST: Final = 0.00005
"""Seconds: what is shorter is 0.0 ms, and no news in words."""

STYLE: Final = """
:root { --queue: #94a3b8; --dns: #0f766e; --connect: #c2410c; --tls: #9333ea; --send: #a16207;
  --wait: #2563eb; --receive: #15803d; }
.bar { display: flex; height: .7rem; width: 100%; min-width: 12rem; background: #8882;
  border-radius: 2px; overflow: hidden; }
.bar i { display: block; }
.swatch { display: inline-block; width: .7rem; height: .7rem; border-radius: 2px; }
.queue { background: var(--queue); } .dns { background: var(--dns); }
.connect { background: var(--connect); } .tls { background: var(--tls); }
.send { background: var(--send); } .wait { background: var(--wait); }
.receive { background: var(--receive); }
@media (prefers-color-scheme: dark) {
  :root { --dns: #2dd4bf; --connect: #fb923c; --tls: #c084fc; --send: #facc15; --wait: #60a5fa;
    --receive: #4ade80; }
}
"""


def phase_bar(phases: Phases, longest: float) -> str:
    """Draw the phases one after another, as HTML; the whole width is ``longest`` seconds.

    The same is there in words, for who cannot see the bar.
    """
    seconds = reached(phases)
    parts = "".join(
        f'<i class="{name}" style="width:{_width(took, longest):.2f}%"></i>'
        for name, took in seconds.items()
    )
    words = " · ".join(
        f"{name} {milliseconds(took)}" for name, took in seconds.items() if took >= _SHORTEST
    )
    return f'<div class="bar" aria-hidden="true">{parts}</div><small>{words}</small>'


def legend() -> str:
    """Say which colour is which phase."""
    return " ".join(
        f'<span title="{escape(meaning)}"><i class="swatch {name}"></i> {name}</span>'
        for name, meaning in MEANINGS.items()
    )


def longest_of(every: list[Phases]) -> float:
    """The seconds that the whole width stands for: those of the page's longest call."""
    return max((sum(reached(phases).values()) for phases in every), default=0.0)


def milliseconds(seconds: float) -> str:
    """Seconds as people compare them: ``0.3 ms``, ``24 ms`` or ``1 250 ms``, in groups of three."""
    took = seconds * 1000
    return f"{took:.1f} ms" if took < 10 else f"{took:,.0f} ms".replace(",", "\N{NO-BREAK SPACE}")  # noqa: PLR2004


def _width(seconds: float, longest: float) -> float:
    return max(_THINNEST, 100 * seconds / longest) if longest else _THINNEST
