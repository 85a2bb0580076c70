"""What a struct's other keys say of a key that was left out."""

from collections.abc import Collection, Mapping

from msgspec import Struct

from exporter.config.auth_schemes import SCHEMES
from exporter.config.problems import Problem
from exporter.config.schema import Auth


def inferred(build: type[Struct], given: Collection[str]) -> Mapping[str, object] | Problem:
    """Say what goes without saying beside the keys that a struct is given.

    It gives further keys, or what is wrong where it is not clear what they should be.
    """
    return _auth_type(given) if build is Auth and "type" not in given else {}


def _auth_type(given: Collection[str]) -> Mapping[str, object] | Problem:
    meant = {key: _type_of(key) for key in given}
    match list(dict.fromkeys(meant.values())):
        case []:
            return {}
        case [kind]:
            return {"type": kind}
        case kinds:
            firsts = [next(key for key in meant if meant[key] == kind) for kind in kinds]
            found = " and ".join(f"{key} ({meant[key]})" for key in firsts)
            message = f"missing, and {found} do not fit together; allowed: the keys of one type"
            return Problem(("type",), message)


def _type_of(key: str) -> str:
    return next(kind for kind, scheme in SCHEMES.items() if key in scheme.keys)
