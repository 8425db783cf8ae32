"""A study's settings: the one place for their names, defaults, rules and the messages about mistakes.

One TOML file is one study. `load` reads it into a frozen `StudyConfig` or raises a `ConfigError` that lists
every mistake at once. Inside:

    hyperparameters.py   SETTINGS: the six hyperparameters, their rules, how an entry of [space] is read
    tables.py            the tables [data], [network], [space], [search]
    study.py             StudyConfig: describing, comparing and changing it
    files.py             finding, reading and writing TOML files
    messages.py          ConfigError, and what a mistake is told like
"""

from hpsearch.config.files import load, resolve, to_toml
from hpsearch.config.hyperparameters import SETTINGS, Entry, Setting
from hpsearch.config.messages import ConfigError
from hpsearch.config.study import NOT_COMPARED, StudyConfig, differences
from hpsearch.config.tables import BUNDLED, DataConfig, NetworkConfig, SearchConfig, SpaceConfig, SurveyConfig

__all__ = [
    "BUNDLED",
    "NOT_COMPARED",
    "SETTINGS",
    "ConfigError",
    "DataConfig",
    "Entry",
    "NetworkConfig",
    "SearchConfig",
    "Setting",
    "SpaceConfig",
    "StudyConfig",
    "SurveyConfig",
    "differences",
    "load",
    "resolve",
    "to_toml",
]
