"""Surveys by real trainings: stored, resumed, grown, read back."""

import re
import shlex
import signal
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers import HPSEARCH, SMALL, run
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.metrics import log_loss, mean_squared_error

from hpsearch import load, load_config, search
from hpsearch.config import ConfigError
from hpsearch.data import from_arrays
from hpsearch.engine.metrics import METRICS
from hpsearch.evaluation.evaluator import Evaluator
from hpsearch.experiments.surveys import FLOORS, design_of, place_of, refined_config
from hpsearch.experiments.trainings import perfect, survey_study, useless
from hpsearch.results.study import ResultsError
from hpsearch.sensitivity.indices import ResponseError
from hpsearch.sensitivity.responses import Kind
from hpsearch.storage import studies
from hpsearch.storage.access import JOURNAL, open_storage
from hpsearch.storage.internals import set_study_attribute
from hpsearch.storage.journal import JournalFile
from hpsearch.storage.studies import StudyChangedError


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "small.toml"
    path.write_text(SMALL, encoding="utf-8")
    return load_config(path).with_overrides(**{"survey.base": 4, "survey.scrambles": 2, "survey.seeds": 4})


def table(config, place, **how):
    return survey_study(config, results=place, **how).table


def test_two_workers_give_the_numbers_of_one(config, tmp_path):
    one, two = (table(config, tmp_path / str(n), workers=n) for n in (1, 2))
    pd.testing.assert_frame_equal(one, two)


def test_a_row_is_what_its_settings_give_when_they_are_evaluated_alone(config, tmp_path):
    found = survey_study(config, results=tmp_path)
    evaluator = Evaluator(config, checkpoint_count=config.survey.checkpoints)
    ends = found.table.groupby(["scramble", "block", "row"], sort=False).tail(1)
    for row in ends.iloc[::9].to_dict("records"):
        evaluator.seeds = (row["seed"],)
        params = {name: row[name] for name in config.space.dimensions}
        (alone,) = evaluator.evaluate([evaluator.config.settings(params)])
        assert row["iteration"] == row["iterations"] == alone.iterations[-1]
        for metric in ("validation_loss", "gradient_norm"):
            assert row[metric] == alone.final[metric]


def test_a_survey_grows_and_keeps_what_it_has(config, tmp_path):
    survey_study(config, results=tmp_path)
    larger = config.with_overrides(**{"survey.base": 8, "survey.second_order": True})
    seen = []
    grown = survey_study(larger, results=tmp_path, on_progress=seen.append)
    assert seen[0].done == 2 * 4 * len(design_of(config).blocks)
    assert seen[-1].done == seen[-1].total == len(design_of(larger))
    assert 0 < seen[0].trainings < seen[0].missing
    pd.testing.assert_frame_equal(grown.table, table(larger, tmp_path / "anew"))
    again = []
    survey_study(larger, results=tmp_path, on_progress=again.append)
    assert again[-1].fresh == 0


@pytest.mark.parametrize("source", [load_iris, load_breast_cancer, load_wine])
def test_a_loss_counts_no_more_than_that_of_guessing_from_class_frequencies(source):
    data = from_arrays(*source(return_X_y=True), seed=1)
    guess = DummyClassifier(strategy="prior").fit(data.train.X, data.train.y)
    splits = {"train_loss": data.train, "validation_loss": data.validation}
    wanted = {name: log_loss(split.y, guess.predict_proba(split.X)) for name, split in splits.items()}
    assert useless(data) == pytest.approx(wanted)


@pytest.mark.parametrize("source", [load_iris, load_breast_cancer])
def test_a_loss_is_perfect_where_no_example_can_have_its_class_with_less_than_nine_tenths(source):
    data = from_arrays(*source(return_X_y=True), seed=1)
    sure = np.where(np.arange(len(data.validation.y)) == 0, 0.9, 1.0)  # one such, and all others are certain
    assert perfect(data) == pytest.approx({"validation_loss": -np.mean(np.log(sure))})
    assert perfect(from_arrays(*load_diabetes(return_X_y=True), seed=1)) == {}


def test_a_survey_of_before_floors_were_stored_keeps_the_metric_s_own(config, tmp_path):
    found = survey_study(config, results=tmp_path)
    study = load("small", results=tmp_path).study
    own = {m.name: m.floor for m in METRICS}["validation_loss"]
    assert found.kinds["validation_loss"].floor == pytest.approx(-np.log(0.9) / 30)
    set_study_attribute(study, FLOORS, {})
    assert load("small", results=tmp_path).survey.kinds["validation_loss"].floor == own
    assert found.kinds["train_loss"].floor == own


def test_a_regression_s_loss_counts_no_more_than_that_of_guessing_the_mean():
    data = from_arrays(*load_diabetes(return_X_y=True), seed=1)
    guess = DummyRegressor(strategy="mean").fit(data.train.X, data.train.y)
    splits = {"train_loss": data.train, "validation_loss": data.validation}
    wanted = {name: mean_squared_error(split.y, guess.predict(split.X)) / 2 for name, split in splits.items()}
    assert useless(data) == pytest.approx({**wanted, "validation_r2": 0.0})


def test_a_target_far_out_costs_an_answer_of_the_mean_no_more_than_a_diverged_training():
    data = from_arrays(*load_diabetes(return_X_y=True), seed=1)
    targets = np.zeros_like(data.validation.y)
    targets[0] = 1000.0
    far = replace(data, validation=replace(data.validation, y=targets))
    assert useless(far)["validation_loss"] == pytest.approx(-np.log(np.finfo(np.float32).eps) / len(targets))


def test_a_class_that_training_never_saw_costs_no_more_than_a_diverged_training():
    data = from_arrays(*load_iris(return_X_y=True), seed=1)
    unseen = replace(data, train=replace(data.train, y=np.zeros_like(data.train.y)))
    share = np.mean(data.validation.y > 0)
    assert useless(unseen)["validation_loss"] == pytest.approx(share * -np.log(np.finfo("float32").eps))


def test_a_survey_read_back_clips_at_guessing_and_proposes_no_value_that_a_setting_cannot_have(config, tmp_path):
    found = survey_study(config, results=tmp_path)
    thirds = np.log(3)  # iris has its three classes in equal shares
    ceilings = {name: kind.ceiling for name, kind in found.kinds.items() if kind.ceiling is not None}
    assert ceilings == pytest.approx({"train_loss": thirds, "validation_loss": thirds})
    assert found.limits == {
        "learning_rate": (1e-6, np.inf),
        "iterations": (1, 10_000_000),
        "momentum": (0, 0.95),
        "l2": (0, np.inf),
        "batch_size": (1, 90),  # 60 % of 150 examples are trained on
        "init_scale": (1e-6, np.inf),
        "width": (1, 65_536),
        "depth": (1, 16),
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "sign", "dimension", "following"),
    [
        ("momentum", 1, {"low": 0.0, "high": 0.9}, (0.0, 0.0855)),
        ("batch_size", -1, {"choices": [8, 16, 32]}, (32, 64)),
        ("batch_size", -1, {"choices": [16, 32, 64]}, (16, 64)),  # 128 are not there
        ("momentum", -1, {"low": 0.0, "high": 0.98}, (0.887, 0.99)),
        ("learning_rate", 1, {"low": 0.01, "high": 1.0}, (1e-6, 0.104)),
    ],
)
def test_the_ranges_to_try_next_make_a_study(config, tmp_path, name, sign, dimension, following):
    """The best tenth of a slope end, but for 5 %, at 0.095 of the range from the end where it is lowest."""
    wider = config.with_overrides(**{"survey.base": 32, "survey.scrambles": 4, f"space.{name}": dimension})
    found = survey_study(wider, results=tmp_path)
    slope = sign * found.table[name] / found.table[name].max()
    made = replace(
        found, table=found.table.assign(validation_loss=np.exp(slope)), kinds={"validation_loss": Kind("log")}
    )
    next_one = refined_config(made.ranges(), wider, name="following").space.dimensions[name]
    ends = (next_one.choices[0], next_one.choices[-1]) if "choices" in dimension else (next_one.low, next_one.high)
    assert ends == pytest.approx(following, abs=0.02)


@pytest.mark.parametrize("workers", [1, 2])
def test_rows_are_written_together_and_while_others_train(config, tmp_path, monkeypatch, workers):
    config = config.with_overrides(**{"survey.base": 16})
    writes, waiting, append = [], [], JournalFile._append
    monkeypatch.setattr(JournalFile, "_append", lambda self, logs: (writes.append(len(logs)), append(self, logs)))
    storage = open_storage(results=tmp_path)

    def look(progress):
        waiting.append(progress.done - len(storage.get_all_trials(0, deepcopy=False)))

    survey_study(config, results=tmp_path, workers=workers, on_progress=look)
    rows = len(design_of(config))
    assert sum(writes) > rows  # a row is a log, and the study has some of its own
    assert len(writes) < 20 + rows / 16
    assert waiting[0] == 0
    assert max(waiting) < rows / 2


def test_rows_are_stored_in_one_order_whatever_the_number_of_workers(config, tmp_path):
    one, two = tmp_path / "1", tmp_path / "2"
    survey_study(config, results=one)
    survey_study(config, results=two, workers=2)
    orders = [[place_of(t) for t in load("small", results=folder).study.trials] for folder in (one, two)]
    assert orders[0] == orders[1]
    rows = design_of(config).table()
    assert len(orders[0]) == len(rows)
    assert sorted(orders[0]) != orders[0]  # it is that of the trainings: rows that share one stand together


def test_a_survey_begun_with_another_engine_is_refused_and_stays_readable(config, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(studies, "ENGINE", 1)
        begun = survey_study(config, results=tmp_path)
    with pytest.raises(StudyChangedError, match="begun with an engine of another version"):
        survey_study(config, results=tmp_path)
    pd.testing.assert_frame_equal(load("small", results=tmp_path).survey.table, begun.table)


def test_a_changed_study_is_not_mixed_in(config, tmp_path):
    survey_study(config, results=tmp_path)
    with pytest.raises(StudyChangedError, match=r"network.hidden: stored \[6\], now \[5\]"):
        survey_study(config.with_overrides(**{"network.hidden": [5]}), results=tmp_path)


def test_a_survey_whose_metric_changed_is_not_gone_on_with(config, tmp_path):
    survey_study(config, results=tmp_path)
    changed = config.with_overrides(metric="validation_error", **{"survey.base": 8})
    with pytest.raises(StudyChangedError, match=r"metric: stored 'validation_loss', now 'validation_error'\nundo"):
        survey_study(changed, results=tmp_path)
    alone = load(config.name, results=tmp_path)
    assert alone.survey.response == "validation_loss"


def test_a_study_s_survey_speaks_of_the_metric_by_which_the_study_is_searched(config, tmp_path):
    search(config, results=tmp_path, trials=2)
    found = survey_study(config.with_overrides(metric="validation_error"), results=tmp_path)
    assert (found.response, set(found.sensitivity()["response"])) == ("validation_error", {"validation_error"})
    r = load(config.name, results=tmp_path)
    assert set(r.sensitivity()["response"]) == set(r.ranges()["response"]) == {"validation_loss"}
    pd.testing.assert_frame_equal(r.ranges(), found.ranges("validation_loss"))
    assert r.survey.take().values.tolist() == found.take("validation_loss").values.tolist()


def test_a_refined_study_keeps_the_question_and_has_no_answer_yet(config, tmp_path):
    before = config.with_overrides(question="Which?", answer="This.")
    following = refined_config(survey_study(before, results=tmp_path).ranges(), before, name="following")
    assert (following.question, following.answer) == ("Which?", "")


def test_results_give_the_tables(config, tmp_path):
    survey_study(
        config.with_overrides(**{"survey.dummy": True, "survey.base": 8, "survey.scrambles": 3}), results=tmp_path
    )
    r = load(config.name, results=tmp_path)
    assert list(r.survey.table.columns[:5]) == ["design", "scramble", "block", "row", "seed"]
    found = r.sensitivity()
    assert found["hyperparameter"].iloc[-1] == "seed"
    assert found.set_index("hyperparameter").loc["dummy", "total_order"] == 0
    assert set(found["budget"]) == {"iterations"}
    for metric in ("validation_error", "train_loss", "generalisation_gap", "iterations_to_target", "best_tenth"):
        assert np.isfinite(r.sensitivity(metric)["total_order"].to_numpy()).all()
    assert r.sensitivity("diverged")["reason"].iloc[0] == "the response is constant"
    over = r.sensitivity_over_iterations(form="rank")
    assert sorted(set(over["iteration"])) == list(r.survey.checkpoints)
    first = over[over["iteration"] == 0].set_index("hyperparameter")
    assert first.loc["learning_rate", "total_order"] == 0  # nothing is learned yet
    assert {"learning_rate", "momentum"} <= set(r.interactions()["first"])
    assert len(r.effects()) > 20
    assert len(r.ranges()) == len(config.space.dimensions)
    with pytest.raises(ResponseError, match="checkpoints names none"):
        r.sensitivity_over_iterations(checkpoints=[])
    mine = r.survey
    mine.table["validation_loss"] = 1.0
    assert r.survey.table["validation_loss"].nunique() > 1  # what a caller changes is the caller's alone


def test_the_last_checkpoint_of_the_whole_is_the_end(config, tmp_path):
    found = survey_study(config, results=tmp_path)
    last = found.sensitivity(iteration=int(found.table["iteration"].max()))
    pd.testing.assert_frame_equal(last, found.sensitivity())


def test_the_effective_step_is_a_survey_of_its_own(config, tmp_path):
    found = survey_study(config.with_overrides(**{"survey.effective_step": True}), results=tmp_path)
    step, rows = found.table["effective_step"], found.table
    assert rows["learning_rate"].to_numpy() == pytest.approx((step * (1 - rows["momentum"])).to_numpy())
    assert "effective_step" in set(found.sensitivity()["hyperparameter"])
    with pytest.raises(ResultsError, match="no study"):
        load(config.name, results=tmp_path)


def test_a_stored_study_that_asks_for_the_effective_step_in_vain_is_read_and_not_surveyed(config, tmp_path):
    stepped = config.with_overrides(**{"survey.effective_step": True}).describe()
    stored = config.from_description({**stepped, "space": {**stepped["space"], "momentum": 0.9}})
    search(stored, results=tmp_path, trials=1)
    assert load("small", results=tmp_path).config == stored
    assert run("list", "--results", tmp_path).exit_code == 0
    refused = r"survey\.effective_step: needs .*\(given: \{momentum = 0\.9\}\)"
    for survey in (lambda: survey_study(stored, results=tmp_path), lambda: stored.with_overrides(name="again")):
        with pytest.raises(ConfigError, match=refused):
            survey()


@pytest.mark.slow
def test_the_effective_step_has_a_range_to_try_next_that_is_none_of_the_learning_rate(config, tmp_path):
    stepped = config.with_overrides(
        **{
            "survey.effective_step": True,
            "survey.base": 32,
            "survey.scrambles": 4,
            "space.learning_rate": {"low": 0.01, "high": 1.0},
        }
    )
    surveyed = survey_study(stepped, results=tmp_path)
    slope = surveyed.table["effective_step"]
    made = replace(surveyed, table=surveyed.table.assign(validation_loss=slope), kinds={})
    row = made.ranges().set_index("hyperparameter").loc["effective_step"]
    assert (row["next_low"], row["next_high"]) == pytest.approx((1e-6, 0.104), abs=0.02)  # a learning rate is above 0
    assert row["next_low"] == 1e-6
    with pytest.raises(ConfigError, match=r"effective_step: .* proposes 1e-06 to 0.*refine from the plain survey"):
        refined_config(made.ranges(), stepped, name="following")


def test_refine_writes_a_study_that_loads_and_runs(folder):
    run("survey", "small", "--base", 8, "--scrambles", 2)
    study = load("small").study
    note = study._storage.get_study_system_attrs(study._study_id)["dashboard:note_str:0"]
    assert "| seed | " in note
    assert "luck" in note
    assert "survey.csv" in run("export", "small").stdout
    assert len(pd.read_csv("results/small/survey.csv")) == len(load("small").survey.table)
    assert "written to studies/small-2.toml, by validation_loss;" in run("refine", "small").stdout
    following, before = load_config("studies/small-2.toml"), load_config("studies/small.toml")
    assert following.name == "small-2"
    assert following.space != before.space
    assert (following.data, following.survey) == (before.data, before.survey)  # not the rows of this run
    assert "already exists" in run("refine", "small", code=2).stderr
    text = Path("studies/small.toml").read_text(encoding="utf-8")
    Path("studies/small.toml").write_text(text.replace("[search]", "[search] # a comment of mine"), encoding="utf-8")
    run("refine", "small", "--name", "commented")
    lines = Path("studies/commented.toml").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "# ranges to try next, by the survey:"
    assert "[search] # a comment of mine" in lines
    assert load_config("studies/commented.toml").space == following.space
    run("search", "small-2", "--trials", 4)


def test_separable_data_whose_loss_falls_to_nothing_are_surveyed_searched_and_refined(folder):
    x = np.arange(60)
    pd.DataFrame({"x": np.where(x < 30, -5.0, 5.0), "y": np.where(x < 30, "a", "b")}).to_csv("far.csv", index=False)
    text = SMALL.replace('"small"', '"far"').replace('source = "iris"', 'source = "csv:../far.csv"\ntarget = "y"')
    text = text.replace("low = 0.01, high = 1.0", "low = 0.01, high = 100.0")
    Path("studies/far.toml").write_text(text, encoding="utf-8")
    told = run("survey", "far", "--base", 8, "--scrambles", 4).stdout
    losses = load("far").survey.table.groupby(["scramble", "block", "row"], sort=False)["validation_loss"].last()
    below = int((losses < -np.log(0.9) / 12).sum())
    assert (losses == 0).any()
    assert f", not below 0.00878 (as good as perfect; {below} of {len(losses)} rows)" in told
    assert set(load("far").sensitivity()["at_floor"]) == {below}
    study = load("far").study
    note = study._storage.get_study_system_attrs(study._study_id)["dashboard:note_str:0"]
    assert f"not below 0.00878 (as good as perfect; {below} of" in note
    assert "by the survey (total index)" in run("search", "far", "--trials", 2).stdout
    run("refine", "far")
    run("search", "far-2", "--trials", 2)


@pytest.mark.parametrize("metric", ["train_loss", "validation_loss", "gradient_norm", "weight_norm"])
def test_a_metric_that_may_fall_to_nothing_has_a_log_form(config, tmp_path, metric):
    found = survey_study(config, results=tmp_path)
    nothing = replace(found, table=found.table.assign(**{metric: found.table[metric].where(found.table["row"] > 0, 0)}))
    rows = nothing.sensitivity(metric, form="log")
    assert rows["at_floor"].iat[0] == (nothing.table.drop_duplicates(["scramble", "block", "row"])["row"] == 0).sum()


def test_without_a_survey_the_way_to_one_is_named(folder):
    assert "not measured yet: hpsearch survey small" in run("search", "small").stdout
    with pytest.raises(ResultsError, match="make one with `hpsearch survey small`"):
        load("small").sensitivity()


def test_an_unfinished_survey_names_the_command_that_goes_on_with_it_as_it_was_begun(folder, monkeypatch):
    begun = ("--base", "8", "--scrambles", "2", "--dummy", "--effective-step")
    monkeypatch.setattr("hpsearch.experiments.trainings._Rows.train", stop)
    run("survey", "small", *begun, "--name", "a.b c", "--results", "other", code=130)
    with pytest.raises(ResultsError) as refused:
        load("a.b c.effective_step", results="other").sensitivity()
    hint = re.search(r"go on with `hpsearch (.*)`", str(refused.value))[1]
    assert shlex.split(hint) == ["survey", "a.b c", *begun, "--results", "other"]


def stop(*arguments):
    raise KeyboardInterrupt


def test_the_objective_of_a_stored_survey_has_the_name_of_its_metric(folder):
    run("survey", "small", "--base", 4, "--scrambles", 2)
    assert load("small").study.metric_names == ["validation_loss"]


@pytest.mark.slow
def test_a_stopped_survey_goes_on_from_the_command_line(folder):
    command = [HPSEARCH, "survey", "long", "--base", "16", "--scrambles", "2", "--workers", "2"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    journal = folder / "results" / JOURNAL
    deadline = time.monotonic() + 120
    while not (journal.exists() and journal.read_bytes().count(b'"op_code":4,') > 4):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    assert "Traceback" not in errors
    if process.returncode != 0:  # else it was already done
        assert process.returncode == 130
        assert re.search(r"stopped: [1-9]\d* of \d+ rows are stored", errors)
    told = run(*command[1:]).stdout
    assert "long: what training is sensitive to" in told
    assert "luck" in told
    whole = run(*command[1:], "--results", "whole").stdout
    assert told.split("setting")[1].split("next:")[0] == whole.split("setting")[1].split("next:")[0]
    assert told.endswith("then r.survey, r.sensitivity(), r.effects(), …\n")
    assert "next: hpsearch report long --results whole for figures" in whole
    assert "r = hpsearch.load('long', results='whole')" in whole
    assert "by the survey (total index)" in run("search", "long", "--trials", 4).stdout
    assert "is not a power of two" in run("survey", "long", "--base", "60", code=2).stderr


SEARCHED = {
    "best": lambda results: results.best,
    "network": lambda results: results.network(0),
    "units": lambda results: results.units(0),
    "profile": lambda results: results.profile("momentum"),
    "plane": lambda results: results.plane("momentum", "l2"),
    "tolerance": lambda results: results.tolerance(),
    "tunability": lambda results: results.tunability(),
    "attribution": lambda results: results.attribution(),
    "cost": lambda results: results.cost("profile", "momentum"),
    "history": lambda results: results.history(),
    "best_curves": lambda results: results.best_curves(),
    "pareto": lambda results: results.pareto,
    "edges": lambda results: results.edges(),
    "search_ranges": lambda results: results.search_ranges(),
    "plot.history": lambda results: results.plot.history(),
    "plot.curves": lambda results: results.plot.curves(),
    "plot.trials": lambda results: results.plot.trials(),
    "plot.units": lambda results: results.plot.units(),
    "plot.profile": lambda results: results.plot.profile("momentum"),
    "plot.plane": lambda results: results.plot.plane("momentum", "l2"),
    "plot.attribution": lambda results: results.plot.attribution(),
}
"""What a search alone can tell."""


def test_of_a_study_that_is_only_surveyed_what_a_search_tells_is_refused(config, tmp_path):
    survey_study(config, results=tmp_path)
    results = load("small", results=tmp_path)
    for name, read in SEARCHED.items():
        with pytest.raises(
            ResultsError, match="'small' has not been searched yet, so no trial was chosen: hpsearch search"
        ):
            assert read(results) is None, name
    assert len(results.survey.table) > 0
    assert "block" not in results.trials  # what says a row's place stands in the survey's table
    assert "survey" in results._repr_html_()
    assert set(results.plot.sensitivity().to_dict()) == {"data", "layout"}


def test_a_row_of_a_survey_of_the_effective_step_is_trained_again_with_its_learning_rate(config, tmp_path):
    survey_study(config.with_overrides(**{"survey.effective_step": True}), results=tmp_path)
    results = load("small.effective_step.survey", results=tmp_path)
    row = results.trials.iloc[3]
    setting = results.network(3).hyperparameters
    assert setting.learning_rate == pytest.approx(row["effective_step"] * (1 - row["momentum"]))
    assert results.network(3).seed == row["seed"]
    assert results.best.value == results.trials["value"].min()
    for read in (results.edges, results.search_ranges):
        with pytest.raises(ResultsError, match="do not vary learning_rate"):
            read()
    with pytest.raises(ResultsError, match="study 'small' has not been searched yet"):
        results.attribution()
