# Messages are asserted whole, as a user sees them.
# ruff: noqa: E501
import dataclasses
import json
import math
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hpsearch.config import HYPERPARAMETERS, ConfigError, StudyConfig, load_config, refined_toml, resolve, to_toml
from hpsearch.config.data import BUNDLED, DataConfig
from hpsearch.config.files import config_of
from hpsearch.config.hyperparameters import reach
from hpsearch.config.messages import listed
from hpsearch.config.space import SpaceConfig
from hpsearch.config.study import NOT_COMPARED, differences
from hpsearch.config.tables import SearchConfig
from hpsearch.config.writing import described_toml
from hpsearch.engine.settings import Hyperparameters
from hpsearch.space import Choice, Float, Int

STUDIES = Path(__file__).parent.parent / "studies"
NAMES = ["learning_rate", "iterations", "momentum", "l2", "batch_size", "init_scale"]
OF_NETWORK = ["width", "depth", "hidden", "activation", "init"]


@pytest.fixture
def study(tmp_path):
    def write(text, name="study.toml"):
        file = tmp_path / name
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return file

    return write


def problems(file):
    with pytest.raises(ConfigError, match="problem") as caught:
        load_config(file)
    return caught.value.problems


# --- what a file may leave out ---


def test_an_empty_file_is_the_reference_study_named_after_the_file(study):
    config = load_config(study("", "petals é.toml"))
    assert config == StudyConfig(name="petals é")
    assert config.space == SpaceConfig.reference()
    assert list(config.space.dimensions) == NAMES
    assert list(config.fixed) == ["hidden", "activation", "init"]


def test_the_reference_space_is_the_table_of_settings():
    assert [setting.name for setting in HYPERPARAMETERS] == NAMES + OF_NETWORK == list(SpaceConfig.model_fields)
    assert "".join(setting.symbol for setting in HYPERPARAMETERS) == "αTμλBσnL"
    for setting in HYPERPARAMETERS:
        assert not setting.faults(setting.default)
        assert SpaceConfig.reference().dimensions.get(setting.name) == setting.reference
        default = setting.default if setting.name in NAMES else None
        assert SpaceConfig.model_fields[setting.name].default == default


def test_the_engine_trains_the_same_hyperparameters_in_the_same_order():
    of_engine = [field.name for field in dataclasses.fields(Hyperparameters)]
    assert of_engine == [h.name for h in HYPERPARAMETERS if h.name not in ("width", "depth")]


def test_what_a_proposed_range_may_reach_is_allowed():
    for hyperparameter in HYPERPARAMETERS:
        for end in hyperparameter.limits:
            assert math.isinf(end) or not hyperparameter.faults(hyperparameter.natural(end))
    assert {h.name: h.limits for h in HYPERPARAMETERS if h.kind != "text"} == {
        "learning_rate": (1e-6, math.inf),
        "iterations": (1, 10_000_000),
        "momentum": (0.0, 0.999),
        "l2": (0.0, math.inf),
        "batch_size": (1, 10_000_000),
        "init_scale": (1e-6, math.inf),
        "width": (1, 65_536),
        "depth": (1, 16),
    }


def test_a_mini_batch_reaches_the_number_of_examples_or_what_is_allowed():
    reached = [reach({}, **examples)["batch_size"] for examples in ({}, {"examples": 90}, {"examples": 10**8})]
    assert reached == [(1, 10_000_000), (1, 90), (1, 10_000_000)]


def test_a_hyperparameter_left_out_of_a_space_is_fixed(study):
    config = load_config(study("[space]\nmomentum = {low = 0, high = 0.5}\niterations = 70\nl2 = 0"))
    assert dict(config.space.dimensions) == {"momentum": Float(0.0, 0.5)}
    fixed = {name: value for name, value in config.fixed.items() if name in NAMES}
    assert fixed == {
        "learning_rate": 0.1,
        "iterations": 70,
        "l2": 0.0,
        "batch_size": 32,
        "init_scale": 0.1,
    }
    assert [type(value) for value in fixed.values()] == [float, int, float, int, float]


def test_entries_take_the_kind_of_their_hyperparameter(study):
    space = load_config(
        study(
            "[space]\nlearning_rate = {low = 1, high = 2}\niterations = {low = 5, high = 9, log = true}\n"
            "momentum = {choices = [0.9, 0]}\nbatch_size = {choices = [64, 16]}"
        )
    ).space
    assert space.learning_rate == Float(1.0, 2.0)
    assert type(space.learning_rate.low) is float
    assert space.iterations == Int(5, 9, log=True)
    assert space.momentum == Choice((0.0, 0.9))
    assert space.batch_size == Choice((16, 64))


def test_zero_has_no_sign_in_a_study(study):
    config = load_config(study("[space]\nmomentum = {low = -0.0, high = 0.9}\nl2 = -0.0"))
    assert "-0" not in to_toml(config)
    assert config.settings({"momentum": -0.0}) == config.settings({"momentum": 0.0})
    assert str(config.settings({"momentum": -0.0}).momentum) == "0.0"


def test_the_largest_value_is_the_upper_bound_of_any_entry():
    space = SpaceConfig(momentum=Float(0.1, 0.5), batch_size=Choice((64, 8)), iterations=Int(5, 9), l2=3)
    assert [space.largest(name) for name in ("momentum", "batch_size", "iterations", "l2")] == [0.5, 64, 9, 3.0]


@pytest.mark.parametrize(
    ("given", "seeds"),
    [("3", (0, 1, 2)), ("1", (0,)), ("[7]", (7,)), ("[5, 0, 4294967295]", (5, 0, 2**32 - 1))],
)
def test_seeds_are_a_count_or_a_list(study, given, seeds):
    assert load_config(study(f"[search]\nseeds = {given}")).search.seeds == seeds


def test_data_files_are_relative_to_the_study(study, tmp_path, monkeypatch):
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "a.csv").touch()
    file = study('[data]\nsource = "csv:tables/../tables/a.csv"\ntarget = "y"')
    monkeypatch.chdir(tmp_path / "tables")
    for path in (file, os.path.relpath(file)):
        assert load_config(path).data.source == f"csv:{tmp_path}/tables/a.csv"
    assert DataConfig(source="csv:b.csv", target="y").source == f"csv:{tmp_path}/tables/b.csv"
    file = study('[data]\nsource = "csv:tables/a.csv"\ntest = "csv:tables/a.csv"\ntarget = "y"')
    config = load_config(file)
    assert config.data.test == config.data.source == f"csv:{tmp_path}/tables/a.csv"
    assert config.with_overrides(**{"data.test": 0.1}).data.test == 0.1
    assert config.with_overrides(**{"data.test": "csv:a.csv"}).data.test == f"csv:{tmp_path}/tables/a.csv"
    with pytest.raises(ConfigError, match=r"data.test: names a file that does not exist .*did you mean \"a.csv\"\?"):
        config.with_overrides(**{"data.test": "csv:aa.csv"})


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(study):
    assert load_config(study(b"\xef\xbb\xbf[search]\r\ntrials = 5\r\n")).search.trials == 5


@pytest.mark.parametrize("name", ["digits", "Ω 1.2_b-c", "हिन्दी", "数" * 60, "x" * 100])
def test_names_of_any_script_are_kept(name):
    assert StudyConfig.from_description({"name": name}).name == name


# --- mistakes ---

SEEDS = "how many (1 to 1,000) or a list of different whole numbers from 0 to 4,294,967,295"
TEST = 'give a share from 0 to below 1, or the file of the test examples, as in "csv:test.csv"'
MISTAKES = [
    ("tials = 3", 'tials: is not a known key (given: 3); did you mean "trials" in [search]?'),
    ("learning_rate = 0.1", "learning_rate: is not a known key (given: 0.1); it belongs in [space]"),
    ("seed = 1", "seed: is not a known key (given: 1); it belongs in [data] or in [search] or in [survey]"),
    (
        "[data]\nname = 'x'",
        'data.name: is not a known key (given: "x"); it belongs at the top, above the first table',
    ),
    ("[serach]\nx = 1", 'serach: is not a known key (given: {x = 1}); did you mean "search"?'),
    (
        "'a b' = 1",
        '"a b": is not a known key (given: 1); known here: name, question, answer, data, network, space, search, survey',
    ),
    (
        "[space]\nalpha = 1\nl2 = {low = 0, high = 1}",
        'space.alpha: is not a known key (given: 1); did you mean "learning_rate"?',
    ),
    ("lr = 1", 'lr: is not a known key (given: 1); did you mean "learning_rate" in [space]?'),
    (
        "[space]\nlambda = 1\nl2 = {low = 0, high = 1}",
        'space.lambda: is not a known key (given: 1); did you mean "l2"?',
    ),
    (
        "[search]\nepochs = 20",
        'search.epochs: is not a known key (given: 20); did you mean "iterations" in [space]? one iteration is one update on '
        "one mini-batch: iterations = epochs × training examples / batch_size",
    ),
    (
        "[space]\nbatch = 8\nl2 = {low = 0, high = 1}",
        'space.batch: is not a known key (given: 8); did you mean "batch_size"? it belongs in [search]',
    ),
    ("name = 'a/b'", "name: has '/' in it (given: \"a/b\"); use letters, digits, space, - _ and ."),
    ("name = '../x'", "name: has '/' in it (given: \"../x\"); use letters, digits, space, - _ and ."),
    (
        'name = "a\\u0000"',
        "name: has '\\x00' in it (given: \"a\\u0000\"); use letters, digits, space, - _ and .",
    ),
    ("name = ''", 'name: has the wrong length (given: ""); use 1 to 100 characters, at most 200 bytes'),
    ("name = '.x'", 'name: begins or ends badly (given: ".x"); use no space or . at the ends'),
    (
        "name = 'a.survey'",
        'name: ends in .survey (given: "a.survey"); that ending belongs to the study\'s own survey',
    ),
    (
        "name = 'a.Profiles'",
        'name: ends in .profiles (given: "a.Profiles"); that ending belongs to the study\'s own profiles',
    ),
    ("name = 3", "name: must be text (given: 3)"),
    ("data = 5", "data: must be a table (given: 5); begin it with [data], or in Python give a dict"),
    (
        "[data]\nsource = 'digit'",
        'data.source: is not a known data set (given: "digit"); did you mean "digits"? bundled: digits, breast_cancer, wine, '
        'iris, diabetes, flower, moons; or give "csv:PATH" or "parquet:PATH"',
    ),
    (
        "[data]\nsource = 'csv:'",
        'data.source: is not a known data set (given: "csv:"); bundled: digits, breast_cancer, wine, iris, diabetes, flower, '
        'moons; or give "csv:PATH" or "parquet:PATH"',
    ),
    ("[data]\ntarget = 'y'", 'data.target: does not apply to the bundled digits (given: "y"); remove it'),
    (
        "[data]\ntask = 'regresion'",
        'data.task: is not one of the values (given: "regresion"); did you mean "regression"? use "auto", '
        '"classification", "regression"',
    ),
    ("[data]\nvalidation = 0", "data.validation: must be above 0.0 (given: 0); give a share between 0 and 1"),
    (
        "[data]\nvalidation = nan",
        "data.validation: must be finite (given: nan); give a share between 0 and 1",
    ),
    (
        "[data]\nvalidation = true",
        "data.validation: must be a number (given: true); give a share between 0 and 1",
    ),
    (
        "[data]\nvalidation = 0.8",
        "data.test: leaves nothing to train on (given: 0.2); keep validation + test below 1 (validation is 0.8)",
    ),
    ("[data]\ntest = '0.1'", f'data.test: is neither a share nor a file (given: "0.1"); {TEST}'),
    ("[data]\ntest = 1", f"data.test: must be from 0 to below 1 (given: 1); {TEST}"),
    ("[data]\ntest = nan", f"data.test: must be from 0 to below 1 (given: nan); {TEST}"),
    ("[data]\ntest = true", f"data.test: must be a number or a file (given: true); {TEST}"),
    (
        "[data]\ntest = 'csv:t.csv'",
        'data.test: is a file, and the source is none (given: "csv:t.csv"); give a share from 0 to below 1',
    ),
    (
        "[data]\nseed = -1",
        "data.seed: must be at least 0 (given: -1); give a whole number from 0 to 4,294,967,295",
    ),
    (
        "[network]\nhidden = 32",
        "network.hidden: must be a list (given: 32); give 1 to 16 widths of hidden layers, each from 1 to 65,536, as in "
        "[32] or [64, 32]",
    ),
    (
        "[network]\nhidden = []",
        "network.hidden: has too few entries (given: []); give 1 to 16 widths of hidden layers, each from 1 to 65,536, "
        "as in [32] or [64, 32]",
    ),
    (
        "[network]\nhidden = [0]",
        "network.hidden[0]: must be at least 1 (given: 0); give 1 to 16 widths of hidden layers, each from 1 to 65,536, "
        "as in [32] or [64, 32]",
    ),
    (
        "[network]\nhidden = [8, 65_537]",
        "network.hidden[1]: must be at most 65,536 (given: 65537); give 1 to 16 widths of hidden layers, each from 1 to "
        "65,536, as in [32] or [64, 32]",
    ),
    (
        "[network]\nactivation = 'TANH'",
        'network.activation: is not one of the values (given: "TANH"); did you mean "tanh"? use "tanh", "relu", "sigmoid"',
    ),
    ("space = 1", "space: must be a table (given: 1); begin it with [space], or in Python give a dict"),
    (
        "[space]",
        "space: is empty: no hyperparameter varies; give a hyperparameter a range: learning_rate = {low = 0.001, "
        "high = 1.0, log = true}",
    ),
    (
        "[space]\nmomentum = 'big'",
        'space.momentum: must be a table or a number (given: "big"); give {low = ..., high = ...}, {choices = [...]} '
        "or a number",
    ),
    (
        "[space]\nmomentum = {low = 0.5}",
        "space.momentum.high: is missing; give {low = ..., high = ...}, {choices = [...]} or a number",
    ),
    (
        "[space]\nmomentum = {low = 0.5, high = 0.5}",
        "space.momentum.low: must be less than high (given: {low = 0.5, high = 0.5}); give a plain number to fix it",
    ),
    (
        "[space]\nmomentum = {low = 0.5, high = 1}",
        "space.momentum.high: is outside the values allowed (given: 1); momentum is a number, at least 0, below 1",
    ),
    (
        "[space]\nl2 = {low = 0.0, high = 1.0, log = true}",
        "space.l2.low: must be above 0 where log = true (given: 0.0); raise low or drop log",
    ),
    (
        "[space]\nl2 = {low = 0.0, high = 1.0, log = 1}",
        "space.l2.log: must be true or false (given: 1); drop it for a linear range",
    ),
    (
        "[space]\nl2 = {low = 0.0, high = 1.0, logg = true}",
        'space.l2.logg: is not a known key (given: true); did you mean "log"?',
    ),
    (
        "[space]\nl2 = {min = 0.0, low = 0, high = 1.0}",
        'space.l2.min: is not a known key (given: 0.0); did you mean "low"?',
    ),
    (
        "[space]\nlearning_rate = {low = 0.1, high = inf}",
        "space.learning_rate.high: must be finite (given: inf); learning_rate is a number, above 0",
    ),
    (
        "[space]\nlearning_rate = {low = 0, high = 1}",
        "space.learning_rate.low: is outside the values allowed (given: 0); learning_rate is a number, above 0",
    ),
    (
        "[space]\niterations = {low = 1, high = 100.0}",
        "space.iterations.high: must be a whole number (given: 100.0); iterations is a whole number, at least 1, at most "
        "10,000,000",
    ),
    (
        "[space]\niterations = true",
        "space.iterations: must be a whole number (given: true); iterations is a whole number, at least 1, at most "
        "10,000,000",
    ),
    (
        "[space]\nbatch_size = {choices = [16, 32.0]}",
        "space.batch_size.choices[1]: must be a whole number (given: 32.0); batch_size is a whole number, at least 1, "
        "at most 10,000,000",
    ),
    (
        "[space]\nbatch_size = {choices = [16]}",
        "space.batch_size.choices: needs at least two values (given: [16]); give a plain value to fix it",
    ),
    (
        "[space]\nmomentum = {choices = [0, 0.0]}",
        "space.momentum.choices: has a value twice (given: [0, 0.0]); give each value once",
    ),
    (
        "[space]\nmomentum = {choices = 0.5}",
        "space.momentum.choices: must be a list (given: 0.5); give at least two values in [ ]",
    ),
    (
        "[space]\nmomentum = {choices = [0, 0.5], log = true}",
        "space.momentum: has choices and log (given: {choices = [0, 0.5], log = true}); give {low = ..., high = ...}, "
        "{choices = [...]} or a number",
    ),
    (
        "[search]\ntrials = 0",
        "search.trials: must be at least 1 (given: 0); give a whole number from 1 to 10,000,000",
    ),
    (
        "[search]\ntrials = 2.0",
        "search.trials: must be a whole number (given: 2.0); give a whole number from 1 to 10,000,000",
    ),
    (
        "[search]\ntrials = true",
        "search.trials: must be a whole number (given: true); give a whole number from 1 to 10,000,000",
    ),
    (
        "[search]\ntrials = 2020-01-01",
        "search.trials: must be a whole number (given: 2020-01-01); give a whole number from 1 to 10,000,000",
    ),
    (
        "[search]\nsampler = 'tpee'",
        'search.sampler: is not one of the values (given: "tpee"); did you mean "tpe"? use "tpe", "random", "qmc", "grid", '
        '"cmaes", "gp"',
    ),
    ("[search]\nseeds = 0", "search.seeds: must be from 1 to 1,000 (given: 0); give " + SEEDS),
    ("[search]\nseeds = [1, 1]", "search.seeds: has a seed twice (given: [1, 1]); give " + SEEDS),
    ("[search]\nseeds = [1, -1]", "search.seeds[1]: is no seed (given: -1); give " + SEEDS),
    ("[search]\nseeds = true", "search.seeds: must be a whole number or a list (given: true); give " + SEEDS),
    ("[search]\nseeds = []", "search.seeds: lists 0 seeds (given: []); give " + SEEDS),
    (
        "[search]\nbatch = 0",
        "search.batch: must be at least 1 (given: 0); give a whole number from 1 to 10,000",
    ),
    (
        "[search]\ncheckpoints = 1",
        "search.checkpoints: must be at least 2 (given: 1); give a whole number from 2 to 1,000",
    ),
    ("[search]\ngrid = 1", "search.grid: must be at least 2 (given: 1); give a whole number from 2 to 1,000"),
    (
        "[survey]\neffective_step = true\n[space]\nlearning_rate = 0.1\nmomentum = {choices = [0.5, 0.9]}",
        "survey.effective_step: needs a range of learning_rate, and momentum to vary (given: {learning_rate = 0.1}); "
        "change that in [space], or leave it false",
    ),
    (
        "[survey]\neffective_step = true\n[space]\nlearning_rate = {low = 0.1, high = 0.2}",
        "survey.effective_step: needs a range of learning_rate, and momentum to vary (given: {momentum = 0.9}); "
        "change that in [space], or leave it false",
    ),
    (
        "[survey]\neffective_step = true\n[space]\nlearning_rate = {choices = [0.1, 0.2]}\n"
        "momentum = {choices = [0.5, 0.9]}",
        "survey.effective_step: needs a range of learning_rate, and momentum to vary (given: {learning_rate = "
        "{choices = [0.1, 0.2]}}); change that in [space], or leave it false",
    ),
    (
        "[survey]\neffective_step = true\n[space]\nmomentum = 2.0",
        "space.momentum: is outside the values allowed (given: 2.0); momentum is a number, at least 0, below 1",
    ),
]


@pytest.mark.parametrize(("text", "message"), MISTAKES, ids=[text for text, _ in MISTAKES])
def test_a_mistake_is_told_with_its_key_the_value_and_what_to_do(study, text, message):
    assert problems(study(text)) == (message,)


def test_a_data_file_must_exist_and_the_nearest_is_named(study, tmp_path):
    (tmp_path / "cells.csv").touch()
    found = problems(study('[data]\nsource = "csv:cell.csv"\ntarget = "y"'))
    assert found == (
        'data.source: names a file that does not exist (given: "csv:cell.csv"); did you mean "cells.csv"? '
        f"looked in {tmp_path}",
    )


@pytest.mark.parametrize("source", ["https://example.com/t.csv", "csv:https://example.com/t.csv"])
def test_an_address_is_no_data_file(study, source):
    assert problems(study(f'[data]\nsource = "{source}"\ntarget = "y"')) == (
        f'data.source: is an address, and nothing is downloaded (given: "{source}"); save the file and give its path',
    )


def test_a_data_file_needs_a_target(study, tmp_path):
    (tmp_path / "cells.csv").touch()
    assert problems(study('[data]\nsource = "csv:cells.csv"')) == (
        'data.target: is missing; name the column to predict: target = "..."',
    )


FORMATS = [
    (
        'separator = ";;"',
        'data.separator: has too many entries (given: ";;"); give one character, such as ";" or "\\t", or " " for runs of spaces',
    ),
    (
        'separator = "a"',
        'data.separator: cannot divide fields (given: "a"); give a character that is part of no name or number, such as ";" or "\\t"',
    ),
    ('decimal = ","', 'data.decimal: is the separator too (given: ","); set separator = ";"'),
    ('decimal = "x"', 'data.decimal: is not one of the values (given: "x"); use ".", ","'),
    ('missing = "?"', 'data.missing: must be a list (given: "?"); give a list of texts, as in ["", "?"]'),
    (
        'encoding = "ansi8"',
        'data.encoding: is no encoding of text (given: "ansi8"); give a name that Python knows, such as "latin-1", '
        '"cp1252", "utf-16" or "gb18030"',
    ),
    (
        'groups = "y"',
        'data.groups: is the target, or in data.drop (given: "y"); name a column that is neither the target nor left out; '
        "it is no feature anyway",
    ),
    ('incomplete = "fill"', 'data.incomplete: is not one of the values (given: "fill"); use "refuse", "drop"'),
    ('drop = "a"', 'data.drop: must be a list (given: "a"); give a list of names, as in ["id"]'),
    ('drop = ["a", "y"]', 'data.drop: names the target (given: ["a", "y"]); predict another column or keep this one'),
]


@pytest.mark.parametrize(("line", "message"), FORMATS, ids=[line for line, _ in FORMATS])
def test_a_mistake_in_how_a_file_is_read_is_told(study, tmp_path, line, message):
    (tmp_path / "cells.csv").touch()
    assert problems(study(f'[data]\nsource = "csv:cells.csv"\ntarget = "y"\n{line}\n')) == (message,)


def test_what_says_how_text_is_read_does_not_apply_where_none_is(study, tmp_path):
    (tmp_path / "cells.parquet").touch()
    keys = 'separator = ";"\ndecimal = ","\nmissing = ["?"]\nencoding = "cp1252"\ndrop = ["a"]\n'
    assert problems(study(f'[data]\nsource = "parquet:cells.parquet"\ntarget = "y"\n{keys}')) == (
        'data.separator: does not apply to a Parquet file (given: ";"); remove it',
        'data.decimal: does not apply to a Parquet file (given: ","); remove it',
        'data.encoding: does not apply to a Parquet file (given: "cp1252"); remove it',
    )
    assert [problem.split(" (given")[0] for problem in problems(study(f"[data]\n{keys}"))] == [
        f"data.{key}: does not apply to bundled data" for key in ("separator", "decimal", "missing", "encoding")
    ]


def test_a_study_stored_before_the_keys_of_a_file_were_there_goes_on(study, tmp_path):
    (tmp_path / "cells.csv").touch()
    text = '[data]\nsource = "csv:cells.csv"\ntarget = "y"\n'
    now = load_config(study(text)).describe()
    keys = ("separator", "decimal", "missing", "incomplete", "drop", "encoding", "groups", "shuffle")
    before = {**now, "data": {key: value for key, value in now["data"].items() if key not in keys}}
    assert differences(before, now) == []
    assert StudyConfig.from_description(before).describe() == now
    changed = load_config(study(text + 'missing = ["?"]\ndrop = ["a"]\n')).describe()
    assert differences(before, changed) == [("data.missing", None, ["?"]), ("data.drop", None, ["a"])]


def test_a_study_that_is_described_in_comments_reads_back_equal(study, tmp_path):
    config = rich_config(tmp_path)
    Path(config.data.source.removeprefix("csv:")).touch()
    text = described_toml(config, ["one\ntwo", "\x1b[31m"])
    assert text.startswith("# one\\u000atwo\n# \\u001b[31m\n")
    assert load_config(study(text)) == config
    assert "trials = 10000000  # number of trials\n" in text
    assert "# drop is not set: columns that are left out\n" in text
    assert "momentum = {low = 0.0, high = 0.30000000000000004, log = false}  # share of the last step" in text


def test_all_mistakes_are_reported_together(study):
    file = study(
        "lr = 1\n[data]\nsource = 'x'\nvalidation = 2\n[space]\nmomentum = {low = nan, high = 'x', log = 0}\n"
        "batch_size = 1.5\n[search]\ntrials = 0\nseeds = [-1, 'x']"
    )
    with pytest.raises(ConfigError, match=r"study\.toml: 10 problems\n  data\.source: ") as caught:
        load_config(file)
    keys = [problem.split(":")[0] for problem in caught.value.problems]
    assert keys == [
        "data.source",
        "data.validation",
        "space.momentum.low",
        "space.momentum.high",
        "space.momentum.log",
        "space.batch_size",
        "search.trials",
        "search.seeds[0]",
        "search.seeds[1]",
        "lr",
    ]
    assert str(caught.value) == "\n  ".join([f"{file}: 10 problems", *caught.value.problems])


def test_one_mistake_is_one_problem_and_speaks_no_pydantic(study):
    with pytest.raises(ConfigError, match=r"study\.toml: 1 problem\n") as caught:
        load_config(study("[search]\ntrials = 'x'"))
    assert not any(word in str(caught.value) for word in ("Value error", "pydantic", "Input should", "type="))
    assert caught.value.__cause__ is None


def test_a_config_error_can_be_pickled():
    error = pickle.loads(pickle.dumps(ConfigError("a.toml", ["x", "y"])))
    assert (error.path, error.problems) == ("a.toml", ("x", "y"))


# --- files that cannot be read ---


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"a = [1\n", r"^line 2, column 1: Unclosed array; write key = value"),
        (
            b"\nname = fast\n",
            r'^line 2, column 8: Invalid value \(given: "name = fast"\); write key = value, text in',
        ),
        (b"name = 'a'\nname = 'b'", r"^line 2, column 11: Cannot overwrite a value \(given"),
        (b"[data]\n[data]", r"^line 2, column 6: Cannot declare \[data\] twice \(given: \"\[data\]\"\)"),
        (b"[data.a]\n[data.a]", r"Cannot declare \[data\.a\] twice"),
        (b"name = 'a'\nb\xff = 1", r"^line 2, byte 2: is not UTF-8 \(given: 0xff\); save the file as UTF-8$"),
        (b"\xef\xbb\xbf\xff", r"^line 1, byte 1: is not UTF-8"),
        (b"a = " + b"[" * 20_000, r"^is nested too deeply; a study needs two levels$"),
        (b"a = " + b"[" * 150 + b"]" * 150, r"^a: is not a known key \(given: \[\[\[…\]\]\]\)"),
        (b"a = " + b"9" * 5000, r"^is not valid TOML: Exceeds the limit .*; shorten the number$"),
        (
            b"[search]\ntrials = 0x" + b"f" * 5000,
            r"must be at most 10,000,000 \(given: a whole number of 20,000 bits\)",
        ),
        (
            b"[data]\ntest = 0x" + b"f" * 5000,
            r"data.test: must be .* \(given: a whole number of 20,000 bits\)",
        ),
        (
            b"[space]\nl2 = 0x" + b"f" * 5000,
            r"space.l2: must be finite \(given: a whole number of 20,000 bits\)",
        ),
        (b"#" * 1_000_001, r"^is not a text file of at most 1 MB"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_file_that_is_no_toml_is_told_by_line_and_column(study, raw, message):
    with pytest.raises(ConfigError, match=message.replace("^", r"1 problem\n  ")):
        load_config(study(raw))


def test_a_missing_file_names_the_nearest_study(study, tmp_path):
    study("", "digits.toml")
    study("", "wine.toml")
    assert problems(tmp_path / "digit.toml") == (
        'there is no such file; did you mean "digits"? there are: digits, wine',
    )
    assert problems(tmp_path / "no" / "digits.toml") == ("there is no such file; give the path of a TOML file",)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("./.", "is a folder; give a TOML file in it"),
        (os.devnull, "is not a text file of at most 1 MB"),
        ("a\0b.toml", r"a\\u0000b.toml: 1 problem\n  is no path"),
        ("a" * 3000 + ".toml", "cannot be read: File name too long"),
        (__file__ + "/x.toml", "there is no such file"),
    ],
    ids=["folder", "device", "NUL", "long", "below a file"],
)
def test_a_path_that_is_no_file_is_refused(path, message):
    with pytest.raises(ConfigError, match=message):
        load_config(path)


def test_a_study_is_read_by_its_name_too_unless_a_file_is_called_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert load_config("digits") == load_config(STUDIES / "digits.toml")
    (tmp_path / "digits").mkdir()
    assert load_config("digits").name == "digits"
    with pytest.raises(ConfigError, match=r'no study has this name .* did you mean "digits"'):
        load_config("digit")
    (tmp_path / "wine").write_text('name = "mine"', encoding="utf-8")
    assert load_config("wine").name == "mine"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_refused(study):
    file = study("")
    file.chmod(0)
    assert problems(file) == ("cannot be read: Permission denied; check the path and its permissions",)


def outcome(file):
    try:
        return load_config(file)
    except ConfigError as error:
        return error.problems


EVERY = pytest.mark.parametrize("step", [7, pytest.param(1, marks=pytest.mark.slow)])
"""Bytes from one to the next that is tried."""


@EVERY
def test_any_byte_changed_gives_a_study_or_a_config_error(study, step):
    raw = (STUDIES / "digits.toml").read_bytes()
    generator = np.random.default_rng(5)
    outcomes = []
    for position in range(0, len(raw), step):
        changed = bytearray(raw)
        changed[position] = generator.integers(256)
        outcomes.append(outcome(study(bytes(changed))))
    assert all(outcomes)
    assert 0.1 < np.mean([isinstance(result, tuple) for result in outcomes]) < 0.9


@EVERY
def test_a_file_cut_anywhere_gives_a_study_or_a_config_error(study, step):
    raw = (STUDIES / "digits.toml").read_bytes()
    outcomes = [outcome(study(raw[:end])) for end in range(0, len(raw), step)]
    assert all(outcomes)
    assert {type(result) for result in outcomes} == {StudyConfig, tuple}


# --- finding a study ---


def test_a_name_is_found_in_the_folder_of_studies(study, tmp_path):
    file = study("", "digits.toml")
    assert resolve("digits", folder=tmp_path) == file
    assert resolve(str(file)) == file
    assert resolve("elsewhere/x") == Path("elsewhere/x")
    assert resolve("absent.toml") == Path("absent.toml")


def test_a_name_that_is_not_there_gets_the_nearest(study, tmp_path):
    study("", "digits.toml")
    study("", "wine.toml")
    message = r'no study has this name in .* \(given: "digit"\); did you mean "digits"\? there are: digits, wine$'
    with pytest.raises(ConfigError, match=message):
        resolve("digit", folder=tmp_path)
    with pytest.raises(ConfigError, match="give the path of a TOML file"):
        resolve("digit", folder=tmp_path / "nowhere")


# --- describing, writing, comparing, overriding ---


def rich_config(folder):
    return StudyConfig(
        name="Ω study.1",
        question='Is "x" \\ y?\nTab\t, bell \x07, DEL \x7f, \x85, é, 数, 🌸',
        answer="'''",
        data={
            "source": f"csv:{folder}/a b'\"#é.csv",
            "target": "the = target",
            "test": 0,
            "validation": 1e-9,
        },
        network={"hidden": [3, 2, 1], "init": "he"},
        space={
            "l2": {"choices": [1e-300, 1e300, 1, 0]},
            "iterations": {"low": 1, "high": 10_000_000, "log": True},
            "momentum": {"low": -0.0, "high": 0.1 + 0.2},
            "learning_rate": 5e-324,
        },
        search={"seeds": [3, 1, 2], "batch": 7, "sampler": "qmc", "trials": 10_000_000, "seed": 2**32 - 1},
    )


def test_toml_that_is_written_reads_back_equal(study, tmp_path):
    config = rich_config(tmp_path)
    Path(config.data.source.removeprefix("csv:")).touch()
    text = to_toml(config)
    assert load_config(study(text, "other.toml")) == config
    assert to_toml(load_config(study(text, "other.toml"))) == text


@pytest.mark.parametrize("name", ["digits", "breast_cancer", "wine", "iris", "diabetes", "flower", "moons"])
def test_the_studies_that_ship_read_back_equal(study, name):
    config = load_config(STUDIES / f"{name}.toml")
    assert config.name == config.data.source == name
    assert config.question.endswith("?")
    assert config.answer.endswith(".")
    assert load_config(study(to_toml(config))) == config
    assert StudyConfig.from_description(json.loads(json.dumps(config.describe()))) == config


def test_the_default_study_is_the_reference(study):
    config = load_config(STUDIES / "digits.toml")
    default = StudyConfig(name="digits", question=config.question, answer=config.answer)
    assert config == default.with_overrides(seeds=3)


COMMENTED = """\
# Asked by Ada.
question = "Which?"   # in one word

[search]              # before the space, as the user likes it
trials = 30

[space]
# the step
learning_rate = {low=0.001, high=1.0, log=true}   # wide
momentum = 0.5        # fixed for now

[data]
source = "iris"       # small
"""
AS_TABLES = """\
[space.learning_rate]
low = 0.001           # from here
high = 1.0
[data]
source = "iris"
[space.batch_size]
choices = [8, 16]     # few
"""
DOTTED = """\
space.learning_rate.low = 0.001   # from here
space.learning_rate.high = 1.0
data.source = "iris"  # small
"""
ON_ONE_LINE = 'space = {learning_rate = {low = 0.001, high = 1.0}}  # all of it\n[data]\nsource = "iris"  # small\n'
NO_SPACE = '# nothing said of the space\n[data]\nsource = "iris"  # small\n'
FOLLOWING = {
    "name": "following",
    "space.learning_rate": {"low": 0.01, "high": 0.2, "log": True},
    "space.momentum": {"low": 0.5, "high": 0.9},
    "space.batch_size": {"choices": [16, 32]},
    "search.trials": 40,
}


@pytest.mark.parametrize("text", [COMMENTED, AS_TABLES, DOTTED, ON_ONE_LINE, NO_SPACE])
def test_a_study_that_follows_keeps_the_comments_of_the_one_before(study, text):
    following = load_config(study(text)).with_overrides(**FOLLOWING)
    written = refined_toml(text, following)
    assert load_config(study(written, "other.toml")) == following
    comments = [line.partition("#")[2] for line in text.splitlines() if "#" in line]
    assert [
        line.partition("#")[2] for line in written.splitlines() if "#" in line and "not set" not in line
    ] == comments


def test_a_study_that_follows_changes_no_other_line(study):
    following = load_config(study(COMMENTED)).with_overrides(**FOLLOWING)
    lines = refined_toml(COMMENTED, following).splitlines()
    assert [line for line in COMMENTED.splitlines() if line not in lines] == [
        "trials = 30",
        "learning_rate = {low=0.001, high=1.0, log=true}   # wide",
        "momentum = 0.5        # fixed for now",
    ]


def test_a_study_that_follows_finds_its_data_from_any_folder(study, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where a relative path would be right by chance
    (tmp_path / "t.csv").write_text("x,y\n1,2\n", encoding="utf-8")
    text = '[data]\nsource = "csv:t.csv"  # mine\ntest = "csv:t.csv"  # for the end\ntarget = "y"\n'
    following = load_config(study(text)).with_overrides(**FOLLOWING)
    written = refined_toml(text, following)
    assert f'source = "csv:{tmp_path}/t.csv"  # mine\ntest = "csv:{tmp_path}/t.csv"  # for the end' in written
    assert load_config(study(written, "other.toml")) == following


@pytest.mark.parametrize("text", [None, "", "no TOML", "[space]\nlearning_rate = 'x'", "[search]\ntrial = 3"])
def test_a_study_that_follows_one_whose_file_cannot_be_edited_is_written_whole(study, text):
    following = StudyConfig(name="x").with_overrides(**FOLLOWING)
    written = refined_toml(text, following)
    assert load_config(study(written, "other.toml")) == following
    assert text == "" or written == to_toml(following)


def test_random_spaces_survive_description_and_toml(study):
    generator = np.random.default_rng(11)
    for _ in range(50):
        low, high = sorted(10 ** generator.uniform(-12, 3, 2))
        start = int(generator.integers(1, 1000))
        space = {
            "learning_rate": {"low": low, "high": high, "log": bool(generator.integers(2))},
            "momentum": {"choices": list(generator.random(3))},
            "iterations": {"low": start, "high": start + int(generator.integers(1, 1000))},
            "l2": float(generator.random()),
        }
        config = StudyConfig.from_description({"name": "x", "space": space})
        assert StudyConfig.from_description(json.loads(json.dumps(config.describe()))) == config
        assert load_config(study(to_toml(config))) == config


def test_a_description_holds_every_setting(tmp_path):
    description = StudyConfig(name="x").describe()
    assert list(description) == ["name", "question", "answer", "data", "network", "space", "search", "survey"]
    assert description["search"]["batch"] is None
    assert description["search"]["seeds"] == [0]
    assert description["space"]["batch_size"] == {"choices": [16, 32, 64, 128, 256]}
    assert description["space"]["momentum"] == {"low": 0.0, "high": 0.99, "log": False}
    assert rich_config(tmp_path).describe()["space"]["init_scale"] == 0.1


def test_a_description_need_not_find_its_data_file():
    config = StudyConfig.from_description({"name": "x", "data": {"source": "csv:/no/such.csv", "target": "y"}})
    assert config.data.source == "csv:/no/such.csv"


@pytest.mark.parametrize(
    ("description", "message"),
    [
        ({}, "stored settings: 1 problem\n  name: is missing"),
        (5, r"stored settings: 1 problem\n  must be a table \(given: 5\)"),
        (
            {"name": "x\ud800"},
            r'name: has half a surrogate pair \(given: "x\\ud800"\); give valid Unicode text',
        ),
        ({"name": "x", "question": "\udfff"}, "question: has half a surrogate pair"),
    ],
)
def test_a_description_of_no_study_is_refused(description, message):
    with pytest.raises(ConfigError, match=message):
        StudyConfig.from_description(description)


def test_differences_are_told_by_dotted_key():
    old = StudyConfig(name="x")
    new = old.with_overrides(
        **{
            "search.seed": 4,
            "space.momentum.high": 0.5,
            "space.l2": {"choices": [0, 1]},
            "space.init_scale": 0.2,
        }
    )
    assert differences(old.describe(), new.describe()) == [
        ("space.momentum.high", 0.99, 0.5),
        ("space.l2", {"low": 1e-6, "high": 0.1, "log": True}, {"choices": [0.0, 1.0]}),
        ("space.init_scale", {"low": 1e-3, "high": 1.0, "log": True}, 0.2),
        ("search.seed", 0, 4),
    ]
    assert differences(old.describe(), old.describe()) == []
    assert differences({"a": {"b": 1}}, {"c": 2}) == [("a", {"b": 1}, None), ("c", None, 2)]


def test_question_answer_and_trials_may_change():
    old = StudyConfig(name="x")
    new = old.with_overrides(question="q", answer="a", trials=5)
    assert new != old
    assert differences(old.describe(), new.describe()) == []
    assert {"question", "answer", "search.trials", "survey"} == NOT_COMPARED


def test_overrides_reach_the_top_and_the_search_by_their_bare_names():
    config = StudyConfig(name="x").with_overrides(name="y", trials=5, seed=3, sampler=None, **{"data.seed": 9})
    assert (config.name, config.search.trials, config.search.seed, config.data.seed) == ("y", 5, 3, 9)
    assert config.search.sampler == "tpe"


def test_overrides_are_validated():
    with pytest.raises(ConfigError, match=r"^changed settings: 4 problems\n") as caught:
        StudyConfig(name="x").with_overrides(
            trials=0, trails=5, **{"data.source": "csv:no/such.csv", "network.hidden": 0}
        )
    keys = [problem.split(":")[0] for problem in caught.value.problems]
    assert keys == ["data.source", "network.hidden", "search.trials", "search.trails"]


@pytest.mark.parametrize("key", ["", ".", "name.x", "search.seeds.x", "space.l2.low.x"])
def test_an_override_of_no_setting_is_refused(key):
    with pytest.raises(ConfigError, match="changed settings"):
        StudyConfig(name="x").with_overrides(**{key: 1})


def test_a_study_is_frozen_hashable_and_picklable(tmp_path):
    config = rich_config(tmp_path)
    assert pickle.loads(pickle.dumps(config)) == config
    assert hash(config) == hash(rich_config(tmp_path))
    for table, name in ((config, "name"), (config.search, "trials")):
        with pytest.raises(AttributeError, match=rf"given: {name}.*config.with_overrides"):
            setattr(table, name, 5)


def test_a_study_made_in_code_is_refused_as_its_file_would_be_with_every_problem(study):
    file = study('trails = 5\n[data]\nsource = "irs"\n[search]\ntrials = "5"\n[space]\nalpha = 0.1\n')
    with pytest.raises(ConfigError, match="StudyConfig: 4 problems") as caught:
        StudyConfig(name="x", trails=5, data={"source": "irs"}, search={"trials": "5"}, space={"alpha": 0.1})
    assert set(caught.value.problems) == set(problems(file))
    with pytest.raises(
        ConfigError, match=r"stored settings: 1 problem\n  must be a table \(given: \[1\]\); give a dict$"
    ):
        StudyConfig.from_description([1])
    with pytest.raises(ConfigError, match="SearchConfig: 1 problem\n  sampler: is not one of the values"):
        SearchConfig(sampler="best")


def test_settings_may_be_numbers_of_numpy_and_columns_of_a_table():
    search = {"trials": np.int64(5), "seeds": np.arange(3)}
    space = {"momentum": np.float32(0.5), "batch_size": {"choices": pd.Series([8, 16])}}
    config = StudyConfig(name="x", search=search, space=space, network={"hidden": np.array([3, 4])})
    assert config == StudyConfig(name="x").with_overrides(search=search, space=space, network={"hidden": [3, 4]})
    plain = config.describe()
    assert plain["search"]["seeds"] == [0, 1, 2]
    assert plain["space"]["batch_size"] == {"choices": [8, 16]}
    assert [type(value) for value in (plain["search"]["trials"], plain["space"]["momentum"])] == [int, float]
    assert StudyConfig(name="x").with_overrides(**{"search.seeds": range(2)}).search.seeds == (0, 1)
    assert StudyConfig.from_description({"name": "x", "search": search}).search.seeds == (0, 1, 2)
    endless = []
    endless.append(endless)
    with pytest.raises(ConfigError, match="seeds"):
        StudyConfig(name="x", search={"seeds": endless})


@pytest.mark.parametrize("name", ["t.csv", "t.CSV.gz", "t.tsv", "t.parquet", "t.pq", "t.xls", "t.xlsx"])
def test_a_table_in_place_of_a_study_is_told_what_takes_it(name, study):
    file = study("a,b\n1,2\n", name)
    with pytest.raises(ConfigError, match=r"is a table by its name, and no study; .*--target COLUMN.*from_frame"):
        load_config(file)


@pytest.mark.parametrize("study", [None, 3, True, b"iris", {"name": "x"}, ["iris"]])
def test_what_is_neither_a_name_nor_a_path_is_refused(study):
    with pytest.raises(ConfigError, match=rf"neither a name nor a path \(given: {type(study).__name__}\)"):
        config_of(study)


@pytest.mark.parametrize("source", BUNDLED)
def test_every_bundled_source_is_accepted(source):
    assert DataConfig(source=source).source == source


def test_config_and_space_import_no_heavy_library():
    code = (
        "import sys, types; package = types.ModuleType('hpsearch'); package.__path__ = ['hpsearch'];"
        "sys.modules['hpsearch'] = package; import hpsearch.config;"
        "print([m for m in ('optuna', 'pandas', 'sklearn', 'scipy', 'numba') if m in sys.modules],"
        "sorted({m.split('.')[1] for m in sys.modules if m.startswith('hpsearch.')}))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=STUDIES.parent)
    assert run.stdout.strip() == "[] ['config', 'engine', 'space']"


def test_parts_are_listed_as_in_a_sentence():
    assert [listed(parts) for parts in ([], ["a"], ["a", "b", "c"])] == ["", "a", "a, b and c"]
    assert listed(["a", "b"], "or") == "a or b"


def test_an_empty_name_is_refused_by_the_word_for_it():
    with pytest.raises(ConfigError, match=r"^study: 1 problem\n  no study has this name"):
        load_config("")
