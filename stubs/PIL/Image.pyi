from os import PathLike
from types import TracebackType
from typing import Self

class Image:
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
    def convert(self, mode: str) -> Image: ...
    def quantize(self, colors: int, *, dither: int) -> Image: ...
    def save(self, fp: PathLike[str], *, optimize: bool) -> None: ...

def open(fp: PathLike[str]) -> Image: ...  # noqa: A001
