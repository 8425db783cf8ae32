"""A study's settings: the one place for their names, defaults, rules and the messages about mistakes.

One TOML file is one study. `load_config` reads it into a frozen `StudyConfig` or raises a `ConfigError` that lists
every mistake at once. Inside:

    hyperparameters.py   HYPERPARAMETERS: those of training and of the network
    kinds.py             what a hyperparameter is: of numbers, of words, the hidden layers
    entries.py           how an entry of [space] is read
    space.py             the table [space]
    fields.py            how the settings of a table are declared
    data.py              the table [data]
    tables.py            the tables [network], [search], [survey]
    study.py             StudyConfig: describing, comparing and changing it; its settings as the engine takes them
    files.py             finding and reading TOML files
    writing.py           a study as TOML
    function_space.py    the space of a function's survey, and what its TOML says of it
    arguments.py         what a caller may give to a function
    messages.py          ConfigError, and how a mistake is reported
    digits.py            how many digits of a number are shown
    shell.py             a command in a message
"""

from hpsearch.config.data import BUNDLED, DataConfig
from hpsearch.config.entries import Entry
from hpsearch.config.files import config_of, load_config, resolve
from hpsearch.config.hyperparameters import HYPERPARAMETERS
from hpsearch.config.kinds import Hyperparameter
from hpsearch.config.messages import ConfigError, StoredConfigError
from hpsearch.config.space import SpaceConfig
from hpsearch.config.study import NOT_COMPARED, StudyConfig, differences
from hpsearch.config.tables import NetworkConfig, SearchConfig, SurveyConfig
from hpsearch.config.writing import refined_toml, to_toml

__all__ = [
    "BUNDLED",
    "HYPERPARAMETERS",
    "NOT_COMPARED",
    "ConfigError",
    "DataConfig",
    "Entry",
    "Hyperparameter",
    "NetworkConfig",
    "SearchConfig",
    "SpaceConfig",
    "StoredConfigError",
    "StudyConfig",
    "SurveyConfig",
    "config_of",
    "differences",
    "load_config",
    "refined_toml",
    "resolve",
    "to_toml",
]
