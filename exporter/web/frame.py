"""What every page has around what it shows. Static HTML that loads nothing."""

from typing import Final

_FRAME: Final = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
body {{ font: 15px/1.45 system-ui, sans-serif; margin: 1.5rem auto; padding: 0 1rem; }}
{style}</style>
</head>
<body>
{body}</body>
</html>
"""


def framed(title: str, style: str, body: str) -> str:
    """A whole page of what is HTML already, but for the style, which is CSS."""
    return _FRAME.format(title=title, style=style, body=body)
