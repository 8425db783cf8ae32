"""A survey of a function that is kept: stopped, gone on with, grown, and read back."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import optuna
import pandas as pd
import pytest

from hpsearch.config import ConfigError
from hpsearch.experiments.function import survey, survey_frames
from hpsearch.results.study import ResultsError, load
from hpsearch.sensitivity.indices import ResponseError
from hpsearch.space import Choice, Float, Int, Space
from hpsearch.storage.access import count_trials
from hpsearch.storage.studies import StudyChangedError

SPACE = Space({"rate": Float(1e-3, 1, log=True), "size": Int(1, 9), "kind": Choice(("a", True, 3))})
SMALL = {"base": 4, "scrambles": 2, "seeds": 4}


class Counted:
    """A function that notes how it was called, and stops or fails where it is told to."""

    def __init__(self, *, stop=None, fail=()):
        self.calls, self.stop, self.fail = [], stop, set(fail)

    def __call__(self, rate, size, kind, seed):
        self.calls.append((rate, size, kind, seed))
        if len(self.calls) == self.stop:
            raise KeyboardInterrupt
        if len(self.calls) in self.fail:
            raise ValueError(f"call {len(self.calls)}")
        return {"loss": np.log(rate) + size + (kind == "a") + 0.1 * seed, "cost": size * rate}


@pytest.fixture
def kept(tmp_path):
    return {**SMALL, "name": "mine", "results": tmp_path}


def test_a_kept_survey_is_that_of_memory_and_reads_back_the_same(kept, tmp_path):
    memory = survey(Counted(), SPACE, **SMALL)
    stored = survey(Counted(), SPACE, **kept)
    read = load("mine", results=tmp_path).survey
    for other in (stored, read):
        pd.testing.assert_frame_equal(other.table, memory.table)
        assert other.design == memory.design
        assert (other.response, other.seeded, other.kinds) == ("loss", True, memory.kinds)
    assert set(map(type, read.table["kind"])) == {str, bool, int}


@pytest.mark.parametrize("url", [None, pytest.param("sqlite:///{}/survey.db", marks=pytest.mark.slow)])
def test_a_stopped_survey_goes_on_and_evaluates_no_row_twice_but_those_of_the_probe(url, kept, tmp_path):
    how = kept if url is None else {**kept, "storage": url.format(tmp_path)}
    rows, first = 2 * 6 * 4, Counted(stop=30)
    with pytest.raises(KeyboardInterrupt, match=r"^$"):
        survey(first, SPACE, **how)
    with pytest.raises(ResultsError, match=r"not complete yet .29 rows are stored"):
        load("mine", results=tmp_path, storage=how.get("storage")).survey  # noqa: B018
    second = Counted()
    found = survey(second, SPACE, **how)
    assert len(second.calls) == rows - 29 + rows  # a probe of all, as there are fewer than 256
    pd.testing.assert_frame_equal(found.table, survey(Counted(), SPACE, **SMALL).table)
    third = Counted()
    survey(third, SPACE, **how)
    assert third.calls == []


LARGER = [({"base": 8}, 48), ({"scrambles": 3}, 24), ({"second_order": True}, 32), ({"replicates": 3}, 48)]


@pytest.mark.parametrize(("larger", "rows"), LARGER)
def test_a_survey_grows_by_the_rows_that_are_new(larger, rows, kept):
    survey(Counted(), SPACE, **kept)
    count = Counted()
    found = survey(count, SPACE, **{**kept, **larger})
    assert len(count.calls) == rows + 1  # and one again, to see that it is the same function
    pd.testing.assert_frame_equal(found.table, survey(Counted(), SPACE, **{**SMALL, **larger}).table)


def test_rows_are_stored_while_others_are_evaluated(kept, tmp_path):
    stored, calls = [], []

    def function(rate, size, kind):
        calls.append(size)
        if len(calls) in (1, 150):
            stored.append(count_trials("mine.survey", None, results=tmp_path))
        return size

    survey(function, SPACE, **{**kept, "base": 16})
    assert stored[0] == 0
    assert stored[1] >= 64


def test_rows_that_failed_are_kept_with_their_error_and_tried_again_on_request(kept, tmp_path):
    with pytest.raises(
        ResponseError, match=r"loss: 2 of 48 .*2 rows failed, the first by ValueError: call 3"
    ) as caught:
        survey(Counted(fail=(3, 20)), SPACE, **kept)
    assert "Nothing is lost: the rows are stored, and the exception's survey holds the table; w" in str(caught.value)
    table = caught.value.survey.table
    assert table["loss"].isna().sum() == 2
    assert table.loc[[2, 19], "failure"].str.startswith("ValueError: call").all()
    states = load("mine", results=tmp_path).trials["state"].value_counts()
    assert states["FAIL"] == 2
    as_ceiling = survey(Counted(), SPACE, **kept, ceilings={"loss": 3.0})
    assert as_ceiling.sensitivity()["at_ceiling"].iat[0] >= 2
    again = Counted()
    found = survey(again, SPACE, **kept, retry=True)
    assert len(again.calls) == 2
    pd.testing.assert_frame_equal(found.table, survey(Counted(), SPACE, **SMALL).table)
    read = load("mine", results=tmp_path).survey
    assert (read.table["failure"] == "").all()
    assert (
        read.seeded
    )  # what failed once by chance, and did not when it was evaluated again, passed for noise until then


def test_what_would_train_says_that_a_function_was_surveyed(kept, tmp_path):
    survey(Counted(), SPACE, **kept)
    for train in (lambda results: results.network(0), lambda results: results.profile("rate")):
        with pytest.raises(ResultsError, match=r"study 'mine.survey' is the survey of the function .*: it"):
            train(load("mine", results=tmp_path))


def test_what_is_not_finite_is_kept_as_it_was(kept, tmp_path):
    def function(rate, size, kind):
        return {"loss": size, "side": np.nan if size == 3 else -np.inf if size == 4 else rate}

    found = survey(function, SPACE, **kept)
    pd.testing.assert_frame_equal(load("mine", results=tmp_path).survey.table, found.table)
    side = found.table.loc[found.table["size"].isin([3, 4]), "side"]
    assert side.isna().any()
    assert np.isneginf(side).any()
    assert len(found.sensitivity())
    with pytest.raises(ResponseError, match=r"side: .* not finite"):
        found.sensitivity("side")


def test_another_space_seed_or_function_is_refused(kept, tmp_path):
    survey(Counted(), SPACE, **kept)
    wider = Space({**SPACE, "size": Int(1, 10)})
    with pytest.raises(StudyChangedError, match=r"space: stored .*9.* now .*10"):
        survey(Counted(), wider, **kept)
    with pytest.raises(StudyChangedError, match="seed: stored 0, now 1"):
        survey(Counted(), SPACE, **kept, seed=1)
    with pytest.raises(StudyChangedError, match="the function's answer to the first row"):
        survey(lambda rate, size, kind: {"loss": 1.0, "cost": 2.0}, SPACE, **{**kept, "base": 8})
    assert len(load("mine", results=tmp_path).survey.table) == 48


def test_a_noisy_side_response_does_not_pass_for_a_changed_function(kept, tmp_path):
    rng = np.random.default_rng(0)
    function = lambda rate, size, kind: {"loss": size, "seconds": rng.random()}  # noqa: E731
    survey(function, SPACE, **kept)
    assert load("mine", results=tmp_path).survey.noisy == ("seconds",)
    assert len(survey(function, SPACE, **{**kept, "base": 8}).table) == 96
    with pytest.raises(StudyChangedError, match="answer to the first row"):
        survey(lambda rate, size, kind: {"loss": -size, "seconds": 0.0}, SPACE, **{**kept, "base": 16})


def test_a_name_that_cannot_be_one_or_is_of_something_else_is_refused(kept, tmp_path):
    with pytest.raises(ConfigError, match="'/' in it"):
        survey(Counted(), SPACE, **{**kept, "name": "../mine"})
    storage = f"sqlite:///{tmp_path}/other.db"
    study = optuna.create_study(storage=storage, study_name="mine.survey")
    study.add_trial(optuna.trial.create_trial(value=1.0))
    with pytest.raises(StudyChangedError, match="survey of: stored"):
        survey(Counted(), SPACE, **kept, storage=storage)


def test_tables_of_settings_are_kept_by_the_chunk(kept):
    sizes = []

    def function(rows):
        sizes.append(len(rows))
        if len(sizes) == 3:
            raise KeyboardInterrupt
        return rows["size"] + np.log(rows["rate"])

    with pytest.raises(KeyboardInterrupt, match=r"^$"):
        survey_frames(function, SPACE, frame_rows=10, **kept)
    found = survey_frames(function, SPACE, frame_rows=10, **kept)
    assert sizes == [10, 10, 10, 10, 10, 8, *[10] * 4, 8]  # the third was lost
    table = survey_frames(lambda rows: rows["size"] + np.log(rows["rate"]), SPACE, **SMALL).table
    pd.testing.assert_frame_equal(found.table, table)


KILLED = """
import sys, time
import numpy as np
from hpsearch import Float, Space, survey

calls = 0

def slow(x, y, seed):
    global calls
    calls += 1
    time.sleep(600 if calls > 400 and sys.argv[2:] else 0.002)  # what shall be killed does not come to its end
    return x + 3 * y + 0.1 * np.random.default_rng(seed).normal()

if __name__ == "__main__":
    survey(slow, Space({"x": Float(0, 1), "y": Float(0, 1)}), 16, 8, name="mine", results=sys.argv[1],
           on_progress=lambda p: print(p.fresh, flush=True))
"""


@pytest.mark.slow
def test_after_a_kill_it_goes_on_to_the_uninterrupted_survey(tmp_path):
    script = tmp_path / "killed.py"
    script.write_text(KILLED, encoding="utf-8")
    command = [sys.executable, str(script)]
    with subprocess.Popen([*command, str(tmp_path / "r"), "endless"], stdout=subprocess.PIPE, text=True) as main:
        assert main.stdout.readline() == "0\n"
        while not count_trials("mine.survey", None, results=tmp_path / "r"):
            assert main.poll() is None
            time.sleep(0.3)
        os.kill(main.pid, signal.SIGKILL)
    stored = len(load("mine", results=tmp_path / "r").trials)
    assert 0 < stored < 640
    subprocess.run([*command, str(tmp_path / "r")], check=True, capture_output=True)
    subprocess.run([*command, str(tmp_path / "whole")], check=True, capture_output=True)
    resumed, whole = (load("mine", results=tmp_path / folder) for folder in ("r", "whole"))
    pd.testing.assert_frame_equal(resumed.survey.table, whole.survey.table)
    assert len(resumed.trials) == len(whole.trials) == 640 + 256


def test_the_front_page_says_what_was_measured(kept, tmp_path):
    survey(Counted(), SPACE, **kept)
    study = load("mine", results=tmp_path).study
    assert "Real evaluations gave these total indices" in study.user_attrs["importance, measured"]
