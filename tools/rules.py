"""``make rules LABELS=... OUT=...``: the shipped rules and routes, with other labels of a place.

``alerts/`` is the source and is edited by hand. Every aggregation, matching and inhibition there
begins with the labels that tell one place from another, spelled as ``SHIPPED`` is. Copies have
another list instead. Where a label is absent it changes nothing.
"""

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

SHIPPED: Final = ("cluster", "namespace")
ALERTS: Final = Path(__file__).resolve().parents[1] / "alerts"
RUNBOOKS: Final = "docs/runbooks"
"""Where alerts say that their runbooks are: in the sources, until there is an address for them."""
_NAME: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_OURS: Final = (
    *("alertname", "component", "job", "le", "rate_class", "reason"),
    *("severity", "slo", "surface", "target", "window"),
)
"""What the rules group by themselves."""


def relabelled(text: str, labels: Sequence[str]) -> str:
    """A shipped file with other labels of a place.

    Args:
        text: a rule file, or Alertmanager's configuration.
        labels: their names, any number of them.

    Returns:
        The same text where the labels are those that are shipped.
    """
    wanted = dict(zip(_spellings(SHIPPED), _spellings(labels), strict=True))
    shipped = "|".join(map(re.escape, wanted))
    return re.sub(shipped, lambda found: wanted[found[0]], text)


def _spellings(labels: Sequence[str]) -> Iterator[str]:
    """Before another label in PromQL, a template's query, its arguments; in ``equal:`` alone."""
    yield "".join(f"{label}, " for label in labels)
    yield "".join(f"{label}='%s', " for label in labels)
    yield "".join(f"$labels.{label} " for label in labels)
    yield f"equal: [{', '.join(labels)}]"
    yield f"equal: [{', '.join(label for label in labels if label != 'namespace')}]"


def wrong(labels: Sequence[str]) -> str:
    """What is wrong with a list of labels, or nothing."""
    for label in labels:
        if not _NAME.fullmatch(label) or label.startswith("__"):
            return (
                f"LABELS: {label!r} is not the name of a label: letters, digits and _ are allowed"
            )
        if label in _OURS:
            return f"LABELS: the rules use {label} themselves: name labels of a place only"
        if labels.count(label) > 1:
            return f"LABELS: {label} is named twice"
    return ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the copies; 2 if the labels are no labels."""
    parser = argparse.ArgumentParser(prog="make rules", description=__doc__)
    parser.add_argument("--labels", default=", ".join(SHIPPED), help="separated by commas")
    parser.add_argument("--runbooks", default=RUNBOOKS, help="the address of docs/runbooks")
    parser.add_argument("--out", type=Path, required=True, help="a folder, made if it is absent")
    given = parser.parse_args(arguments)
    labels = [label.strip() for label in given.labels.split(",") if label.strip()]
    out: Path = given.out
    if fault := wrong(labels) or ("OUT: this is the source" if out.resolve() == ALERTS else ""):
        sys.stderr.write(f"{fault}\n")
        return 2
    out.mkdir(parents=True, exist_ok=True)
    for path in [*sorted(ALERTS.glob("*.rules.yaml")), ALERTS / "alertmanager.yaml"]:
        text = relabelled(path.read_text(), labels).replace(RUNBOOKS, given.runbooks.rstrip("/"))
        (out / path.name).write_text(text)
        sys.stdout.write(f"{out / path.name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
