"""Collectors of traces: a real one, and what may be in its place when it is out of order."""

import re
from asyncio import StreamReader, StreamWriter, start_server
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from tests.support import tools
from tests.support.servers import LOOPBACK, Process, Server, eventually, free_port, prints

_SPAN: Final = re.compile(
    r"Trace ID +: (?P<trace_id>\w+)\n +Parent ID +: (?P<parent>\w*)\n +ID +: (?P<id>\w+)\n"
    r" +Name +: (?P<name>.*)\n +Kind +: (?P<kind>\w+)\n"
)
_ATTRIBUTE: Final = re.compile(r" +-> ([\w.]+): (?:Str|Int|Bool)\((.*)\)")
_EVENT: Final = re.compile(r" +-> Name: (.*)")


class Received(NamedTuple):
    """A span, as the collector prints it."""

    name: str
    kind: str
    trace_id: str
    id: str
    parent: str
    status: str
    attributes: dict[str, str]
    events: list[str]


class Rotel(Server):
    """A collector that listens for OTLP over gRPC and over HTTP."""

    def __init__(self, http_port: int | None = None) -> None:
        self.http = f"{LOOPBACK}:{http_port or free_port()}"
        self.grpc = f"{LOOPBACK}:{free_port()}"

    async def _start(self, stack: AsyncExitStack) -> None:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="test-rotel-")))
        argv = [
            *(str(tools.rotel()), "start", "--exporter", "blackhole"),
            *("--otlp-http-endpoint", self.http, "--otlp-grpc-endpoint", self.grpc),
            *("--debug-log", "traces", "--debug-log-verbosity", "detailed"),
            *("--pid-file", str(folder / "pid")),
        ]
        server = Process(argv, ready=prints("Starting Rotel"))
        self.process = await stack.enter_async_context(server)

    def spans(self) -> list[Received]:
        """All that came so far."""
        _, *texts = re.split(r"^Span #\d+\n", self.process.output(), flags=re.MULTILINE)
        return [_received(text) for text in texts if _SPAN.search(text)]

    async def span(self, **wanted: str) -> Received:
        """The first one with these attributes (dots are underscores), once it is there."""
        names = {key.replace("__", "."): value for key, value in wanted.items()}

        async def look() -> Received | None:
            self.process.check()
            return next(
                (span for span in self.spans() if names.items() <= span.attributes.items()), None
            )

        return await eventually(look, within=20)


def _received(text: str) -> Received:
    found = _SPAN.search(text)
    assert found is not None
    own, _, rest = text.partition("Events:")
    status = re.search(r"Status code +: STATUS_CODE_(\w+)", text)
    return Received(
        name=found["name"],
        kind=found["kind"],
        trace_id=found["trace_id"],
        id=found["id"],
        parent=found["parent"],
        status=status[1] if status else "",
        attributes=dict(_ATTRIBUTE.findall(own)),
        events=_EVENT.findall(rest.partition("ResourceSpans")[0]),
    )


class Broken(Server):
    """Listens, and says ``answer`` to whatever comes; nothing at all if that is empty."""

    def __init__(self, answer: bytes = b"", port: int | None = None) -> None:
        self._answer = answer
        self.port = port or free_port()
        self.asked = 0

    async def _start(self, stack: AsyncExitStack) -> None:
        server = await start_server(self._serve, LOOPBACK, self.port)
        self._writers: set[StreamWriter] = set()
        stack.push_async_callback(server.wait_closed)
        stack.callback(self._hang_up)
        stack.callback(server.close)

    def _hang_up(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        self._writers.add(writer)
        with suppress(OSError):
            while await reader.read(65536):
                self.asked += 1
                writer.write(self._answer)
        writer.close()
