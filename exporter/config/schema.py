"""The configuration as frozen typed structs: every key that is accepted, and nothing else.

A key is added here in the change that makes it work, never before. ``Meta.description`` is what
the error line says is allowed.
"""

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct

from exporter.config.values import FIELD_VALUE, Duration, InputFile, Secret
from exporter.model.observation import RateClass

Name: TypeAlias = Annotated[
    str,
    Meta(
        # Room for a sidecar's: a namespace and a pod, of 63 each.
        pattern=r"^[A-Za-z0-9]([A-Za-z0-9._-]{0,125}[A-Za-z0-9])?\Z",
        description="1 to 127 letters, digits, '.', '_' or '-', beginning and ending with a letter "
        "or digit",
    ),
]
LabelName: TypeAlias = Annotated[
    str,
    Meta(
        pattern=r"^(?!__|(target|transport)\Z)[a-zA-Z_][a-zA-Z0-9_]*\Z",
        description="a Prometheus label name other than 'target' and 'transport', not beginning "
        "with '__'",
    ),
]
Url: TypeAlias = Annotated[
    str,
    Meta(
        pattern=r"^https?://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?"
        r"(/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?\Z",
        description="http://HOST[:PORT][/PATH] or https://..., without user, query or fragment",
    ),
]
Text: TypeAlias = Annotated[str, Meta(min_length=1, description="a text that is not empty")]
_PATH = Meta(pattern=r"^[^\0]+\Z", description="the path of a file")
File: TypeAlias = Annotated[str, _PATH, InputFile()]
SecretFile: TypeAlias = Annotated[str, _PATH, InputFile(secret=True)]
KeyFile: TypeAlias = Annotated[str, _PATH, InputFile(secret=True, pem=True)]
HeaderName: TypeAlias = Annotated[
    str,
    Meta(
        pattern=r"^(?!_file\Z)[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}\Z",
        description="the name of a header such as 'X-Tenant', with '_file' after it where a file "
        "holds the value",
    ),
]
HeaderValue: TypeAlias = Annotated[
    Secret,
    Meta(
        pattern=FIELD_VALUE,
        description="a text of printable ASCII characters, neither beginning nor ending with a "
        "space",
    ),
]
HeaderFile: TypeAlias = Annotated[str, _PATH, InputFile(secret=True, field=True)]
ProxyUrl: TypeAlias = Annotated[
    Secret,
    Meta(
        pattern=r"^(http://([A-Za-z0-9._~!$&'()*+,;=:%-]+@)?"
        r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?/?)?\Z",
        description="http://[USER:PASSWORD@]HOST[:PORT], or '' for the environment's",
    ),
]
SurfaceGlob: TypeAlias = Annotated[
    str, Meta(min_length=1, description="an id or a glob such as 'edge-*'")
]
Positive: TypeAlias = Annotated[Duration, Meta(ge=0.001, le=86400)]
Age: TypeAlias = Annotated[Duration, Meta(ge=0, le=86400)]
Interval: TypeAlias = Annotated[Duration, Meta(ge=1, le=86400)]
BudgetShare: TypeAlias = Annotated[
    float, Meta(gt=0, le=1, description="a ratio above 0 and up to 1, such as 0.05")
]
Ratio: TypeAlias = Annotated[
    float, Meta(ge=0, le=1, description="a ratio from 0 up to 1, such as 0.1")
]
DirectoryPath: TypeAlias = Annotated[
    str,
    Meta(pattern=r"^[^\0]*\Z", description="the path of a directory, or '' for none"),
    InputFile(directory=True),
]
AvailabilityObjective: TypeAlias = Annotated[
    float, Meta(gt=0, lt=1, description="a ratio above 0 and below 1, such as 0.99")
]
Count: TypeAlias = Annotated[int, Meta(ge=1, le=1000)]
StatusPath: TypeAlias = Annotated[
    str,
    Meta(
        pattern=r"^(/[A-Za-z0-9._~-]+)*/\{deploymentId\}(/[A-Za-z0-9._~-]+)*\Z",
        description="a path with {deploymentId} in it once",
    ),
]
Mode: TypeAlias = Literal["off", "read", "dry_run"]
AuthType: TypeAlias = Literal["login", "bearer", "basic", "oauth2", "none"]
ClientAuth: TypeAlias = Literal["basic", "basic_raw", "body"]


class Auth(Struct, frozen=True):
    """In whose name to ask. A password comes from one of its two keys.

    Where no ``type`` is written the other keys say it. ``client_auth`` is how an ``oauth2`` client
    shows its secret: ``None`` is ``basic``.
    """

    type: AuthType = "none"
    username: Text | None = None
    password: Secret | None = None
    password_file: SecretFile | None = None
    token_file: SecretFile | None = None
    token_url: Url | None = None
    client_id: Text | None = None
    client_secret_file: SecretFile | None = None
    scopes: tuple[Text, ...] = ()
    client_auth: ClientAuth | None = None


class Tls(Struct, frozen=True):
    """What to trust and what to show to the server."""

    ca_file: File | None = None
    cert_file: File | None = None
    key_file: KeyFile | None = None
    server_name: Text | None = None
    insecure_skip_verify: bool = False


class Timeouts(Struct, frozen=True):
    """Bounds in seconds; without ``total`` it is 30 s, cut to nine tenths of the interval."""

    connect: Positive = Duration(10)
    read: Positive = Duration(30)
    total: Positive | None = None


class Connection(Struct, frozen=True):
    """How many requests at once, over which internet protocol, on connections of which age.

    With a ``max_age`` of 0 each request has a connection of its own.
    """

    concurrency: Count = 10
    ip_protocol: Literal["auto", "ip4", "ip6"] = "auto"
    max_age: Age = Duration(300)


class Latency(Struct, frozen=True):
    """Up to ``good`` is well, up to ``bad`` is slow, above is a failure."""

    good: Positive = Duration(2)
    bad: Positive = Duration(5)


class Resources(Struct, frozen=True):
    """Which slices, agents and managers are followed by id, and how many of each kind."""

    include: tuple[SurfaceGlob, ...] = ("*",)
    max: Count = 20


class SurfaceOptions(Struct, frozen=True):
    """What a target's configuration says of one surface or glob; ``None`` leaves it as it is."""

    interval: Interval | None = None
    mode: Mode | None = None
    essential: bool | None = None
    timeout: Positive | None = None


class ClassLimit(Struct, frozen=True):
    """What is documented of a rate class: requests in a window of seconds."""

    requests: Annotated[int, Meta(ge=1)]
    window: Positive = Duration(60)


class RateLimits(Struct, frozen=True):
    """The documented limits, and the share of each that all our own requests may take."""

    share: BudgetShare = 0.05
    classes: dict[RateClass, ClassLimit] = {}


class Slices(Struct, frozen=True):
    """Where slice ids come from, as no operation lists slices."""

    ids_from: Literal["intent_id"] = "intent_id"


class Deployments(Struct, frozen=True):
    """Where the status of a deployment is asked for, as the guide gives no path."""

    status_path: StatusPath = "/orchestrator/deployments/{deploymentId}"


class LatencyObjective(Struct, frozen=True):
    """The share of runs that is to end within a time, which is a bound of the histograms."""

    under: Positive = Duration(2)
    ratio: AvailabilityObjective = 0.95


class Slo(Struct, frozen=True):
    """What is promised of surfaces; nothing where it is ``None``."""

    surfaces: SurfaceGlob = "*"
    availability: AvailabilityObjective | None = None
    latency: LatencyObjective | None = None


class Target(Struct, frozen=True):
    """One deployment of the API."""

    name: Name
    url: Url
    labels: dict[LabelName, str] = {}
    auth: Auth = Auth()
    tls: Tls = Tls()
    interval: Interval = Duration(30)
    timeouts: Timeouts = Timeouts()
    connection: Connection = Connection()
    latency: Latency = Latency()
    headers: dict[HeaderName, HeaderValue | HeaderFile] = {}
    proxy_url: ProxyUrl = Secret("")
    follow_redirects: bool = False
    resources: Resources = Resources()
    surfaces: dict[SurfaceGlob, SurfaceOptions] = {}
    rate_limits: RateLimits = RateLimits()
    slo: tuple[Slo, ...] = (Slo(availability=0.99, latency=LatencyObjective()),)
    slices: Slices = Slices()
    deployments: Deployments = Deployments()


class Traces(Struct, frozen=True):
    """Which well runs are exported as traces; failed and slow ones are besides."""

    sample_ratio: Ratio = 0.1


class State(Struct, frozen=True):
    """What outlives a restart: a directory on a volume, or nothing where it is empty."""

    journal: DirectoryPath = ""


class Config(Struct, frozen=True):
    """The whole file."""

    targets: Annotated[
        tuple[Target, ...], Meta(min_length=1, description="a list of one or more targets")
    ]
    traces: Traces = Traces()
    state: State = State()
