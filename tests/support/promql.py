"""A little of PromQL: which metrics an expression selects, and whether it aggregates them."""

import re


def _without_strings(expr: str) -> str:
    """The expression with what is quoted blotted out, as long as before."""
    return re.sub(r'"[^"]*"', lambda quoted: '"' * len(quoted[0]), expr)


def places(expr: str, metric: str) -> list[int]:
    """Where a metric is selected."""
    found = re.finditer(rf"(?<![\w:]){re.escape(metric)}(?![\w:(])", _without_strings(expr))
    return [match.start() for match in found]


def metrics(expr: str) -> set[str]:
    """Every name that is selected: no function, no keyword, no label."""
    bare = re.sub(r"{[^}]*}", "", _without_strings(expr))
    bare = re.sub(r"\b(by|on|ignoring|group_left) \([^)]*\)", " ", bare)
    bare = re.sub(r"\[[^]]*\]|@ end\(\)|\b(and|or|unless|bool|Inf|NaN)\b", " ", bare)
    return set(re.findall(r"(?<![\w:.])[a-zA-Z_:][\w:]*(?![\w:]|\s*\()", bare))


def matchers(expr: str) -> list[tuple[str, str]]:
    """Every selector: its metric, and what stands in its braces."""
    bare = _without_strings(expr)
    found = []
    for metric in metrics(expr):
        for at in places(expr, metric):
            inside = re.match(r"{([^}]*)}", bare[at + len(metric) :])
            start = at + len(metric) + 1
            found.append((metric, expr[start : start + len(inside[1])] if inside else ""))
    return found


def groupings(expr: str) -> list[set[str]]:
    """The labels of every ``by`` and ``on``: what things are told apart by."""
    found = re.findall(r"\b(?:by|on) \(([^)]*)\)", _without_strings(expr))
    return [{label.strip() for label in each.split(",")} for each in found]


def is_aggregated(expr: str, at: int) -> bool:
    """Whether a ``sum by (...) (`` or the like is open there, so that other labels end."""
    text, depth = _without_strings(expr), 0
    for index in range(at - 1, -1, -1):
        depth += {")": 1, "(": -1}.get(text[index], 0)
        if depth < 0:
            if re.search(r"\b(sum|min|max|avg|count)( by \([^()]*\))? ?$", text[:index]):
                return True
            depth = 0
    return False
