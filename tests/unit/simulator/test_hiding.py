import pytest

from exporter.simulator.hiding import shown

JWT = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJkZW1vIn0.c2ln-bmF0_dXJl"
OPAQUE = "0123456789abcdef" * 3
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.mark.parametrize(
    "name",
    [
        *("Authorization", "Proxy-Authorization", "Cookie", "X-Api-Key", "X-Auth-Token"),
        *("X-Client-Secret", "Password", "X-Credential", "X-Session-Id", "X-Access-Key"),
        *("Private-Key", "X-Passwd", "passphrase", "pwd", "api_key", "X-Pass-Word", "SIGNATURE"),
        *("access_token", "id-token", "X-JWT"),
    ],
)
def test_names_of_secrets(name: str) -> None:
    assert shown("value-5", name) == "[hidden]"


@pytest.mark.parametrize(
    "name", ["traceparent", "X-Tenant", "User-Agent", "Accept", "limit", "slice_type", "Host", ""]
)
def test_names_of_what_is_no_secret(name: str) -> None:
    assert shown("value-5", name) == "value-5"


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (JWT, "[hidden]"),
        (f"/v1/orchestrator/intents/{JWT}", "/v1/orchestrator/intents/[hidden]"),
        (f"probe/1 ({JWT})", "probe/1 ([hidden])"),
        (JWT.partition(".")[0], "[hidden]"),
        (OPAQUE, "[hidden]"),
        (f"x {OPAQUE.upper()} y", "x [hidden] y"),
        ("Bearer abc.def", "Bearer [hidden]"),
        ("basic ZGVtbzpkZW1v", "basic [hidden]"),
        (
            "https://h.example/login?user=demo&password=hunter2&x=1#f",
            "https://h.example/login?user=demo&password=[hidden]&x=1#f",
        ),
        ("https://demo:hunter2@h.example/", "https://[hidden]@h.example/"),
        ("next=%2Flogin%3Faccess_token%3Dhunter2", "next=%2Flogin%3Faccess_token%3D[hidden]"),
        ('for=1.2.3.4;api-key="hunter2"', 'for=1.2.3.4;api-key="[hidden]"'),
        ("a=1;my-key-2=hunter2,b=2", "a=1;my-key-2=[hidden],b=2"),
        ("monkey", "monkey"),
        (TRACE, TRACE),
        # As long as a header may be: what takes more than a look at each letter does not end.
        pytest.param("key" * 2700, "key" * 2700, id="long"),
        pytest.param("key-" * 2000 + "=a", "key-" * 2000 + "=[hidden]", id="long name"),
        ("oran-mano-exporter/0.1 (demo)", "oran-mano-exporter/0.1 (demo)"),
        ("/v1/orchestrator/intents?limit=5", "/v1/orchestrator/intents?limit=5"),
        ("\udcff\u00e9", "?\u00e9"),
    ],
)
def test_looks_of_secrets(value: str, told: str) -> None:
    assert shown(value, "Referer") == told
