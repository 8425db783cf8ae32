"""Values that were computed elsewhere: a design's rows out, values in."""

import io

import numpy as np
import pandas as pd
import pytest
from closed_forms import unit

from hpsearch.experiments.elsewhere import survey_of
from hpsearch.experiments.function import survey_frames
from hpsearch.sensitivity.designs import Design, DesignError
from hpsearch.sensitivity.indices import ResponseError
from hpsearch.space import Choice, Float, Space

SPACE = Space({"rate": Float(1e-3, 1, log=True), "kind": Choice(("a", "b"))})
DESIGN = Design(SPACE, base=8, scrambles=3)
ROWS = DESIGN.table()
LOSS = (np.log(ROWS["rate"]) + (ROWS["kind"] == "a")).rename("loss")


def test_it_is_the_survey_that_evaluates_the_same_here():
    here = survey_frames(lambda r: (np.log(r["rate"]) + (r["kind"] == "a")).rename("loss"), SPACE, base=8, scrambles=3)
    there = survey_of(DESIGN, LOSS, seeded=True)
    pd.testing.assert_frame_equal(there.table, here.table)
    pd.testing.assert_frame_equal(there.sensitivity(), here.sensitivity())


def test_values_in_another_order_go_by_their_index_or_by_their_place():
    wanted = survey_of(DESIGN, LOSS).table
    shuffled = ROWS.assign(loss=LOSS).sample(frac=1, random_state=0)
    text = shuffled.drop(columns="design").to_csv(index=False)
    for values in (LOSS.sample(frac=1, random_state=0), shuffled, pd.read_csv(io.StringIO(text))):
        pd.testing.assert_frame_equal(survey_of(DESIGN, values).table, wanted)
    assert survey_of(DESIGN, LOSS.to_numpy()).table["response"].tolist() == LOSS.tolist()


def test_nothing_is_decided_unless_the_seed_is_said_to_govern_all_noise():
    silent = survey_of(DESIGN, LOSS).sensitivity()
    assert set(silent.loc[silent["hyperparameter"] != "seed", "verdict"]) == {"undecided"}
    assert "sensitive" in set(survey_of(DESIGN, LOSS, seeded=True).sensitivity()["verdict"])


def test_replicates_are_rows_of_their_own():
    rows, rng = Design(unit(1), base=64).table(3), np.random.default_rng(0)
    noisy = rows["x0"] + 0.2 * rng.standard_normal(len(rows))
    found = survey_of(Design(unit(1), base=64), rows.assign(y=noisy).sample(frac=1, random_state=1), replicates=3)
    assert found.table["y"].tolist() == noisy.tolist()
    assert found.sensitivity()["total_order"].iat[0] == pytest.approx(1, abs=0.1)
    with pytest.raises(DesignError, match="replicates must be a whole number from 1"):
        survey_of(DESIGN, LOSS, replicates=0)


TWICE = pd.concat([ROWS.assign(loss=LOSS).iloc[1:], ROWS.assign(loss=LOSS).iloc[-1:]])


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        (LOSS.iloc[:-1], "one for each of 120 rows .given: .119, 1.."),
        (np.zeros((120, 2)), "given: an array .120, 2."),
        (LOSS.set_axis(range(1, 121)), "nor a permutation"),
        (LOSS.astype(str), "no numbers"),
        (LOSS.rename("iteration"), "named like a column of the design: iteration"),
        (pd.DataFrame({"row": LOSS}), "named like a column of the design: row"),
        (ROWS.assign(loss=LOSS).iloc[1:], "119 rows, and not once each of the 120"),
        (TWICE, "not once each"),
        (ROWS.assign(loss=LOSS, rate=ROWS["rate"] * 1.001), "other values of 'rate'"),
        (ROWS.assign(loss=LOSS, kind="a"), "other values of 'kind'"),
        (ROWS.assign(loss=LOSS).drop(columns="kind"), "lacks columns of the design: kind"),
        (ROWS, "one for each of 120 rows"),
    ],
)  # fmt: skip
def test_values_of_other_rows_are_refused(values, problem):
    with pytest.raises(ResponseError, match=problem):
        survey_of(DESIGN, values)


def test_a_table_in_place_of_its_design_is_refused():
    with pytest.raises(DesignError, match=r"design must be a Design \(given: DataFrame\): the one whose table was"):
        survey_of(ROWS, LOSS)


def test_only_the_response_that_is_analysed_must_be_finite():
    values = pd.DataFrame({"loss": LOSS, "side": LOSS.where(ROWS.index != 7)})
    assert len(survey_of(DESIGN, values).sensitivity()) == 3
    with pytest.raises(ResponseError, match="side: 1 of 120") as caught:
        survey_of(DESIGN, values, response="side")
    assert caught.value.survey.table["side"].isna().sum() == 1
    assert survey_of(DESIGN, values, response="side", ceilings={"side": 9.0}).sensitivity()["at_ceiling"].iat[0] == 1
    with pytest.raises(ResponseError, match="no response accuracy: the values are loss, side"):
        survey_of(DESIGN, values, response="accuracy")
