"""The page at ``/``: the health of each target, and its surfaces. Static; it loads nothing."""

from datetime import UTC, datetime
from html import escape
from typing import Final

from exporter import __version__
from exporter.report.status_text import (
    HEADINGS,
    CheckLine,
    HealthLine,
    StatusLine,
    healths,
    lines,
    quotas,
    summary,
)
from exporter.status.snapshot import Snapshot
from exporter.web.frame import framed
from exporter.web.reasons_page import linked

_STYLE: Final = """\
:root { --good: #14733a; --bad: #b91c1c; --unsure: #7a5600; --line: #8884; --tint: #dc262614; }
body { max-width: 76rem; }
h1 { font-size: 1.4rem; margin: 0; }
h2 { font-size: 1.15rem; margin: 2rem 0 0; }
nav a { margin-right: .9rem; }
p { margin: .4rem 0; }
.card { border: 1px solid var(--line); border-left: .35rem solid; border-radius: .3rem;
  margin: .8rem 0; padding: .5rem .9rem; }
.card > p, .card > ul { color: canvastext; }
.card ul { display: grid; gap: .45rem 1.2rem; list-style: none; margin: .5rem 0 0; padding: 0;
  grid-template-columns: repeat(auto-fit, minmax(19rem, 1fr)); }
.card li { overflow-wrap: anywhere; }
.state { font-weight: 600; }
.note { overflow-wrap: anywhere; }
.faint, .is-healthy .message { opacity: .75; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .3rem .7rem .3rem .3rem; border-bottom: 1px solid var(--line);
  white-space: nowrap; }
td:last-child { min-width: 16rem; white-space: normal; }
tr.failing { background: var(--tint); }
.healthy, td.well { color: var(--good); }
.unhealthy, td.failing { color: var(--bad); }
td.failing { font-weight: 600; }
.unknown, td.throttled, td.skipped, td.waiting { color: var(--unsure); }
@media (max-width: 46rem) {
  :is(th, td):nth-child(n+4):nth-child(-n+6) { display: none; }
  td:first-child { white-space: normal; }
  td:last-child { min-width: 8rem; overflow-wrap: anywhere; }
}
@media (prefers-color-scheme: dark) {
  :root { --good: #4ade80; --bad: #f87171; --unsure: #fbbf24; --tint: #f8717122; }
}
"""

_BODY: Final = """\
<header>
<h1>oran-mano-exporter</h1>
<p>{summary}</p>
<nav><a href="logs">Last runs</a> <a href="{metrics}">Metrics</a>
<a href="api/v1/status">Status as JSON</a> <a href="config">Configuration</a>
<a href="reasons">Reasons</a>
<a href="-/healthy">healthy?</a> <a href="-/ready">ready?</a></nav>
</header>
<main>
{cards}
{targets}
</main>
<footer><p class="faint">Version {version}, {time}. Loading this page sends nothing to the
API.</p></footer>
"""


def status_page(snapshot: Snapshot, telemetry_path: str) -> str:
    """Write the page, as HTML."""
    time = datetime.fromtimestamp(snapshot.at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    cards = healths(snapshot)
    body = _BODY.format(
        summary=escape(summary(snapshot)),
        metrics=escape(telemetry_path.removeprefix("/")),
        cards="\n".join(_card(card) for card in cards),
        targets="\n".join(
            _target(snapshot, target.name, target.url) for target in snapshot.targets
        ),
        version=escape(__version__),
        time=time,
    )
    return framed(escape(_title(cards)), _STYLE, body)


def _title(cards: list[HealthLine]) -> str:
    """A tab among others tells whether to look."""
    sick = sum(card.status == "unhealthy" for card in cards)
    return f"({sick} unhealthy) oran-mano-exporter" if sick else "oran-mano-exporter"


def _card(card: HealthLine) -> str:
    name = escape(card.target)
    checks = "\n".join(_check(check) for check in card.checks)
    listed = f"\n<ul>\n{checks}\n</ul>" if checks else ""
    notes = "".join(f'\n<p class="note">{escape(note)}</p>' for note in card.notes)
    return (
        f'<section class="card {card.status}">\n'
        f'<p><a href="#target-{name}">{name}</a> is {_state(card.status)}: '
        f"{escape(card.phrase)}</p>{notes}{listed}\n</section>"
    )


def _check(check: CheckLine) -> str:
    facts = [check.took] if check.took != "-" else []
    facts += [f"for {check.since}"] if check.since != "-" else []
    told = "; ".join([linked(escape(check.message)), *facts])
    return (
        f'<li class="is-{check.status}"><b>{escape(check.name)}</b> {_state(check.status)}<br>'
        f'<span class="message">{told}</span></li>'
    )


def _state(status: str) -> str:
    return f'<span class="state {status}">{status}</span>'


def _target(snapshot: Snapshot, name: str, url: str) -> str:
    headings = "".join(f'<th scope="col">{heading}</th>' for heading in HEADINGS)
    rows = "\n".join(_row(line) for line in lines(snapshot, name))
    limits = "<br>".join(escape(quota) for quota in quotas(snapshot, name))
    return (
        f'<h2 id="target-{escape(name)}">{escape(name)}</h2>\n<p class="faint">{escape(url)}</p>\n'
        f'<div class="wide"><table>\n<thead><tr>{headings}</tr></thead>\n'
        f"<tbody>\n{rows}\n</tbody>\n</table></div>\n<p>{limits}</p>"
    )


def _row(line: StatusLine) -> str:
    surface, _, *others, wrong = (escape(cell) for cell in line.cells)
    cells = "".join(f"<td>{cell}</td>" for cell in (*others, linked(wrong)))
    return (
        f'<tr class="{line.state}"><td>{surface.replace(".", ".<wbr>")}</td>'
        f'<td class="{line.state}">{line.state}</td>{cells}</tr>'
    )
