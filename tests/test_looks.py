"""A survey that grows until its verdicts are decided."""

import time

import numpy as np
import pandas as pd
import pytest
from closed_forms import false_alarms, unit

from hpsearch.experiments.function import survey_frames
from hpsearch.experiments.looks import LOOKS, planned, undecided
from hpsearch.experiments.runs import SurveyTimeoutError
from hpsearch.report.facts import facts
from hpsearch.results.study import load
from hpsearch.sensitivity.designs import Design, DesignError

SPACE = unit(2)


def clear(rows):
    return 3 * rows.x0 + 2 * rows.x1


def close(rows):
    """x1 has 1.1 % of the variance, and x0 waves too fast for a small design: hard to tell from 1 %."""
    return np.cos(50 * rows.x0) + 0.26 * rows.x1


def test_it_ends_at_the_first_look_that_decides():
    found = survey_frames(clear, SPACE, base=8, until="decided")
    assert found.design.base == 8
    assert set(found.sensitivity()["verdict"]) == {"sensitive", "luck"}
    grown = survey_frames(close, SPACE, base=8, until="decided")
    assert 8 < grown.design.base <= 8 * 32
    smaller = survey_frames(close, SPACE, base=grown.design.base // 2, until=0.99)
    assert undecided(smaller) > 0


def test_a_share_may_stay_undecided():
    loose = survey_frames(close, SPACE, base=8, until=0.5)
    assert loose.design.base < survey_frames(close, SPACE, base=8, until="decided").design.base
    assert undecided(loose) <= 0.5


def test_every_look_spends_a_sixth_of_the_error_and_no_more_than_six_are_planned():
    plan = planned(Design(SPACE, 4))
    assert [design.base for design in plan] == [4, 8, 16, 32, 64, 128]
    assert [design.base for design in planned(Design(SPACE, 2**18))] == [2**18, 2**19, 2**20]
    looked, once = survey_frames(clear, SPACE, base=8, until="decided"), survey_frames(clear, SPACE, base=8)
    assert (looked.looks, once.looks) == (LOOKS, 1)
    wider = once.sensitivity(confidence=1 - 0.05 / 6)
    pd.testing.assert_frame_equal(looked.sensitivity(), wider)
    pd.testing.assert_frame_equal(looked.interactions(), once.interactions(confidence=1 - 0.05 / 6))
    pd.testing.assert_frame_equal(looked.effects(), once.effects(confidence=1 - 0.05 / 6))
    pd.testing.assert_frame_equal(looked.best_tenth(), once.best_tenth(confidence=1 - 0.05 / 6))


def test_no_growth_helps_where_the_floor_is_unknown():
    rng = np.random.default_rng(0)
    found = survey_frames(lambda rows: rows.x0 + rng.standard_normal(len(rows)), SPACE, base=8, until="decided")
    assert found.design.base == 8
    assert not found.seeded


def test_a_kept_one_remembers_its_looks_and_those_of_another_plan(tmp_path):
    kept = {"scrambles": 4, "name": "looked", "results": tmp_path}
    survey_frames(clear, SPACE, base=8, until="decided", **kept)
    stored = load("looked", results=tmp_path)
    assert stored.survey.looks == 6
    assert "a plan of 6 looks; each look spends 1/6 of the error" in str(facts(stored, stored.survey)["value"].tolist())
    assert survey_frames(clear, SPACE, base=16, **kept).looks == 6
    assert survey_frames(clear, SPACE, base=32, until="decided", **kept).looks == 8  # 8 to 256, and 512 and 1,024


def test_when_the_time_is_up_the_last_complete_one_is_returned(monkeypatch):
    now, calls = [0.0], []
    monkeypatch.setattr(time, "monotonic", lambda: now[0])

    def slow(rows):
        calls.append(len(rows))
        now[0] += len(rows)
        return close(rows)

    rows = 8 * 5 * 8
    found = survey_frames(slow, SPACE, base=8, until="decided", timeout=2.5 * rows, frame_rows=16)
    assert found.design.base == 8
    assert 2.5 * rows <= sum(calls) <= 2.5 * rows + 16
    now[0] = 0.0
    with pytest.raises(SurveyTimeoutError, match=r"the time .100 s. was up with 112 of 576 rows") as caught:
        survey_frames(slow, SPACE, base=8, timeout=100, frame_rows=16)
    assert caught.value.table["response"].notna().sum() == 112
    assert (caught.value.table["failure"] == "not evaluated").sum() == rows - 112


@pytest.mark.parametrize("until", ["soon", -0.1, 1.0, 60, True, np.array([0.1, 0.2])])
def test_what_is_no_end_is_refused(until):
    with pytest.raises(DesignError, match="until must be"):
        survey_frames(clear, SPACE, until=until)


@pytest.mark.slow
@pytest.mark.parametrize("scrambles", [4, 8])
def test_looking_does_not_raise_the_false_alarms(scrambles):
    """A total index of exactly the share: both verdicts are wrong, and six looks at the full level err in 10 % each."""
    rates = false_alarms(np.random.default_rng(0), scrambles=scrambles, repeats=400)
    assert max(rates.values()) <= 0.05
