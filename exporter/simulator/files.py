"""Scenario files: YAML, of which JSON is a part."""

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from exporter.simulator.scenario import ScenarioError


class _Loader(yaml.SafeLoader):
    """Refuses a key that is given twice, of which YAML would silently keep the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - the library's signature
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            if key.value in seen:
                line = key.start_mark.line + 1
                raise ScenarioError(f"line {line}: {key.value!r} is there twice")
            seen.add(key.value)
        return super().construct_mapping(node, deep)


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
        return yaml.load(Path(path).read_text("utf-8"), _Loader)  # noqa: S506 - a safe loader
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
