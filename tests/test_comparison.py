"""Studies compared: all tables from real studies, the same for any workers, kept, and refused where one is missing."""

import warnings

import optuna
import pandas as pd
import pytest

from hpsearch import compare, load
from hpsearch.config import ConfigError
from hpsearch.experiments.trainings import survey_study
from hpsearch.results.study import Results, ResultsError
from hpsearch.sensitivity.concentration import ConcentrationWarning
from hpsearch.storage.internals import note_of
from hpsearch.tuning.search import search


@pytest.fixture(scope="module")
def folder(small, tmp_path_factory):
    """Three small studies, searched and surveyed: of irises, of wines with other batch sizes, of numbers."""
    path, size = tmp_path_factory.mktemp("compared"), {"survey.base": 4, "survey.scrambles": 2, "search.trials": 4}
    others = {"name": "wines", "data.source": "wine", "space.batch_size": {"choices": [8, 64, 100]}}
    patients = {"name": "patients", "data.source": "diabetes", "data.task": "regression", "space.momentum": 0.5}
    for changes in ({}, others, patients):
        config = small.with_overrides(**size, **changes)
        search(config, results=path)
        survey_study(config, results=path)
    return path


@pytest.fixture(scope="module")
def compared(folder):
    return compare(["small", "wines", "patients"], results=folder, seeds=2)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_every_table_has_its_rows(folder, compared):
    assert compared.studies == ["small", "wines", "patients"]
    assert compared.indices.index.is_unique
    assert repr(compared) == "Comparison of small, wines, patients"
    wines = compared.indices.query("study == 'wines'").drop(columns="study").reset_index(drop=True)
    pd.testing.assert_frame_equal(wines, load("wines", results=folder).sensitivity())
    assert len(compared.agreement) == 3
    assert compared.agreement["left_out"].tolist() == ["batch_size", "momentum", "momentum, batch_size"]
    settings = ["small", "wines", "patients", "defaults"]
    assert compared.settings["from"].tolist() == settings
    best = load("wines", results=folder).best.hyperparameters
    assert compared.settings.set_index("from").loc["wines", "learning_rate"] == best.learning_rate
    assert compared.transfer["from"].tolist() == 3 * settings
    assert compared.transfer["to"].tolist() == [name for name in settings[:3] for _ in range(4)]
    assert sorted(compared.defaults["from"]) == sorted(settings)
    assert len(compared.scores) == 4 * 3 * 2 * 2


def test_transfers_are_measured_on_the_test_split_and_the_single_setting_is_chosen_on_the_other(compared):
    means = compared.scores.groupby(["split", "from", "to"])["points"].mean()
    assert not means["test"].equals(means["validation"])
    for row in compared.transfer.to_dict("records"):
        assert row["points"] == pytest.approx(means["test", row["from"], row["to"]])
    for row in compared.defaults.to_dict("records"):
        assert row["validation"] == pytest.approx(means["validation", row["from"]].mean())
    assert compared.defaults["chosen"].tolist() == [True, False, False, False]


def test_what_a_study_cannot_take_is_moved_and_told(compared):
    moved = compared.transfer.set_index(["from", "to"])["moved"]
    momentum = compared.settings.set_index("from").loc["small", "momentum"]
    assert moved["small", "patients"] == f"momentum {momentum:.3g} → 0.5"
    assert moved["patients", "small"] == ""


def test_numbers_are_the_same_for_two_workers_and_a_second_time_nothing_is_trained(folder, compared, monkeypatch):
    steps, indices = [], Results.sensitivity

    def doubted(results, metric):
        warnings.warn("few rows", ConcentrationWarning, stacklevel=1)
        return indices(results, metric)

    monkeypatch.setattr(Results, "sensitivity", doubted)
    with pytest.warns(ConcentrationWarning) as told:
        again = compare(["small", "wines", "patients"], results=folder, seeds=2, workers=2, on_progress=steps.append)
    words = ["small: few rows", "wines: few rows", "patients: few rows"]
    assert [(str(each.message), each.filename) for each in told] == [(each, __file__) for each in words]
    pd.testing.assert_frame_equal(again.scores, compared.scores)
    assert {(step.fresh, step.done, step.total) for step in steps} == {(0, 48, 48)}


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_what_was_trained_before_a_stop_is_kept(folder):
    def stop(progress):
        if progress.fresh == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compare(["small", "wines"], results=folder, seeds=3, on_progress=stop)
    steps = []
    compare(["small", "wines"], results=folder, seeds=3, on_progress=steps.append)
    assert steps[0].total == 36
    assert steps[0].done == 3 * 2 * 2 * 2 + 5
    assert (steps[-1].done, steps[-1].fresh) == (36, 36 - steps[0].done)


def test_trainings_on_the_test_split_lie_apart_and_their_note_says_so(folder, compared):
    kept = load("wines.transfers.profiles", results=folder)
    assert len(kept.trials) >= 4 * 2
    assert "of the *test* examples of `wines`" in note_of(kept.study)
    assert "at the best of another study" in note_of(load("wines.profiles", results=folder).study)
    with pytest.raises(ResultsError, match=r"which hold: patients, patients.survey, small, small.survey, wines, wine"):
        load("none", results=folder)


def test_a_study_s_name_may_not_be_that_of_such_trainings(small):
    with pytest.raises(ConfigError, match="that ending belongs to the study's own transfers"):
        small.with_overrides(name="x.transfers")


@pytest.mark.parametrize(("names", "given"), [(["small"], "small"), ([], "none"), (["small", "small"], "small twice")])
def test_fewer_than_two_studies_are_refused(folder, names, given):
    with pytest.raises(ResultsError, match=rf"needs two different studies or more \(given: {given}\)"):
        compare(names, results=folder)


def test_what_is_missing_is_told_at_once_with_its_commands(small, tmp_path):
    one, other = (small.with_overrides(name=name, trials=2) for name in ("one", "other"))
    search(one, results=tmp_path)
    survey_study(other.with_overrides(**{"survey.base": 2, "survey.scrambles": 2}), results=tmp_path)
    with pytest.raises(
        ResultsError, match=r"run first: hpsearch survey one --results \S+; hpsearch search other --results \S+$"
    ):
        compare(["one", "other"], results=tmp_path)
    search(one.with_overrides(name="steps", **{"survey.effective_step": True}), results=tmp_path)
    with pytest.raises(ResultsError, match=r"'steps' asks for .* effective step, .*: make it with survey.effective_st"):
        compare(["one", "steps"], results=tmp_path)


def test_another_program_s_study_is_refused(folder):
    study = optuna.create_study(study_name="foreign")
    with pytest.raises(ResultsError, match="'foreign' was not made by hpsearch"):
        compare([Results(study), "small"], results=folder)
