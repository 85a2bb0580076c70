# What the tests of the chart use of it: the library comes with `make tools`, not with `dev`.

from os import PathLike
from types import TracebackType
from typing import Any, Self

class HelmError(Exception): ...

class Chart:
    @classmethod
    def load(cls, path: str | PathLike[str]) -> Chart: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
    @property
    def version(self) -> str: ...
    @property
    def metadata(self) -> dict[str, Any]: ...
    @property
    def files(self) -> list[dict[str, str]]: ...
    def render(
        self,
        values: dict[str, Any] | None = None,
        *,
        name: str | None = None,
        namespace: str | None = None,
    ) -> dict[str, str]: ...

def lint(
    path: str | PathLike[str],
    values: dict[str, Any] | None = None,
    *,
    strict: bool | None = None,
    kube_version: str | None = None,
) -> dict[str, Any]: ...
def package(
    path: str | PathLike[str], *, destination: str | PathLike[str] | None = None
) -> str: ...
def values_from_yaml(yaml: str) -> dict[str, Any]: ...
