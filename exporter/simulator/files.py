"""Scenario files: YAML, of which JSON is a part."""

from pathlib import Path

import yaml

from exporter.simulator.scenario import ScenarioError


class _ScenarioLoader(yaml.SafeLoader):
    """Refuses a key that is given twice, of which YAML would silently keep the last."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        # Only here has a mapping what its author wrote: what it merges is put into it later.
        node = super().compose_node(parent, index)
        if isinstance(node, yaml.MappingNode):
            _refuse_twins(node)
        return node


def read_file(path: str) -> object:
    """Read a scenario file.

    Args:
        path: Where it lies.

    Returns:
        The document; whether it is a scenario is not looked at.

    Raises:
        OSError: It cannot be read.
        ScenarioError: It is not YAML, or has a key twice; the message has one line.
    """
    try:
        content = Path(path).read_bytes()
    except ValueError as error:  # such as a NUL in the path
        raise OSError(str(error)) from None
    try:
        return yaml.load(content.decode(), _ScenarioLoader)  # noqa: S506 - a safe loader
    except ScenarioError:
        raise
    except UnicodeDecodeError:
        raise ScenarioError("not YAML: not UTF-8") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise ScenarioError(f"not YAML: {where}{error.problem}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # such as a date that is none
        raise ScenarioError(f"not YAML: {' '.join(str(error).split())}") from None


def _refuse_twins(node: yaml.MappingNode) -> None:
    seen: set[tuple[str, str]] = set()
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode):
            continue
        if (key.tag, key.value) in seen:
            line = key.start_mark.line + 1
            raise ScenarioError(f"line {line}: {key.value!r} is there twice")
        seen.add((key.tag, key.value))
