"""The configuration in force as YAML that anybody may read: what ``load`` takes, less secrets."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final
from urllib.parse import urlsplit

from msgspec import NODEFAULT, Struct
from msgspec.structs import fields

from exporter.config.schema import Config
from exporter.config.values import Duration, Secret
from exporter.config.yaml.tree import EXPONENT
from exporter.model.redaction import HIDDEN

_MILLISECONDS: Final = 1000
_EMPTY: Final[tuple[object, ...]] = (None, "", (), {}, Secret(""))


def encode(config: Config) -> str:
    """Write a configuration as it is in force: YAML with every key that has a value, defaults too.

    In the place of a secret is ``<secret>``, and files that hold one are named as they are.
    """
    import yaml  # noqa: PLC0415  # a sidecar that nobody asks needs none: 15 ms

    class Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]  # either
        """Quotes a text that ``load`` would take for a number."""

    Dumper.add_implicit_resolver("tag:yaml.org,2002:float", EXPONENT, list("-+0123456789"))
    text: str = yaml.dump(
        _plain(config), Dumper=Dumper, sort_keys=False, allow_unicode=True, width=1000
    )
    return text


def _plain(value: object) -> object:
    """What YAML has a form for."""
    match value:
        case Secret():
            return HIDDEN
        case Duration():
            return _spelled(value)
        case Struct():
            return dict(_pairs(value))
        case Mapping():
            return {key: _plain(one) for key, one in value.items()}
        case tuple():
            return [_plain(one) for one in value]
        case _:
            return value


def _pairs(struct: Struct) -> list[tuple[str, object]]:
    """Its keys with their values, less those that are neither set nor have a default."""
    return [
        (field.encode_name, _without_user(value) if field.name == "proxy_url" else _plain(value))
        for field in fields(struct)
        if (value := getattr(struct, field.name)) not in _EMPTY
        or field.default not in (*_EMPTY, NODEFAULT)
    ]


def _spelled(duration: Duration) -> str:
    """The usual form, or as many decimals as it takes."""
    usual = str(duration)
    if Duration.parse(usual) == duration:
        return usual
    return f"{(Decimal(repr(float(duration))) * _MILLISECONDS).normalize():f}ms"


def _without_user(url: Secret) -> str:
    parts = urlsplit(url.reveal())
    host = parts.netloc.rpartition("@")[2]
    user = f"{HIDDEN}@" if "@" in parts.netloc else ""
    return parts._replace(netloc=f"{user}{host}").geturl()
