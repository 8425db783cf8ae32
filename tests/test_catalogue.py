"""Which studies a storage holds: of this project and of others, searched and surveyed or one of the two."""

import optuna
import pandas as pd
import pytest
from helpers import printed, run

from hpsearch import Float, Space, survey
from hpsearch.report.catalogue import catalogue_table
from hpsearch.results.catalogue import catalogue
from hpsearch.storage.access import open_storage


def test_the_survey_of_a_function_is_a_survey(folder):
    space = Space({"x": Float(0, 1)})
    evaluated = []

    def failing_once(x):
        evaluated.append(x)
        return 1 / 0 if len(evaluated) == 3 else x

    how = {"base": 4, "scrambles": 2, "ceilings": {"response": 9.0}, "name": "mine", "results": folder / "results"}
    for retry in (False, True):
        survey(failing_once, space, **how, retry=retry)
    (row,) = catalogue(open_storage()).to_dict("records")
    assert (row["study"], row["ours"], row["trials"], row["surveyed"]) == ("mine", True, 0, True)
    assert (row["survey"], len(evaluated)) == (2 * 4 * 4, 65)  # all were probed, and one was tried again


@pytest.fixture
def storage(folder):
    """Two studies of ours, one searched and surveyed and one only surveyed, and three of another program."""
    run("search", "small", "--trials", 3)
    run("survey", "small", "--base", 4, "--scrambles", 2)
    run("survey", "small", "--name", "alone", "--base", 4, "--scrambles", 2, "--effective-step")
    storage = open_storage()
    maximised = optuna.create_study(storage=storage, study_name="theirs", direction="maximize")
    for value in (0.5, 0.75, 0.25):
        maximised.add_trial(optuna.trial.create_trial(value=value))
    maximised.enqueue_trial({"x": 1.0})
    both = optuna.create_study(storage=storage, study_name="of [b]two", directions=["minimize", "maximize"])
    both.add_trial(optuna.trial.create_trial(values=[1.0, 2.0]))
    optuna.create_study(storage=storage, study_name="empty.survey")
    return storage


def test_every_study_is_a_row_with_its_trials_its_best_and_its_survey_and_the_command_lists_them(storage):
    frame = catalogue(storage).set_index("study")
    assert list(frame.index) == ["alone", "empty.survey", "of [b]two", "small", "theirs"]
    small = optuna.load_study(study_name="small", storage=storage)
    assert frame["trials"].to_dict() == {"alone": 0, "empty.survey": 0, "of [b]two": 1, "small": 3, "theirs": 4}
    assert frame["unfinished"].to_dict() == {"alone": 0, "empty.survey": 0, "of [b]two": 0, "small": 0, "theirs": 1}
    assert frame["best"].dropna().to_dict() == {"small": small.best_value, "theirs": 0.75}
    assert frame["ours"].to_dict() == {
        "alone": True, "empty.survey": False, "of [b]two": False, "small": True, "theirs": False,
    }  # fmt: skip
    assert frame["metric"].to_dict() == {
        "alone": "", "empty.survey": "value", "of [b]two": "value_0, value_1", "small": "validation_loss",
        "theirs": "value",
    }  # fmt: skip
    assert frame["survey"].to_dict() == {"alone": 72, "empty.survey": 0, "of [b]two": 0, "small": 72, "theirs": 0}
    assert frame["surveyed"].tolist() == [True, False, False, True, False]
    last = max(t.datetime_complete for t in optuna.load_study(study_name="small.survey", storage=storage).trials)
    assert frame["last"]["small"] == pd.Timestamp(last.astimezone())
    assert pd.isna(frame["last"]["empty.survey"])
    rows = printed(catalogue_table(catalogue(storage), title="studies"), width=120)
    assert any(row.startswith("small 3 ") and "validation loss 72 " in row for row in rows)
    assert any(row.startswith("of [b]two 1 - value 0, value 1 - ") for row in rows)
    assert any(row.startswith("theirs 4 (1 unfinished) 0.75 value - ") for row in rows)
    told = run("list").stdout
    assert told.startswith("studies in results/hpsearch.journal")
    assert all(f"\n{name} " in told for name in ("small", "of [b]two", "theirs", "alone", "empty.survey"))


def test_nothing_and_no_results_are_told(folder):
    assert "no results in" in run("list", code=2).stderr
    open_storage()
    optuna.create_study(storage=open_storage(), study_name="x")
    optuna.delete_study(storage=open_storage(), study_name="x")
    assert run("list").stdout == "no studies in results/hpsearch.journal\n"
    optuna.create_study(storage=f"sqlite:///{folder}/a.db", study_name="x")
    assert "x" in run("list", "--storage", f"sqlite:///{folder}/a.db").stdout


def test_a_survey_that_is_not_complete_is_told():
    row = {"study": "s", "ours": True, "trials": 0, "unfinished": 0, "metric": "", "best": float("nan")}
    frame = pd.DataFrame([{**row, "survey": 1200, "surveyed": False, "last": pd.NaT}])
    cells = [str(next(iter(column.cells))) for column in catalogue_table(frame, title="t").columns]
    assert cells == ["s", "-", "-", "-", "1,200, unfinished", "-"]


def test_repeats_of_a_search_in_rounds_are_one_row():
    names = [f"mine-repeat-{k}-{arm}" for k in (2, 10) for arm in ("round-1", "round-2", "unrefined")]
    names = ["mine", "theirs-repeat-2-round-1", *names, "mine-round-1"]
    frame = pd.DataFrame({"study": names, "best": [0.5, *[0.4] * 3, 0.1, *[0.3] * 3, 0.2]})
    frame = frame.assign(ours=frame["study"] != names[1], trials=20, unfinished=0, survey=0, surveyed=False)
    rows = printed(catalogue_table(frame.assign(metric="loss", last=pd.NaT), title="studies"), width=120)
    assert [row.split(" loss")[0] for row in rows if " loss" in row] == [
        "mine 20 0.5", "theirs-repeat-2-round-1 20 0.4", "mine-repeat-2 to -10 (6 studies) 120 0.1",
        "mine-round-1 20 0.2",
    ]  # fmt: skip
    one = frame[frame["study"].str.startswith("mine-repeat-2-")].assign(metric="loss", last=pd.NaT)
    assert any("mine-repeat-2 (3 studies) 60 0.1" in row for row in printed(catalogue_table(one, title="studies")))


def test_beside_a_long_name_metric_and_numbers_stand_on_one_line_of_80_columns():
    rows = [("a-long-name-" * 4, "validation_loss", 4608), ("short", "validation_error", 72)]
    frame = pd.DataFrame(rows, columns=["study", "metric", "survey"]).assign(
        ours=True, trials=200, unfinished=0, best=0.1387, surveyed=[True, False], last=pd.Timestamp("2026-11-26 11:23")
    )
    lines = printed(catalogue_table(frame, title="studies"))
    assert any(line.endswith("200 0.1387 validation loss 4,608 2026-11-26 11:23") for line in lines)
    assert "short 200 0.1387 validation error 72, 2026-11-26 11:23" in lines  # below it "unfinished"
