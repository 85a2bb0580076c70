"""The configuration: a YAML file and the environment, decoded into frozen typed structs."""

from exporter.config.files import secret_file_of, secret_of
from exporter.config.load import LoadedConfig, Read, digest_of, load, read, source_of
from exporter.config.problems import ConfigError, Places, Problem, describe
from exporter.config.schema import Auth, Config, Target
from exporter.config.values import Duration, Secret

__all__ = [
    "Auth",
    "Config",
    "ConfigError",
    "Duration",
    "LoadedConfig",
    "Places",
    "Problem",
    "Read",
    "Secret",
    "Target",
    "describe",
    "digest_of",
    "load",
    "read",
    "secret_file_of",
    "secret_of",
    "source_of",
]
