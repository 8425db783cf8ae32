"""Importances kept with a study: computed once for its trials and the options, and the same as without."""

import inspect
import itertools
import json
import re
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace
from typing import get_type_hints

import numpy as np
import optuna
import pandas as pd
import pytest
from helpers import study_in

from hpsearch import Results, importance
from hpsearch.results import importances, resampling
from hpsearch.results.observations import ImportanceError, ImportanceWarning
from hpsearch.results.samples import read_sample
from hpsearch.results.surrogates import ImportanceOptions, Options
from hpsearch.sensitivity.designs import DesignError
from hpsearch.storage.internals import study_attributes
from hpsearch.storage.journal import StorageError

ROOM = Path(importances.__file__).parent
QUICK = {"measures": ("ped_anova", "permutation"), "permutations": 9, "bootstraps": 3}


@pytest.fixture
def study():
    return study_in(optuna.storages.InMemoryStorage(), trials=11)


@pytest.fixture
def computed(monkeypatch):
    """The options of each table that is computed."""
    calls, importance_of = [], importances.importance_of

    def counted(sample, options, **rest):
        calls.append(options)
        return importance_of(sample, options, **rest)

    monkeypatch.setattr(importances, "importance_of", counted)
    return calls


def test_what_was_computed_is_read_from_then_on_and_equal_in_every_number_and_dtype(tmp_path, computed):
    url = f"sqlite:///{tmp_path}/s.db"
    study = study_in(url, trials=11)
    expected = importance(study, **QUICK)
    for results in (Results(study), Results(optuna.load_study(study_name="s", storage=url))):
        for _ in range(2):
            pd.testing.assert_frame_equal(results.importance(**QUICK), expected, check_exact=True)
    assert len(computed) == 1
    assert not study.user_attrs


def test_other_options_trials_or_targets_are_computed_and_tables_of_other_options_stay(study, computed):
    results, other = Results(study), {**QUICK, "permutations": 19}
    results.importance(**QUICK)
    assert set(results.importance(**other)["permutations"]) == {19}
    turned = results.importance(**QUICK, target=lambda trial: abs(trial.value - 5))
    assert not turned.equals(results.importance(**QUICK))
    sides = study.trials[0].distributions
    for k in range(9):
        study.add_trial(optuna.trial.create_trial(params={"x": (k + 0.5) / 10}, distributions=sides, value=float(k)))
    assert set(Results(study).importance(**QUICK)["trials"]) == {20}
    Results(study).importance(**QUICK)
    assert len(computed) == 4
    kept = [name for name in study_attributes(study) if name.startswith(importances.IMPORTANCE)]
    assert len(kept) == 2  # a set of options each, whatever the trials


@pytest.mark.parametrize("name", ["_revision", "version"])
def test_a_revision_of_the_measures_or_of_scikit_learn_is_computed_anew(study, computed, monkeypatch, name):
    Results(study).importance(**QUICK)
    monkeypatch.setattr(importances, name, lambda *package: "0")
    Results(study).importance(**QUICK)
    assert len(computed) == 2


def test_the_revision_is_a_digest_of_all_the_code_that_computes_importances(monkeypatch):
    imported, waiting = set(), ["surrogates"]
    while waiting:
        imported.add(name := waiting.pop())
        text = (ROOM / f"{name}.py").read_text(encoding="utf-8")
        waiting += set(re.findall(r"^from hpsearch\.results\.(\w+)", text, re.MULTILINE)) - imported
    reading = {"samples", "observations", "evenness"}  # what they read is compared itself
    own = {part.__name__.rpartition(".")[2] for part in importances._COMPUTING}
    assert own == imported - reading - {"processes"} | {"holm"}
    before = importances._revision.__wrapped__()
    monkeypatch.setattr(importances.inspect, "getsource", lambda part: "" if part is importances.forest else "same")
    assert importances._revision.__wrapped__() != before


@pytest.mark.parametrize("problem", [StorageError("no space"), PermissionError("read-only")])
def test_where_the_storage_cannot_be_written_the_results_keep_it(study, computed, monkeypatch, problem):
    def refuse(*arguments):
        raise problem

    monkeypatch.setattr(importances, "set_study_attribute", refuse)
    results = Results(study)
    first = results.importance(**QUICK)
    first["importance"] = 0.0  # the user's own copy
    assert results.importance(**QUICK)["importance"].any()
    assert len(computed) == 1
    Results(study).importance(**QUICK)
    assert len(computed) == 2


def test_missing_numbers_are_missing_when_read(computed):
    flat = optuna.create_study()
    sides = {"x": optuna.distributions.FloatDistribution(0, 1)}
    for k in range(12):
        flat.add_trial(optuna.trial.create_trial(params={"x": k / 12}, distributions=sides, value=1.0))
    with pytest.warns(ImportanceWarning, match="the value is the same in every trial") as told:
        tables = [Results(flat).importance(**QUICK) for _ in range(2)]
    assert {warning.filename for warning in told} == {__file__}
    pd.testing.assert_frame_equal(*tables, check_exact=True)
    assert tables[1]["importance"].isna().all()
    json.dumps(study_attributes(flat), allow_nan=False)  # NaN is Python's own JSON
    assert len(computed) == 1


def test_options_that_are_none_or_cannot_be_meant_are_refused(study, computed):
    with pytest.raises(TypeError, match=r"importance\(\) got an unexpected keyword argument 'permutation'"):
        Results(study).importance(permutation=9)
    for option, message in (
        ({"workers": 0}, "workers must be a whole number, at least 1"),
        ({"measures": "fanova"}, "measures must be a list"),
        ({"on_progress": "bar"}, "on_progress must be a function, or None"),
    ):
        with pytest.raises(ImportanceError, match=message):
            Results(study).importance(**option)
        with pytest.raises(ImportanceError, match=message):
            importance(study, **option)
    assert computed == []


def test_a_table_that_is_read_has_no_progress(study):
    seen = []
    Results(study).importance(**QUICK, on_progress=seen.append)
    assert seen
    assert seen[-1].done == seen[-1].total
    Results(study).importance(**QUICK, on_progress=lambda progress: pytest.fail("it is kept"))


@pytest.mark.parametrize(("workers", "seconds"), [(1, 2.0), (2, 1.0)])
def test_the_cost_is_told_by_the_first_few_resamples_and_of_a_kept_table_there_is_none(
    study, computed, monkeypatch, workers, seconds
):
    """Of each measure 9 permutations at once and 2 of 3 halves, a second each: a half is left of both."""
    monkeypatch.setattr(resampling, "time", SimpleNamespace(perf_counter=itertools.count().__next__))
    results = Results(study)
    told = results.cost("importance", **QUICK, workers=workers)
    assert (told.done, told.total, told.fresh, told.seconds) == (2 * (9 + 2), 2 * (9 + 3), 0, seconds)
    assert computed == []
    assert not [name for name in study_attributes(study) if name.startswith(importances.IMPORTANCE)]
    seen = []
    results.importance(**QUICK, workers=workers, on_progress=seen.append)
    assert seen[0] == told
    for again in (results, Results(study)):
        kept = again.cost("importance", **QUICK)
        assert (kept.total, kept.seconds) == (0, 0)
    assert results.cost("importance", **{**QUICK, "permutations": 19}).total == 2 * (19 + 3)


def test_of_values_that_are_all_the_same_there_is_nothing_to_compute(study):
    with pytest.warns(ImportanceWarning):
        table = Results(study).importance(**QUICK, target=lambda trial: 1.0)
    assert table["importance"].isna().all()
    again = {**QUICK, "permutations": 19}
    assert Results(study).cost("importance", **again, target=lambda trial: 1.0).total == 0


def test_a_cost_of_importances_is_asked_for_as_they_are(study):
    with pytest.raises(DesignError, match=r"cost of importance: too many .*; give cost\('importance'\)$"):
        Results(study).cost("importance", "x")
    with pytest.raises(ImportanceError, match="workers must be a whole number, at least 1"):
        Results(study).cost("importance", workers=0)


def test_every_number_that_importances_depend_on_is_in_the_fingerprint(study):
    sample = read_sample(study)
    changes = [{"points": sample.points / 2}, {"values": sample.values[::-1]}, {"names": ("y",)}, {"count": 12}]
    changed = [replace(sample, **change) for change in changes] + [replace(sample, owners=np.array([1]))]
    assert len({importances._fingerprint_of(one) for one in [sample, *changed]}) == 6


def test_the_options_that_are_handed_on_are_those_of_importance():
    hints = {name: hint for name, hint in get_type_hints(importance).items() if name not in ("study", "return")}
    assert get_type_hints(ImportanceOptions) == hints
    defaults = {n: p.default for n, p in inspect.signature(importance).parameters.items()}
    assert asdict(Options()) == {name: defaults[name] for name in asdict(Options())}
