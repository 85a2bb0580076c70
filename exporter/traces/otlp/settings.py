"""What the OTEL_* variables want, checked before anything starts. The SDK then reads them itself.

OpenTelemetry's own rule for a bad value is a warning and the default; here it is a line that says
what is allowed, as it is for everything else that is configured.
"""

import math
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final, Literal, TypeAlias
from urllib.parse import SplitResult, urlsplit

from msgspec import Struct

from exporter.client.no_proxy import value_of, variable_of
from exporter.config.problems import ConfigError, Problem
from exporter.config.quoting import HIDDEN, quoted
from exporter.model.redaction import remember
from exporter.traces.otlp.files import file_problems
from exporter.traces.otlp.headers import ALLOWED, header_problem, headers_of

if TYPE_CHECKING:
    from exporter.client.proxies import Proxy

OtlpProtocol: TypeAlias = Literal["http/protobuf", "grpc"]
ExporterKind: TypeAlias = Literal["otlp", "console"]

_SAMPLERS: Final = ("always_on", "always_off", "traceidratio")
SAMPLERS: Final = (*_SAMPLERS, *(f"parentbased_{name}" for name in _SAMPLERS))

_OTLP: Final = "OTEL_EXPORTER_OTLP_"
_DEFAULT_ENDPOINTS: Final[Mapping[OtlpProtocol, str]] = {
    "http/protobuf": "http://localhost:4318",
    "grpc": "http://localhost:4317",
}
_COMPRESSIONS: Final[Mapping[OtlpProtocol, tuple[str, ...]]] = {
    "http/protobuf": ("none", "gzip", "deflate"),
    "grpc": ("gzip",),
}
_PAIRS: Final = re.compile(r"\s*[^\s=,;]+\s*=[^,]*(,\s*[^\s=,;]+\s*=[^,]*)*,?\s*")
_BATCHING: Final[Mapping[str, int]] = {
    "OTEL_BSP_MAX_QUEUE_SIZE": 2048,
    "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": 512,
    "OTEL_BSP_SCHEDULE_DELAY": 5000,
}
"""With the specification's defaults: spans, spans, milliseconds."""


class Settings(Struct, frozen=True):
    """How spans are exported.

    ``endpoint`` is shown to people: it has no user and no query. ``proxy`` is the environment's on
    the way there, by the rules of all that is asked. ``sampler`` is ``None`` where the
    configuration's ratio decides; ``ratio`` is for those samplers that take one. ``delay`` is in
    seconds.
    """

    kind: ExporterKind = "otlp"
    protocol: OtlpProtocol = "http/protobuf"
    endpoint: str = ""
    proxy: "Proxy | None" = None
    sampler: str | None = None
    ratio: float = 1.0
    capacity: int = _BATCHING["OTEL_BSP_MAX_QUEUE_SIZE"]
    batch: int = _BATCHING["OTEL_BSP_MAX_EXPORT_BATCH_SIZE"]
    delay: float = _BATCHING["OTEL_BSP_SCHEDULE_DELAY"] / 1000

    def __str__(self) -> str:
        """Where to, for the log."""
        if self.kind == "console":
            return "console"
        through = "" if self.proxy is None else f" through {self.proxy.url}"
        return f"{self.endpoint} ({self.protocol}){through}"


def settings_of(environ: Mapping[str, str]) -> Settings | None:
    """Read the variables, an empty one as an unset one; ``None`` where nothing is to be exported.

    Raises:
        ConfigError: with all that is wrong with them.
    """
    given = {name: text for name, text in environ.items() if name.startswith("OTEL_") and text}
    _remember(given)
    reader = _VariableReader(given, environ)
    settings = reader.settings()
    if reader.problems:
        raise ConfigError(reader.problems)
    return settings


class _VariableReader:
    """Reads variables, and keeps what is wrong with them."""

    def __init__(self, given: Mapping[str, str], environ: Mapping[str, str]) -> None:
        self._given = given
        self._environ = environ
        self.problems: list[Problem] = []

    def settings(self) -> Settings | None:
        if self._choice("OTEL_SDK_DISABLED", ("true", "false")) == "true":
            return None
        kind = self._choice("OTEL_TRACES_EXPORTER", ("otlp", "console", "none"))
        if kind == "none" or (kind is None and self._set("ENDPOINT") is None):
            return None
        protocol = self._protocol()
        if kind != "console":
            self._connection(protocol)
        self._pairs("OTEL_RESOURCE_ATTRIBUTES")
        sampler = self._choice("OTEL_TRACES_SAMPLER", SAMPLERS)
        capacity, batch, delay = (self._whole(name) for name in _BATCHING)
        endpoint = self._endpoint(protocol)
        return Settings(
            kind="console" if kind == "console" else "otlp",
            protocol=protocol,
            endpoint=endpoint,
            proxy=None if kind == "console" else self._proxy(endpoint),
            sampler=sampler,
            ratio=self._ratio() if sampler and sampler.endswith("traceidratio") else 1.0,
            capacity=capacity,
            batch=batch,
            delay=delay / 1000,
        )

    def _protocol(self) -> OtlpProtocol:
        name = self._set("PROTOCOL")
        told = None if name is None else self._choice(name, ("http/protobuf", "grpc"))
        return "grpc" if told == "grpc" else "http/protobuf"

    def _connection(self, protocol: OtlpProtocol) -> None:
        """What the SDK would take amiss later, or not at all."""
        for name in self._all("COMPRESSION"):
            self._choice(name, _COMPRESSIONS[protocol])
        for name in self._all("INSECURE"):
            self._choice(name, ("true", "false"))
        for name in self._all("HEADERS"):
            self._headers(name, protocol)
        for name in self._all("TIMEOUT"):
            self._number(name, "seconds above 0", above=0, most=math.inf)
        self.problems += file_problems(self._given, key_apart=protocol == "grpc")

    def _endpoint(self, protocol: OtlpProtocol) -> str:
        name = self._set("ENDPOINT")
        if name is None:
            return _DEFAULT_ENDPOINTS[protocol]
        text = self._given[name]
        whole = text if "://" in text or protocol != "grpc" else f"//{text}"
        parts = _split(whole)
        if parts is None or parts.scheme not in _schemes(protocol):
            bare = " or HOST:PORT" if protocol == "grpc" else ""
            self._refuse(name, f"http(s)://HOST[:PORT][/PATH]{bare}", shown=False)
            return ""
        place = parts.netloc.rpartition("@")[2]
        return f"{parts.scheme}://{place}{parts.path}" if parts.scheme else place

    def _proxy(self, endpoint: str) -> "Proxy | None":
        """What the environment has on the way; the libraries' own ways to find it are not used."""
        plain = endpoint.startswith("http:") or self._is_insecure(endpoint)
        scheme: Literal["http", "https"] = "http" if plain else "https"
        if not value_of(scheme, self._environ):
            return None
        from exporter.client.errors import ProxyUrlError  # noqa: PLC0415  # for what they import
        from exporter.client.proxies import proxy_to  # noqa: PLC0415  # ditto: aiohttp

        try:
            return proxy_to(f"{scheme}://{endpoint.rpartition('://')[2]}", self._environ)
        except ProxyUrlError:
            name = variable_of(scheme, self._environ) or ""
            allowed = "http://[USER:PASSWORD@]HOST[:PORT], or the collector in NO_PROXY"
            self._refuse(name, allowed, shown=False)
        return None

    def _is_insecure(self, endpoint: str) -> bool:
        """Whether no TLS is wanted for what has no scheme, as gRPC allows."""
        name = self._set("INSECURE")
        return "://" not in endpoint and name is not None and self._given[name].lower() == "true"

    def _ratio(self) -> float:
        if "OTEL_TRACES_SAMPLER_ARG" not in self._given:
            return 1.0
        return self._number("OTEL_TRACES_SAMPLER_ARG", "a number from 0 to 1", most=1)

    def _all(self, suffix: str) -> Iterator[str]:
        names = (f"{_OTLP}TRACES_{suffix}", f"{_OTLP}{suffix}")
        return (name for name in names if name in self._given)

    def _set(self, suffix: str) -> str | None:
        """The variable that counts: the one for traces comes first."""
        return next(self._all(suffix), None)

    def _choice(self, name: str, allowed: tuple[str, ...]) -> str | None:
        if name not in self._given:
            return None
        value = self._given[name].strip().lower()
        if value not in allowed:
            self._refuse(name, ", ".join(allowed))
        return value

    def _whole(self, name: str) -> int:
        text = self._given.get(name, str(_BATCHING[name]))
        if re.fullmatch("[0-9]{1,9}", text) is None or int(text) == 0:
            self._refuse(name, "a whole number above 0")
            return _BATCHING[name]
        return int(text)

    def _number(
        self, name: str, allowed: str, *, above: float = -math.inf, most: float = math.inf
    ) -> float:
        try:
            value = float(self._given[name])
        except ValueError:
            value = math.nan
        if not (max(above, 0) <= value <= most and value != above and value < math.inf):
            self._refuse(name, allowed)
        return value

    def _headers(self, name: str, protocol: OtlpProtocol) -> None:
        if wrong := header_problem(self._given[name], protocol):
            message = f"{HIDDEN} is not allowed, its {wrong}; allowed: {ALLOWED}"
            self.problems.append(Problem((name,), message, name))

    def _pairs(self, name: str) -> None:
        text = self._given.get(name, "a=b")
        if not _PAIRS.fullmatch(text) or not _encodable(text):
            self._refuse(name, "KEY=VALUE, several with commas between them", shown=False)

    def _refuse(self, name: str, allowed: str, *, shown: bool = True) -> None:
        value = quoted(self._given[name]) if shown else HIDDEN
        self.problems.append(Problem((name,), f"{value} is not allowed; allowed: {allowed}", name))


def _schemes(protocol: OtlpProtocol) -> tuple[str, ...]:
    return ("http", "https", "") if protocol == "grpc" else ("http", "https")


def _remember(given: Mapping[str, str]) -> None:
    """Let no log show what is secret in the variables, whoever quotes it and in whichever form."""
    for family in ("TRACES_", ""):
        headers = given.get(f"{_OTLP}{family}HEADERS", "")
        for header in headers_of(headers):
            # The last word is what follows "Bearer" or "Basic".
            for secret in (header.raw, header.value, *header.value.split()[-1:]):
                remember(secret)
        parts = _split(given.get(f"{_OTLP}{family}ENDPOINT", ""))
        if parts is not None:
            remember(parts.password or "")
            remember(parts.query)


def _encodable(text: str) -> bool:
    """Whether it has no bytes that are no UTF-8."""
    return not re.search("[\ud800-\udfff]", text)


def _split(text: str) -> SplitResult | None:
    """The URL's parts; ``None`` where it is none."""
    try:
        parts = urlsplit(text)
        usable = parts.hostname is not None and parts.port != 0
    except ValueError:
        return None
    return parts if usable and not re.search(r"[\s\x00-\x1f]", text) else None
