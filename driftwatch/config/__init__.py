"""YAML into monitors, every mistake at once."""

from driftwatch.config.changes import Change, ChangeKind, compare_identities
from driftwatch.config.loading import Config, load_config, parse_config
from driftwatch.config.mistakes import ConfigMistakesError, Mistake, Place
from driftwatch.config.schema import build_schema
from driftwatch.config.starter import StarterFacts, write_starter
from driftwatch.config.values import parse_duration, parse_moment, parse_zone

__all__ = [
    "Change",
    "ChangeKind",
    "Config",
    "ConfigMistakesError",
    "Mistake",
    "Place",
    "StarterFacts",
    "build_schema",
    "compare_identities",
    "load_config",
    "parse_config",
    "parse_duration",
    "parse_moment",
    "parse_zone",
    "write_starter",
]
