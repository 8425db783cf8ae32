"""The answers of the studies that ship still hold: searched and surveyed anew, in half the size of their surveys."""

import re
from pathlib import Path

import pytest

from hpsearch import load, load_config, search, survey_study
from hpsearch.results.transfers import FEWEST

STUDIES = Path(__file__).parents[1] / "studies"
SHARE = re.compile(r"learning rate(?::[^(]*| )\((?:95 % interval )?(\d+) to (\d+) %\)")
"""The interval of the learning rate's share in an answer."""

OTHERS = {
    "digits": {},
    "breast_cancer": {"iterations": 38, "momentum": 20, "init_scale": 8, "l2": 4},
    "diabetes": {"iterations": 38},
    "flower": {"l2": 20, "init_scale": 15},
    "wine": {"iterations": 26, "momentum": 21, "l2": 9},
    "iris": {"iterations": 34, "momentum": 20, "l2": 9, "init_scale": 6},
    "moons": {},
}
"""Shares of other settings in the answers, in per cent."""

REGIONS = {
    "digits": "iterations > 800 and l2 > 2e-4 and l2 < 1e-3 and learning_rate / (1 - momentum) > 1",
    "diabetes": "iterations < 800",
    "flower": "init_scale > 0.18 and l2 < 6e-5",
    "moons": "iterations > 850",
}
"""Where the ten best lie, by the answers that say so."""

SCORES = {
    "digits": (0.013, 0.051),
    "breast_cancer": (0.005, 0.075),
    "diabetes": (0.02, 0.50),
    "flower": (0.06, 0.20),
    "wine": (0.0, 0.10),
    "iris": (0.0, 1 / 30),
    "moons": (0.006, 0.14),
}
"""Between which the chosen setting's test score lies, by the answers."""


@pytest.fixture(scope="module", params=sorted(OTHERS))
def study(request, tmp_path_factory):
    """A study that ships, searched and surveyed: its config and results."""
    folder = tmp_path_factory.mktemp(request.param)
    config = load_config(STUDIES / f"{request.param}.toml")
    search(config, results=folder, workers=2)
    survey_study(config.with_overrides(**{"survey.base": config.survey.base // 2}), results=folder, workers=2)
    return config, load(request.param, results=folder)


def test_every_study_that_ships_is_answered():
    configs = [load_config(path) for path in STUDIES.glob("*.toml")]
    assert {config.name for config in configs} == {*OTHERS, "digits-network"}
    for config in configs:
        if config.name == "digits-network":
            continue  # its own test reads its answer
        assert config.question.endswith("?")
        assert 100 < len(config.answer) < 360
        assert SHARE.search(config.answer)
        for share in OTHERS[config.name].values():
            assert f" {share} % with" in config.answer


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_the_answers_hold(study):
    config, results = study
    indices = results.sensitivity().set_index("hyperparameter")
    low, high = (float(end) / 100 for end in SHARE.search(config.answer).groups())
    rate = indices.loc["learning_rate"]
    assert indices["total_order"].idxmax() == "learning_rate"
    assert rate["total_low"] < high, "the learning rate's share"
    assert rate["total_high"] > low, "the learning rate's share"
    for name, share in OTHERS[config.name].items():
        row = indices.loc[name]
        assert row["total_low"] > 0.01, name
        assert row["total_low"] < share / 100 < row["total_high"] or abs(row["total_order"] - share / 100) < 0.05, name
    if config.name in REGIONS:
        assert len(results.trials.nsmallest(10, "value").query(REGIONS[config.name])) >= 5
    low, high = SCORES[config.name]
    step = FEWEST / results.best.test.examples
    assert low - step <= results.best.test.value <= high + step


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_depth_counts_about_as_much_as_the_learning_rate_where_the_network_varies(tmp_path):
    config = load_config(STUDIES / "digits-network.toml")
    text = " ".join(config.answer.split())
    answers = dict(re.findall(r"(learning_rate|depth) (0\.\d+) \(", text))
    survey = survey_study(config.with_overrides(**{"survey.base": 32}), results=tmp_path, workers=2)
    total = survey.sensitivity().set_index("hyperparameter")[["total_low", "total_order", "total_high"]]
    for name in ("learning_rate", "depth"):
        assert total.loc[name, "total_low"] < float(answers[name]) < total.loc[name, "total_high"]
    rest = total.drop(index=["learning_rate", "depth", "seed"])["total_high"]
    assert rest.max() < 0.5 < float(answers["learning_rate"]) + 0.05
    assert total.loc["width", "total_high"] < 0.1
