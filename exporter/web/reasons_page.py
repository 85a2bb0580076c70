"""``/reasons``: what every reason means, and links that lead there. Static; it loads nothing."""

import re
from collections.abc import Mapping
from functools import cache
from html import escape
from typing import Final

from exporter.report.advice import FAILED, PAGE, SKIPPED, Advice
from exporter.report.reasons_reference import FAILED_TITLE, SKIPPED_TITLE, Named
from exporter.web.frame import framed

_STYLE: Final = """\
body { max-width: 48rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
h3 { font-size: 1rem; margin: 1.2rem 0 0; } p { margin: .2rem 0; }
section:target { background: #ca8a0422; outline: .4rem solid #ca8a0422; }
nav a { margin-right: .6rem; white-space: nowrap; }
"""
_HEAD: Final = """\
<h1>Reasons</h1>
<p><a href="./">Status</a> · <a href="logs">Last runs</a></p>
"""
_NAMES: Final = "|".join((*FAILED, *SKIPPED))
_STATED: Final = re.compile(rf"(^|; |since: |\()({_NAMES})(?=$|[:;)])")
"""A reason where one is stated, and not a word of a sentence: some are words like any other."""


def link(reason: str, words: str = "") -> str:
    """HTML that leads to what a reason means; ``words`` are attributes of the link."""
    return f'<a href="{PAGE.removeprefix("/")}#{reason}"{words}>{reason}</a>'


def linked(html: str) -> str:
    """Lead from each reason that a phrase, as escaped HTML, states to what it means."""
    return _STATED.sub(lambda match: match[1] + link(match[2]), html)


@cache
def reasons_page() -> str:
    """Write the page, as HTML."""
    chapters = (_chapter(FAILED_TITLE, FAILED), _chapter(SKIPPED_TITLE, SKIPPED))
    return framed("Reasons: oran-mano-exporter", _STYLE, _HEAD + "".join(chapters))


def _chapter(title: str, reasons: Mapping[Named, Advice]) -> str:
    index = " ".join(f'<a href="#{reason}">{reason}</a>' for reason in reasons)
    told = "\n".join(_section(reason, advice) for reason, advice in reasons.items())
    return f"<h2>{title}</h2>\n<nav>{index}</nav>\n{told}\n"


def _section(reason: str, advice: Advice) -> str:
    return (
        f'<section id="{reason}"><h3>{reason}</h3>\n<p>{escape(advice.means)}</p>\n'
        f"<p><b>Causes:</b> {escape(advice.causes)}</p>\n"
        f"<p><b>Look next:</b> {escape(advice.then)}</p></section>"
    )
