"""Responses: what is clipped, what is refused, and in which form the rest is taken."""

import re
import tomllib
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from closed_forms import unit

from hpsearch.experiments.function import survey_frames
from hpsearch.sensitivity.indices import ResponseError, Responses
from hpsearch.sensitivity.responses import Kind, response_of


def test_what_is_not_finite_is_refused_or_counts_as_the_ceiling():
    def function(rows):
        return np.where(rows.x0 > 0.9, np.nan, rows.x0)

    with pytest.raises(ResponseError, match=r"response: \d+ of 80 values are not finite .* give ceilings=") as problem:
        survey_frames(function, unit(2), base=4, scrambles=2 * 2)
    line = re.search(r"below \[survey\], (ceilings = .*?})", str(problem.value))  # of a file, to be copied
    assert tomllib.loads(line[1].replace("value", "2.0")) == {"ceilings": {"response": 2.0}}
    found = survey_frames(function, unit(2), base=64, ceilings={"response": 2.0}).sensitivity().iloc[0]
    assert found["hyperparameter"] == "x0"
    assert found["total_order"] == pytest.approx(1, abs=0.05)
    with pytest.raises(ResponseError, match="not finite"):
        Responses(np.array([[[np.inf] * 4] * 3] * 2), ("x",))


@pytest.mark.parametrize("form", ["log", "rank", "linear"])
def test_heavy_tails_leave_indices_finite(form):
    def function(rows):
        return np.where(rows.x0 * rows.x1 > 0.85, 1e9, 0.1 + rows.x0)

    found = survey_frames(function, unit(2), base=64, ceilings={"response": 2.3}).sensitivity(form=form)
    assert np.isfinite(found[["total_low", "total_high", "first_low", "first_high"]].to_numpy()).all()
    assert (found["form"] == form).all()


TABLE = pd.DataFrame(
    {
        # four rows of a design; the third diverges, the fourth is short
        "iteration": [0, 10, 40, 0, 10, 40, 0, 10, 40, 0, 10],
        "train_loss": [2.5, 1.0, 0.2, 2.4, 0.9, 0.5, 2.6, 16.0, 16.0, 2.3, 2.0],
        "validation_loss": [2.6, 1.1, 0.4, 2.2, 0.8, 0.7, 2.6, 16.0, 16.0, 2.4, 2.1],
        "validation_r2": [-0.2, 0.5, 0.8, -0.1, 0.6, 0.7, -0.1, -9.0, -np.inf, 0.0, 0.1],
        "gradient_norm": [1.0, 2.0, 3.0, 1.0, 2.0, 4.0, 1.0, np.nan, np.nan, 1.0, 5.0],
    }
)
KINDS = {
    "train_loss": Kind("log", ceiling=2.0),
    "validation_loss": Kind("log", ceiling=2.25),
    "validation_r2": Kind(better="higher", ceiling=0.0),
}


def values(name, table=TABLE, **how):
    return response_of(table, name, main="validation_loss", kinds=KINDS, **how).values.tolist()


def test_a_loss_counts_no_more_than_its_ceiling():
    assert values("validation_loss", form="linear") == [0.4, 0.7, 2.25, 2.1]
    assert values("validation_loss") == pytest.approx(np.log([0.4, 0.7, 2.25, 2.1]))
    assert values("validation_loss", form="rank") == [0.25, 0.5, 1.0, 0.75]
    assert values("generalisation_gap") == pytest.approx([0.2, 0.2, 0.25, 0.1])


def test_an_r2_counts_no_less_than_its_ceiling():
    assert values("validation_r2") == [0.8, 0.7, 0.0, 0.1]
    assert values("validation_r2", iteration=0) == [0.0, 0.0, 0.0, 0.0]


def test_what_is_not_finite_counts_as_the_ceiling_whichever_way_is_better():
    lost = pd.DataFrame({"validation_loss": [0.1, np.nan, np.inf, -np.inf], "validation_r2": [0.9, np.nan, np.inf, -3]})
    assert values("validation_loss", lost, form="linear") == [0.1, 2.25, 2.25, 2.25]
    assert values("validation_r2", lost) == [0.9, 0.0, 0.0, 0.0]


def test_a_checkpoint_takes_what_ended_before_as_it_ended():
    assert values("validation_loss", form="linear", iteration=10) == [1.1, 0.8, 2.25, 2.1]
    assert values("validation_loss", form="linear", iteration=0) == [2.25, 2.2, 2.25, 2.25]
    assert values("validation_loss", form="linear", iteration=40) == values("validation_loss", form="linear")


def test_a_log_form_counts_no_less_than_its_floor_and_says_how_many_do():
    table = pd.DataFrame({"validation_loss": [0.0, 1e-9, 1e-6, 0.5, 16.0, np.nan]})
    kinds = {"validation_loss": Kind("log", ceiling=2.25, floor=1e-6)}
    logs, plain, ranks = (
        response_of(table, "validation_loss", main="validation_loss", kinds=kinds, form=form)
        for form in ("log", "linear", "rank")
    )
    assert logs.values.tolist() == pytest.approx(np.log([1e-6, 1e-6, 1e-6, 0.5, 2.25, 2.25]))
    assert plain.values.tolist() == [0.0, 1e-9, 1e-6, 0.5, 2.25, 2.25]
    assert [(r.at_ceiling, r.at_floor) for r in (logs, plain)] == [(2, 2), (2, 0)]
    assert ranks.values[0] < ranks.values[1]


def test_a_table_of_indices_tells_how_many_values_are_clipped():
    surveyed = survey_frames(lambda rows: rows.x0.rename("loss"), unit(2), base=8, scrambles=2)
    surveyed = replace(surveyed, kinds={"loss": Kind("log", ceiling=0.75, floor=0.1)})
    found, loss = surveyed.sensitivity(), surveyed.table["loss"]
    assert set(found["at_ceiling"]) == {(loss > 0.75).sum()}
    assert set(found["at_floor"]) == {(loss < 0.1).sum()}
    assert not {0, found["at_floor"].iat[0]} & set(found["at_ceiling"])


def test_a_gap_is_clipped_where_one_of_its_losses_is():
    for column, ceiling, count in (("train_loss", 0.4, 3), ("validation_loss", 2.0, 2)):
        kinds = {**KINDS, column: Kind(ceiling=ceiling)}
        gap = response_of(TABLE, "generalisation_gap", main="validation_loss", kinds=kinds)
        assert gap.at_ceiling == count
    assert response_of(TABLE, "iterations_to_target", main="iterations_to_target", kinds=KINDS).at_ceiling == 0


def test_the_iterations_to_a_target_are_the_first_checkpoint_that_has_it_or_the_longest_training():
    assert values("iterations_to_target", target=1.0, form="linear") == [40, 10, 40, 40]
    assert values("iterations_to_target", target=2.2, form="linear") == [10, 1, 40, 10]
    assert values("iterations_to_target", form="linear") == [10, 10, 40, 40]  # the median of the ends is 1.4
    assert values("iterations_to_target", target=2.2) == pytest.approx(np.log([10, 1, 40, 10]))


def test_the_best_tenth_are_the_lowest_of_the_main_response():
    table = pd.DataFrame({"validation_loss": np.arange(20.0)[::-1] / 10})
    assert values("best_tenth", table) == [0.0] * 18 + [1.0] * 2


def test_where_higher_is_better_the_best_tenth_are_the_highest():
    table = pd.DataFrame({"validation_r2": np.arange(20.0) / 20})
    tenth = response_of(table, "best_tenth", main="validation_r2", kinds=KINDS)
    assert tenth.values.tolist() == [0.0] * 18 + [1.0] * 2
    assert (tenth.name, tenth.better) == ("best_tenth of validation_r2", "higher")


@pytest.mark.parametrize(
    ("name", "how", "problem"),
    [
        ("gradient_norm", {}, r"gradient_norm: 1 of 4 values are not finite \(the first in row 2: nan\)"),
        (
            "validation_r2",
            {"form": "log"},
            r"of 0 or below \(0\), so no log form: ask for rank or linear, or give it a floor",
        ),
        ("validation_loss", {"form": "square"}, "no form 'square': choose log, rank, linear"),
        ("speed", {}, "no response 'speed': the survey has iteration, train_loss"),
    ],
)
def test_a_response_that_cannot_be_taken_is_refused(name, how, problem):
    with pytest.raises(ResponseError, match=problem):
        values(name, **how)
