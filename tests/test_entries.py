# Messages are asserted whole, as a user sees them.
# ruff: noqa: E501
"""Settings of the network in [space]: read, refused, written, compared, and handed to the engine."""

import pytest

from hpsearch.config import ConfigError, NetworkConfig, StudyConfig, load_config, to_toml
from hpsearch.config.hyperparameters import BY_NAME, HYPERPARAMETERS
from hpsearch.config.kinds import text_of
from hpsearch.config.space import SpaceConfig
from hpsearch.config.study import differences
from hpsearch.engine.settings import Architecture, Hyperparameters
from hpsearch.evaluation.evaluator import Evaluator
from hpsearch.space import Choice, Int

SIX = {"learning_rate": 0.2, "iterations": 7, "momentum": 0.5, "l2": 0.0, "batch_size": 8, "init_scale": 0.3}
SHAPES = """[space]
width = {low = 4, high = 64, log = true}
depth = {choices = [3, 1]}
activation = {choices = ["relu", "tanh"]}
init = {choices = ["he", "scaled", "xavier"]}
"""
LISTS = "[space]\nhidden = {choices = [[8], [32, 16], [4, 4, 4]]}\n"


@pytest.fixture
def study(tmp_path):
    def write(text):
        file = tmp_path / "study.toml"
        file.write_text(text, encoding="utf-8")
        return load_config(file)

    return write


def test_widths_and_depths_are_numbers_and_words_keep_their_order(study):
    assert dict(study(SHAPES).space.dimensions) == {
        "width": Int(4, 64, log=True),
        "depth": Choice((1, 3)),
        "activation": Choice(("relu", "tanh")),
        "init": Choice(("he", "scaled", "xavier")),
    }


def test_lists_of_layers_stand_as_text(study):
    assert dict(study(LISTS).space.dimensions) == {"hidden": Choice(("8", "32-16", "4-4-4"))}
    assert SpaceConfig(hidden=Choice(("8", "32-16"))).hidden == Choice(("8", "32-16"))


def test_what_space_leaves_out_network_says(study):
    config = study(
        "[network]\nhidden = [5, 4]\ninit = 'he'\n[space]\nmomentum = {low = 0.0, high = 0.5}\nactivation = 'relu'"
    )
    fixed = {name: config.fixed[name] for name in ("hidden", "activation", "init")}
    assert fixed == {"hidden": "5-4", "activation": "relu", "init": "he"}
    assert list(config.entries) == [h.name for h in HYPERPARAMETERS if h.name not in ("width", "depth")]


@pytest.mark.parametrize(("given", "other", "value"), [("width", "depth", 1), ("depth", "width", 32)])
def test_width_and_depth_have_defaults_beside_each_other(study, given, other, value):
    config = study(f"[space]\n{given} = {{low = 2, high = 4}}")
    assert getattr(config.space, other) == config.fixed[other] == value
    assert "hidden" not in config.entries
    assert StudyConfig.from_description(config.describe()) == config


MISTAKES = [
    ("width = 0\nmomentum = 2", ["space.momentum: is outside the values allowed (given: 2); momentum is a number, at least 0, below 1",
                                 "space.width: is outside the values allowed (given: 0); width is a whole number, at least 1, at most 65,536"]),
    ("depth = {low = 1, high = 17}", ["space.depth.high: is outside the values allowed (given: 17); depth is a whole number, at least 1, at most 16"]),
    ("activation = {choices = ['tanh', 'rely']}", ['space.activation.choices[1]: is not one of the values (given: "rely"); did you mean "relu"? activation is one of "tanh", "relu", "sigmoid"']),
    ("init = {choices = ['he', 'he']}", ['space.init.choices: has a value twice (given: ["he", "he"]); give each value once']),
    ("init = {low = 1, high = 2}", ['space.init: has no choices (given: {low = 1, high = 2}); give {choices = ["scaled", "xavier"]} or one of them']),
    ("activation = {choices = ['tanh']}", ['space.activation.choices: needs at least two values (given: ["tanh"]); give a plain value to fix it']),
    ("hidden = {choices = [[8], [0, 4], 7]}", ["space.hidden.choices[1]: is not a list of hidden layers (given: [0, 4]); hidden is a list of 1 to 16 widths, each from 1 to 65,536, as in [32] or [64, 32]",
                                               "space.hidden.choices[2]: is not a list of hidden layers (given: 7); hidden is a list of 1 to 16 widths, each from 1 to 65,536, as in [32] or [64, 32]"]),
    ("hidden = {choices = [[8, 8], '8-8']}", ['space.hidden.choices: has a value twice (given: [[8, 8], "8-8"]); give each value once']),
    ("hidden = [8]\ndepth = {low = 1, high = 2}", ["space.hidden: stands beside depth (given: [8]); keep hidden, or width and depth"]),
    ("activation = 'relu'", ["space: is empty: no hyperparameter varies; give a hyperparameter a range: learning_rate = {low = 0.001, high = 1.0, log = true}"]),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "messages"), MISTAKES, ids=[lines for lines, _ in MISTAKES])
def test_a_mistake_is_told_with_its_key_the_value_and_what_to_do(study, lines, messages):
    with pytest.raises(ConfigError, match="problem") as caught:
        study(f"[space]\n{lines}")
    assert list(caught.value.problems) == messages


def test_what_space_and_network_both_say_is_refused_all_at_once(study):
    network = "[network]\nhidden = [8]\nactivation = 'tanh'\n"
    with pytest.raises(ConfigError, match="problem") as caught:
        study(
            network
            + "[space]\nwidth = {low = 2, high = 4}\nactivation = {choices = ['relu', 'tanh']}\n[search]\ntrials = 0"
        )
    assert caught.value.problems == (
        "space.width: stands beside network.hidden; remove one of the two",
        "space.activation: stands beside network.activation; remove one of the two",
        "search.trials: must be at least 1 (given: 0); give a whole number from 1 to 10,000,000",
    )


@pytest.mark.parametrize(
    "text", [SHAPES, LISTS, SHAPES.replace("width", "# width"), "[space]\nl2 = {low = 0, high = 1}\nhidden = [9]"]
)
def test_a_description_and_a_file_bring_the_study_back(study, text):
    config = study(text)
    assert StudyConfig.from_description(config.describe()) == config
    assert study(to_toml(config)) == config
    assert "hidden" not in config.describe()["network"]


def test_a_study_of_a_fixed_network_is_described_as_ever():
    description = StudyConfig(name="s").describe()
    assert description["network"] == {"hidden": [32], "activation": "tanh", "init": "scaled", "dtype": "float32"}
    assert list(description["space"]) == list(SIX)


def test_another_choice_of_layers_is_a_difference(study):
    one, other = (study(LISTS.replace("[8]", layers)).describe() for layers in ("[8]", "[9]"))
    assert differences(one, other) == [("space.hidden.choices", [[8], [32, 16], [4, 4, 4]], [[9], [32, 16], [4, 4, 4]])]
    assert differences(one, one) == []


def test_a_setting_is_what_its_values_say(study):
    shapes, lists = study(SHAPES), study(LISTS)
    whole = {**SIX, "width": 9, "depth": 3, "activation": "relu", "init": "he"}
    assert shapes.settings(whole) == Hyperparameters(**SIX, hidden=(9, 9, 9), activation="relu", init="he")
    assert shapes.values(shapes.settings(whole)) == whole
    listed = lists.settings({**SIX, "hidden": "32-16"})
    assert (listed.hidden, listed.activation) == ((32, 16), "tanh")
    assert lists.values(listed) == {**SIX, "hidden": "32-16", "activation": "tanh", "init": "scaled"}
    with pytest.raises(ValueError, match=r"hidden layers \(32, 16\) have no one width"):
        shapes.values(listed)


def test_a_study_of_a_fixed_network_trains_it(study):
    config = study("[network]\nhidden = [5, 4]\nactivation = 'sigmoid'")
    setting = config.settings(SIX)
    assert (setting.hidden, setting.activation, setting.init) == ((5, 4), "sigmoid", "scaled")


def test_the_default_network_is_the_same_everywhere():
    network, setting, shape = NetworkConfig(), Hyperparameters(**SIX), Architecture(1, (32,), 1)
    assert text_of(network.hidden) == text_of(setting.hidden) == BY_NAME["hidden"].default
    assert text_of([BY_NAME["width"].default] * BY_NAME["depth"].default) == BY_NAME["hidden"].default
    for name in ("activation", "init"):
        assert BY_NAME[name].default == getattr(network, name) == getattr(setting, name) == getattr(shape, name)


@pytest.mark.parametrize(
    ("space", "key", "largest", "count"),
    [
        ("width = {low = 2, high = 9000}\ndepth = {low = 1, high = 3}", "width", "9000-9000-9000", 162_090_003),
        ("hidden = {choices = [[9], [20000, 20000], [65536]]}", "hidden", "20000-20000", 400_180_003),
    ],
)
def test_a_network_too_large_to_train_is_refused_before_anything_runs(study, space, key, largest, count):
    # iris: four features, three classes
    with pytest.raises(
        ConfigError, match=rf"space.{key}: the largest network, {largest}, would have {count:,} weights"
    ):
        Evaluator(study(f"[data]\nsource = 'iris'\n[space]\nbatch_size = 8\n{space}"))


@pytest.mark.parametrize(("name", "belongs"), [("n_layers", "depth"), ("neurons", "width")])
def test_other_names_of_a_network_s_settings_are_known(study, name, belongs):
    with pytest.raises(ConfigError, match=rf'{name}: is not a known key .*; did you mean "{belongs}"\?'):
        study(f"[space]\n{name} = 3")
