"""The page at ``/``: what is probed and what is wrong with it. It loads nothing and is static."""

from datetime import UTC, datetime
from html import escape
from typing import Final

from exporter import __version__
from exporter.overview import HEADINGS, Line, lines, quotas, summary
from exporter.sinks.snapshot import Snapshot

_PAGE: Final = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>oran-mano-exporter</title>
<style>
body {{ font: 15px/1.45 system-ui, sans-serif; margin: 1.5rem auto; max-width: 72rem;
  padding: 0 1rem; }}
.wide {{ overflow-x: auto; }}
table {{ border-collapse: collapse; width: 100%; }}
th, td {{ text-align: left; padding: .3rem .7rem; border-bottom: 1px solid #8884;
  white-space: nowrap; }}
td:last-child {{ white-space: normal; }}
.well {{ color: #16803c; }}
.failing {{ color: #c81e1e; font-weight: 600; }}
.skipped, .waiting {{ color: #8a6100; }}
@media (prefers-color-scheme: dark) {{
  .well {{ color: #4ade80; }}
  .failing {{ color: #f87171; }}
  .skipped, .waiting {{ color: #fbbf24; }}
}}
</style>
</head>
<body>
<h1>oran-mano-exporter</h1>
<p>{summary} <a href="{metrics}">Metrics</a> · <a href="-/healthy">healthy?</a> ·
<a href="-/ready">ready?</a></p>
{targets}
<footer><p>Version {version}, {time}. Loading this page sends nothing to the API.</p></footer>
</body>
</html>
"""


def status_page(snapshot: Snapshot, telemetry_path: str) -> str:
    """Write the page.

    Args:
        snapshot: what is known.
        telemetry_path: where the metrics are.

    Returns:
        HTML.
    """
    time = datetime.fromtimestamp(snapshot.at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return _PAGE.format(
        summary=escape(summary(snapshot)),
        metrics=escape(telemetry_path.removeprefix("/")),
        targets="\n".join(
            _target(snapshot, target.name, target.url) for target in snapshot.targets
        ),
        version=escape(__version__),
        time=time,
    )


def _target(snapshot: Snapshot, name: str, url: str) -> str:
    headings = "".join(f'<th scope="col">{heading}</th>' for heading in HEADINGS)
    rows = "\n".join(_row(line) for line in lines(snapshot, name))
    limits = "<br>".join(escape(quota) for quota in quotas(snapshot, name))
    return (
        f"<h2>{escape(name)}</h2>\n<p>{escape(url)}</p>\n"
        f'<div class="wide"><table>\n<thead><tr>{headings}</tr></thead>\n'
        f"<tbody>\n{rows}\n</tbody>\n</table></div>\n<p>{limits}</p>"
    )


def _row(line: Line) -> str:
    cells = "".join(
        f'<td class="{line.state}">{escape(cell)}</td>'
        if heading == "State"
        else f"<td>{escape(cell)}</td>"
        for heading, cell in zip(HEADINGS, line.cells, strict=True)
    )
    return f"<tr>{cells}</tr>"
