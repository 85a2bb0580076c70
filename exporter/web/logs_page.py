"""``/logs``: the last runs, failed ones kept longer. Static HTML that loads nothing, or JSON."""

from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

import msgspec
from msgspec import Struct

from exporter.model.observation import Key, Phases
from exporter.model.reasons import Reason, SkipReason
from exporter.report.advice import advice
from exporter.report.run_json import CallJson, RunJson, SkipJson, TransportJson, run_json, skip_json
from exporter.status.history import HistoryEntry, Skipped, run_of
from exporter.web.frame import framed
from exporter.web.logs_query import FoundRuns, Wanted
from exporter.web.phase_bars import STYLE, legend, longest_of, milliseconds, phase_bar
from exporter.web.reasons_page import link

_NO_WAY: Final = TransportJson(None, None, None, 0)
_DELAYED: Final = '<span title="the exporter was busy: its own part in what it took">delayed</span>'

_STYLE: Final = """\
body { max-width: 84rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
form { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; }
input, select, button { font: inherit; } .wide { overflow-x: auto; }
.legend span { margin-right: .8rem; white-space: nowrap; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .35rem .7rem .35rem 0;
  border-bottom: 1px solid #8884; }
td.when, td.took { white-space: nowrap; font-variant-numeric: tabular-nums; }
td.took { text-align: right; } td.phases { width: 28%; }
td a { color: inherit; }
td small { white-space: nowrap; } td.phases small { white-space: normal; }
td small, .quiet { opacity: .8; }
code { font-size: .85em; overflow-wrap: anywhere; }
.well { color: #16803c; }
.failed { color: #c81e1e; font-weight: 600; } .slow { color: #8a6100; font-weight: 600; }
@media (max-width: 64rem) {
  thead { display: none; }
  tr { display: block; padding: .5rem 0; border-bottom: 1px solid #8884; }
  td, td.phases { display: inline-block; width: auto; padding: 0 1rem .2rem 0; border: 0; }
  td.phases, td.phases + td { display: block; overflow-wrap: anywhere; }
}
@media (prefers-color-scheme: dark) {
  .well { color: #4ade80; } .failed { color: #f87171; } .slow { color: #fbbf24; }
}
"""

_BODY: Final = """\
<h1>Last runs</h1>
<p><a href="./">Status</a> · <a href="{all_as_json}">as JSON</a> · {summary}</p>
<form>
<label>Target <select name="target">{targets}</select></label>
<label>Surface <select name="surface">{surfaces}</select></label>
<label><input type="checkbox" name="failed" value="1"{checked}> failed only</label>
<button>Show</button>
</form>
<p class="legend">{legend}</p>
<div class="wide"><table>
<thead><tr><th scope="col">When (UTC)</th><th scope="col">Surface</th><th scope="col">Result</th>
<th scope="col">Took</th><th scope="col">Phases, all to one scale</th>
<th scope="col">What was said</th></tr></thead>
<tbody>
{runs}
</tbody>
</table></div>
<h2>Runs that did not happen</h2>
<div class="wide"><table>
<thead><tr><th scope="col">Last (UTC)</th><th scope="col">Surface</th><th scope="col">Reason</th>
<th scope="col">Since the start</th></tr></thead>
<tbody>
{skips}
</tbody>
</table></div>
"""


class LogsJson(Struct, frozen=True):
    """What `/logs?format=json` answers: the last runs, the newest first, and what was skipped."""

    runs: tuple[RunJson, ...]
    skips: tuple[SkipJson, ...]


def logs_json(found: FoundRuns) -> bytes:
    """All of it, as ``{"runs": [...], "skips": [...]}``."""
    skips = tuple(skip_json(*skip) for skip in found.skips)
    return msgspec.json.encode(LogsJson(tuple(map(run_json, found.entries)), skips))


def logs_page(found: FoundRuns, wanted: Wanted) -> str:
    """Write the page, as HTML."""
    shown = found.entries[: wanted.limit]
    longest = longest_of([_phases(entry) for entry in shown])
    body = _BODY.format(
        summary=_summary(len(shown), len(found.entries), wanted),
        all_as_json=escape(f"logs?{wanted.query(format='json')}"),
        targets=_options(sorted({key.target for key in found.keys}), wanted.target),
        surfaces=_options(sorted({key.surface for key in found.keys}), wanted.surface),
        checked=" checked" if wanted.failed else "",
        legend=legend(),
        runs="\n".join(_row(entry, longest) for entry in shown) or _nothing(6, "no run yet"),
        skips="\n".join(_skip(*skip) for skip in found.skips) or _nothing(4, "none"),
    )
    return framed("Last runs: oran-mano-exporter", _STYLE + STYLE, body)


def _summary(shown: int, kept: int, wanted: Wanted) -> str:
    if shown == kept:
        return f"{kept} runs are kept."
    more = escape(f"logs?{wanted.query(limit=str(kept))}")
    return f'The newest {shown} of {kept} runs that are kept; <a href="{more}">all</a>.'


def _options(names: Sequence[str], chosen: str) -> str:
    options = ['<option value="">any</option>']
    for name in dict.fromkeys((*names, chosen) if chosen else names):
        selected = " selected" if name == chosen else ""
        options.append(f"<option{selected}>{escape(name)}</option>")
    return "".join(options)


def _nothing(columns: int, words: str) -> str:
    return f'<tr><td colspan="{columns}" class="quiet">{words}</td></tr>'


def _row(entry: HistoryEntry, longest: float) -> str:
    run = run_json(entry)
    asked = '<br><small title="nothing of it is in oran_mano_probe_*">asked for</small>'
    return (
        f'<tr><td class="when">{_when(run.at)}</td>'
        f"<td>{escape(run.surface)}<br><small>{escape(run.target)}</small></td>"
        f"<td>{_result(run)}{asked if run.asked else ''}</td>"
        f'<td class="took">{milliseconds(run_of(entry).duration)}</td>'
        f'<td class="phases">{phase_bar(_phases(entry), longest)}</td>'
        f"<td>{'<br>'.join(_facts(run))}</td></tr>"
    )


def _phases(entry: HistoryEntry) -> Phases:
    call = run_of(entry).deciding
    return Phases() if call is None else call.phases


def _result(run: RunJson) -> str:
    status = run.call.status_code if run.call is not None else None
    told = f'<span class="{run.result}">{_reason(run.reason) if run.reason else run.result}</span>'
    told += "" if status is None else f" <small>HTTP {status}</small>"
    told += f"<br>{escape(run.detail)}" if run.detail else ""
    told += f"<br><small>{_DELAYED}</small>" if run.delayed else ""
    return told + (f"<br><small>check: {run.check}</small>" if run.check else "")


def _reason(reason: Reason | SkipReason) -> str:
    return link(reason, f' title="{escape(advice(reason).means)}"')


def _facts(run: RunJson) -> Iterator[str]:
    """What the answer said, a phrase a line, and what leads to its trace."""
    if (call := run.call) is None:
        return
    yield f"<code>{call.method} {escape(call.path)}</code>"
    if call.rate_limit is not None:
        said = call.rate_limit
        reset = "" if said.reset is None else f", resets {_when(said.reset, run.at)}"
        yield f"quota: {_known(said.remaining)} of {_known(said.limit)} left{reset}"
    yield from filter(None, (_lifecycle(call), _way(call)))
    if call.trace_id is not None:
        yield f"<small>trace <code>{call.trace_id}</code></small>"


def _lifecycle(call: CallJson) -> str:
    said = call.lifecycle
    if said is None:
        return ""
    parts = (
        f"version {said.version}" if said.version else "",
        f"deprecated {_when(said.deprecation)}" if said.deprecation else "",
        f"ends {_when(said.sunset)}" if said.sunset else "",
        "a date that cannot be read" if said.unparseable else "",
    )
    return escape(", ".join(filter(None, parts)))


def _way(call: CallJson) -> str:
    """How it was carried."""
    way, reused = call.transport or _NO_WAY, call.connection_reused
    expiry = call.certificate_expiry
    parts = (
        f"certificate until {_when(expiry)}" if expiry else "",
        f"IPv{way.ip_protocol}" if way.ip_protocol else "",
        f"HTTP/{way.http_version}" if way.http_version else "",
        way.tls_version or "",
        f"redirects: {way.redirects}" if way.redirects else "",
        "" if reused is None else f"{'kept' if reused else 'new'} connection",
    )
    told = ", ".join(filter(None, parts))
    return f"<small>{escape(told)}</small>" if told else ""


def _known(value: int | None) -> str:
    return "?" if value is None else str(value)


def _when(at: str, beside: str = "") -> str:
    """A time for a person, to the second; the date only where another one stands beside it."""
    date, time = at[:10], at[11:19]
    return time if beside.startswith(date) else f"{date} {time}"


def _skip(key: Key, reason: SkipReason, skipped: Skipped) -> str:
    told = skip_json(key, reason, skipped)
    return (
        f'<tr><td class="when">{_when(told.last)}</td>'
        f"<td>{escape(told.surface)} <small>{escape(told.target)}</small></td>"
        f"<td>{_reason(reason)}</td><td>{told.count}</td></tr>"
    )
