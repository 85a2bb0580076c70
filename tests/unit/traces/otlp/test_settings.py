from pathlib import Path
from typing import Final

import pytest

from exporter.config import ConfigError, describe
from exporter.traces.otlp.settings import SAMPLERS, Settings, settings_of
from tests.support.certificates import Authority

OTLP: Final = "OTEL_EXPORTER_OTLP_"
ENDPOINT: Final = {f"{OTLP}ENDPOINT": "http://collector:4318"}
FILE_MISSING: Final = "the file cannot be read: No such file or directory"


def refused(environ: dict[str, str]) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        settings_of(environ)
    return describe(raised.value, "environment")


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"OTEL_SERVICE_NAME": "mine", "OTEL_TRACES_SAMPLER": "always_on"},
        {f"{OTLP}ENDPOINT": ""},
        {f"{OTLP}METRICS_ENDPOINT": "http://collector:4318"},
        {**ENDPOINT, "OTEL_TRACES_EXPORTER": "none"},
        {**ENDPOINT, "OTEL_SDK_DISABLED": "true"},
        {**ENDPOINT, "OTEL_SDK_DISABLED": "True", "OTEL_BSP_SCHEDULE_DELAY": "never"},
    ],
)
def test_off(environ: dict[str, str]) -> None:
    assert settings_of(environ) is None


@pytest.mark.parametrize(
    ("environ", "shown"),
    [
        (ENDPOINT, "http://collector:4318 (http/protobuf)"),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, "http://localhost:4318 (http/protobuf)"),
        ({"OTEL_TRACES_EXPORTER": "console"}, "console"),
        (
            {**ENDPOINT, f"{OTLP}TRACES_ENDPOINT": "https://other/v1/traces"},
            "https://other/v1/traces (http/protobuf)",
        ),
        (
            {f"{OTLP}ENDPOINT": "https://me:hunter2@collector/x?key=hunter2#hunter2"},
            "https://collector/x (http/protobuf)",
        ),
        ({**ENDPOINT, f"{OTLP}PROTOCOL": "grpc"}, "http://collector:4318 (grpc)"),
        ({f"{OTLP}ENDPOINT": "c:4317", f"{OTLP}PROTOCOL": "grpc"}, "c:4317 (grpc)"),
        (
            {**ENDPOINT, f"{OTLP}PROTOCOL": "grpc", f"{OTLP}TRACES_PROTOCOL": "http/protobuf"},
            "http://collector:4318 (http/protobuf)",
        ),
        (
            {"OTEL_TRACES_EXPORTER": "otlp", f"{OTLP}PROTOCOL": "grpc"},
            "http://localhost:4317 (grpc)",
        ),
    ],
)
def test_where_to(environ: dict[str, str], shown: str) -> None:
    assert str(settings_of(environ)) == shown


PLAIN: Final = {"HTTP_PROXY": "http://me:hunter2@plain:1"}
SECURE: Final = {"https_proxy": "secure:2"}
GRPC: Final = {f"{OTLP}PROTOCOL": "grpc"}


@pytest.mark.parametrize(
    ("endpoint", "further", "proxy"),
    [
        ("http://collector:4318", {}, "http://plain:1"),
        ("https://collector:4318", {}, "http://secure:2"),
        ("http://collector:4318", {"NO_PROXY": "*.example, collector."}, None),
        ("http://collector:4318", {"NO_PROXY": "r, xcollector, collector:1"}, "http://plain:1"),
        ("http://127.0.0.1:4318", {}, None),
        ("http://[::1]:4318", {}, None),
        ("https://agent.localhost:4318", {}, None),
        ("http://collector:4317", GRPC, "http://plain:1"),
        ("https://collector:4317", GRPC, "http://secure:2"),
        ("collector:4317", GRPC, "http://secure:2"),
        ("collector:4317", {**GRPC, f"{OTLP}INSECURE": "True"}, "http://plain:1"),
        ("localhost:4317", GRPC, None),
        ("http://collector:4318", {"OTEL_TRACES_EXPORTER": "console"}, None),
    ],
)
def test_which_proxy_leads_there(endpoint: str, further: dict[str, str], proxy: str | None) -> None:
    settings = settings_of({**PLAIN, **SECURE, f"{OTLP}ENDPOINT": endpoint, **further})
    assert settings is not None
    assert (None if settings.proxy is None else str(settings.proxy.url)) == proxy
    assert (f" through {proxy}" in str(settings)) is (proxy is not None)
    assert "hunter2" not in f"{settings} {settings!r}"


def test_a_proxy_that_does_not_lead_there_may_be_anything() -> None:
    local = {f"{OTLP}ENDPOINT": "http://localhost:4318", "HTTP_PROXY": "socks5://proxy"}
    assert settings_of(local) is not None
    assert settings_of({**ENDPOINT, "HTTPS_PROXY": "socks5://proxy"}) is not None


def test_sizes_and_sampler() -> None:
    assert settings_of(ENDPOINT) == Settings(
        endpoint="http://collector:4318", sampler=None, capacity=2048, batch=512, delay=5.0
    )
    given = {
        "OTEL_BSP_MAX_QUEUE_SIZE": "10",
        "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "5",
        "OTEL_BSP_SCHEDULE_DELAY": "250",
        "OTEL_TRACES_SAMPLER": "traceidratio",
        "OTEL_TRACES_SAMPLER_ARG": "0.25",
    }
    assert settings_of({**ENDPOINT, **given}) == Settings(
        endpoint="http://collector:4318",
        sampler="traceidratio",
        ratio=0.25,
        capacity=10,
        batch=5,
        delay=0.25,
    )


def test_all_that_is_good_is_taken() -> None:
    good = {
        f"{OTLP}HEADERS": "authorization=Basic%20aHVudGVyMg==, x-tenant=noc,",
        f"{OTLP}TIMEOUT": "2.5",
        f"{OTLP}TRACES_COMPRESSION": "gzip",
        f"{OTLP}INSECURE": "True",
        "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=lab,a=b=c",
    }
    assert settings_of({**ENDPOINT, **good}) is not None
    for name in SAMPLERS:
        settings = settings_of({**ENDPOINT, "OTEL_TRACES_SAMPLER": name})
        assert settings is not None
        assert settings.sampler == name


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("OTEL_SDK_DISABLED", "1", '"1" is not allowed; allowed: true, false'),
        (
            "OTEL_TRACES_EXPORTER",
            "zipkin",
            '"zipkin" is not allowed; allowed: otlp, console, none',
        ),
        (
            f"{OTLP}PROTOCOL",
            "http/json",
            '"http/json" is not allowed; allowed: http/protobuf, grpc',
        ),
        *(
            (
                f"{OTLP}ENDPOINT",
                value,
                "the value (not shown) is not allowed; allowed: http(s)://HOST[:PORT][/PATH]",
            )
            for value in ("collector:4318", "ftp://c", "http://", "http://c:x", "http://c d", "x")
        ),
        (f"{OTLP}COMPRESSION", "br", '"br" is not allowed; allowed: none, gzip, deflate'),
        (f"{OTLP}INSECURE", "yes", '"yes" is not allowed; allowed: true, false'),
        *(
            (f"{OTLP}TIMEOUT", value, f'"{value}" is not allowed; allowed: seconds above 0')
            for value in ("soon", "0", "-1", "nan", "inf")
        ),
        (f"{OTLP}CERTIFICATE", "/nowhere/ca.pem", FILE_MISSING),
        (f"{OTLP}TRACES_CLIENT_CERTIFICATE", "/nowhere/cert.pem", FILE_MISSING),
        (f"{OTLP}CLIENT_KEY", "/nowhere/key.pem", f"needs {OTLP}CLIENT_CERTIFICATE besides"),
        *(
            (
                "OTEL_RESOURCE_ATTRIBUTES",
                value,
                (
                    "the value (not shown) is not allowed; "
                    "allowed: KEY=VALUE, several with commas between them"
                ),
            )
            for value in ("hunter2", "a=b,hunter2", "=hunter2", "a=hunter2\udcff")
        ),
        (
            "OTEL_TRACES_SAMPLER",
            "jaeger_remote",
            f'"jaeger_remote" is not allowed; allowed: {", ".join(SAMPLERS)}',
        ),
        *(
            (name, value, f'"{value}" is not allowed; allowed: a whole number above 0')
            for name in ("OTEL_BSP_MAX_QUEUE_SIZE", "OTEL_BSP_SCHEDULE_DELAY")
            for value in ("0", "-5", "many", "1.5", "1e3")
        ),
    ],
)
def test_a_bad_value_is_one_line(name: str, value: str, message: str) -> None:
    assert refused({**ENDPOINT, name: value}) == [f"environment: {name}: {message}"]


@pytest.mark.parametrize("ratio", ["-0.1", "1.1", "some", "nan"])
def test_a_bad_ratio(ratio: str) -> None:
    variables = {"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": ratio}
    assert refused({**ENDPOINT, **variables}) == [
        (
            f'environment: OTEL_TRACES_SAMPLER_ARG: "{ratio}" is not allowed; '
            "allowed: a number from 0 to 1"
        )
    ]


@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
def test_certificates_are_tried(protocol: str, tmp_path: Path) -> None:
    tls = Authority(tmp_path).shown(tmp_path)
    whole, empty = tmp_path / "whole.pem", tmp_path / "empty.pem"
    whole.write_bytes(
        Path(tls.cert_file or "").read_bytes() + Path(tls.key_file or "").read_bytes()
    )
    empty.touch()
    asked = {**ENDPOINT, f"{OTLP}PROTOCOL": protocol}
    client = {
        f"{OTLP}CLIENT_CERTIFICATE": str(tls.cert_file),
        f"{OTLP}CLIENT_KEY": str(tls.key_file),
    }
    assert settings_of({**asked, f"{OTLP}CERTIFICATE": str(tls.ca_file), **client}) is not None
    (line,) = refused({**asked, f"{OTLP}CERTIFICATE": str(empty)})
    assert line.startswith(
        f"environment: {OTLP}CERTIFICATE: no certificate or key that can be used"
    )
    (line,) = refused({**asked, **client, f"{OTLP}CLIENT_KEY": str(tls.ca_file)})
    assert line.startswith(f"environment: {OTLP}CLIENT_CERTIFICATE: no certificate or key that")
    both_in_one = {**asked, f"{OTLP}CLIENT_CERTIFICATE": str(whole)}
    if protocol == "grpc":
        (line,) = refused(both_in_one)
        assert line == f"environment: {OTLP}CLIENT_CERTIFICATE: needs {OTLP}CLIENT_KEY besides"
    else:
        assert settings_of(both_in_one) is not None


def test_every_mistake_is_told_at_once() -> None:
    mistakes = {f"{OTLP}TIMEOUT": "x", "OTEL_TRACES_SAMPLER": "x", f"{OTLP}PROTOCOL": "x"}
    assert len(refused({**ENDPOINT, **mistakes})) == 3
