"""Defaults fit themselves to the data; what the user wrote is refused where it does not fit."""

import numpy as np
import pandas as pd
import pytest
from helpers import run

from hpsearch import ConfigError, StudyConfig, load, load_config, search, survey_study
from hpsearch.evaluation.evaluator import Evaluator
from hpsearch.evaluation.fitting import fitted
from hpsearch.space import Choice


@pytest.mark.parametrize(
    ("examples", "batch_size"),
    [
        (300, Choice((16, 32, 64, 128, 256))),
        (256, Choice((16, 32, 64, 128, 256))),
        (255, Choice((16, 32, 64, 128))),
        (32, Choice((16, 32))),
        (31, Choice((8, 16))),
        (10, Choice((4, 8))),
        (2, Choice((1, 2))),
        (1, 1),
    ],
)
def test_default_choices_above_the_examples_are_left_out_and_two_remain(examples, batch_size):
    config, note = fitted(StudyConfig(name="x"), examples)
    assert config.space.batch_size == batch_size
    assert (note == "") == (examples >= 256)
    if note:
        assert f"here {batch_size}, because the training split has {examples} examples" in note
    assert fitted(config, examples) == (config, "")


def test_the_default_number_fits_too_and_every_other_setting_stays(tmp_path):
    (tmp_path / "s.toml").write_text("[space]\nmomentum = {low = 0.0, high = 0.5}\n", encoding="utf-8")
    before = load_config(tmp_path / "s.toml")
    after, note = fitted(before, 20)
    assert after.space.batch_size == 20
    assert note == "batch_size: 32 by default, here 20, because the training split has 20 examples"
    assert after == before.with_overrides(**{"space.batch_size": 20})
    assert fitted(before.with_overrides(trials=3), 20)[0].space == after.space


@pytest.mark.parametrize("entry", ["256", "{choices = [16, 32, 64, 128, 256]}"])
def test_what_the_user_wrote_is_refused_though_it_is_the_default(tmp_path, entry):
    text = f'[data]\nsource = "iris"\n[space]\nmomentum = {{low = 0.0, high = 0.5}}\nbatch_size = {entry}\n'
    (tmp_path / "s.toml").write_text(text, encoding="utf-8")
    config = load_config(tmp_path / "s.toml")
    for study in (config, config.with_overrides(trials=3), StudyConfig.from_description(config.describe())):
        with pytest.raises(ConfigError, match=r"space\.batch_size: 256 is above the 90 training examples"):
            Evaluator(study)


@pytest.fixture
def table(folder):
    generator = np.random.default_rng(0)
    frame = pd.DataFrame({"x": generator.normal(size=300), "y": ["a", "b"] * 150})
    frame.to_csv("t.csv", index=False)
    text = '[data]\nsource = "csv:t.csv"\ntarget = "y"\n[network]\nhidden = [2]\n'
    text += "[survey]\nbase = 2\nscrambles = 2\nseeds = 2\n"
    (folder / "t.toml").write_text(text, encoding="utf-8")
    return folder


def test_a_study_of_nothing_but_data_is_searched_surveyed_and_gone_on_with(table):
    note = "note: batch_size: 16, 32, 64, 128, 256 by default, here 16, 32, 64, 128, because the training split has 180"
    assert note in run("search", "t.toml", "--trials", 2).stdout
    assert note in run("survey", "t.toml").stdout
    assert "best of 4 trials" in run("search", "t.toml", "--trials", 4).stdout
    stored = load("t")
    assert stored.config.space.batch_size == Choice((16, 32, 64, 128))
    assert set(stored.trials["batch_size"]) <= {16, 32, 64, 128}
    assert stored.survey.design.space["batch_size"] == Choice((16, 32, 64, 128))
    assert stored.network(0).hyperparameters.batch_size <= 128


def test_a_study_of_nothing_but_data_is_searched_and_surveyed_from_python(table):
    config = load_config("t.toml")
    search(config, trials=1)
    survey_study(config)
    assert load("t").config.space.batch_size == Choice((16, 32, 64, 128))
    assert load("t").survey.design.space["batch_size"] == Choice((16, 32, 64, 128))
