"""The front page in the dashboard: what was chosen and measured, in words and as a figure, on both studies' pages."""

import json

import numpy as np
import optuna
import plotly.graph_objects as go
import pytest
from optuna_dashboard import get_note

from hpsearch.config.digits import score_interval
from hpsearch.data import from_arrays
from hpsearch.experiments.function import survey_frames
from hpsearch.experiments.trainings import survey_study
from hpsearch.report.edges import edge_sentences
from hpsearch.results.study import load
from hpsearch.sensitivity.analysis import Survey
from hpsearch.sensitivity.verdicts import NO_FLOOR
from hpsearch.space import Float, Space
from hpsearch.storage.access import JOURNAL, open_storage
from hpsearch.storage.front import (
    ATTRIBUTION,
    EXPLAINED,
    FIGURE,
    MEASURED,
    show_attribution,
    show_search,
    show_surrogates,
)
from hpsearch.storage.internals import figure_of, note_of, set_figure, set_note, study_attributes
from hpsearch.storage.journal import StorageError
from hpsearch.storage.studies import BEST, CONFIG, fact
from hpsearch.tuning.search import search

pytestmark = pytest.mark.filterwarnings("ignore::hpsearch.ConcentrationWarning")

SIZE = {"survey.base": 8, "survey.scrambles": 3, "survey.seeds": 4, "trials": 4, "question": "How <b>fast</b>?"}
BARS = 'The bars called "Hyperparameter Importance" are guesses of a surrogate, without intervals'


@pytest.fixture(scope="module")
def config(small):
    return small.with_overrides(**SIZE)


@pytest.fixture(scope="module")
def both(config, tmp_path_factory):
    """A folder with a search and then its survey."""
    folder = tmp_path_factory.mktemp("both")
    search(config, results=folder)
    survey_study(config, results=folder)
    return folder


def test_a_search_says_in_short_rows_what_was_asked_chosen_and_is_not_measured_yet(config, tmp_path):
    study = search(config, results=tmp_path)
    rows, best = study.user_attrs, load("small", results=tmp_path).best
    assert list(rows) == ["question", "chosen", "test error", "baseline", MEASURED]
    assert rows["question"] == "How <b>fast</b>?"
    assert rows["chosen"].startswith(f"trial {best.number}: learning rate α {best.hyperparameters.learning_rate:.3g}, ")
    assert f"batch size B {best.hyperparameters.batch_size}" in rows["chosen"]
    assert rows["test error"] == score_interval(vars(best.test))
    assert rows["baseline"] == f"guessing {score_interval(fact(study, BEST)['guessing'])}"
    assert rows[MEASURED] == f"{BARS}. Nothing is measured yet: make survey STUDY=small"
    assert figure_of(study, FIGURE) == ""


def test_other_networks_that_were_scored_join_the_baseline(config, tmp_path):
    search(config, results=tmp_path)
    load("small", results=tmp_path).baselines()
    baseline = search(config, results=tmp_path).user_attrs["baseline"]
    assert baseline.count("guessing") == 1
    assert "; scikit-learn's default MLP " in baseline


def test_a_survey_shows_its_figure_and_its_words_on_its_own_page_and_on_the_search_s(both):
    found, surveyed = load("small", results=both), load("small.survey", results=both)
    indices = found.sensitivity().set_index("hyperparameter")["total_order"]
    words = found.study.user_attrs[MEASURED]
    gave = "Real trainings gave these total indices, shares of the variance of validation loss (log form), with "
    assert words.startswith(f"{BARS}. {gave}")
    row = found.sensitivity().set_index("hyperparameter").loc["learning_rate"]
    ends = f"({max(row['total_low'], 0):.2f} to {min(row['total_high'], 1):.2f})"
    assert f": learning rate α {row['total_order']:.2f} {ends}, " in words
    assert surveyed.study.user_attrs == {"question": "How <b>fast</b>?", MEASURED: words}
    assert words in note_of(found.study).replace("\\", "")
    figure = json.loads(figure_of(found.study, FIGURE))
    assert figure_of(surveyed.study, FIGURE) == figure_of(found.study, FIGURE)
    assert figure["layout"]["height"] == 450  # what is below is not seen
    told = figure["layout"]["title"]["subtitle"]["text"].replace("<br>", " ")
    measured = f"This is measured by {len(found.survey.design):,} rows of real trainings: log of validation loss."
    assert told == f"{BARS}. {measured}"
    assert {f"{index:.2f}" for index in indices} <= {note["text"] for note in figure["layout"]["annotations"]}


def test_a_search_that_ends_after_its_survey_shows_what_it_measured(config, both, tmp_path):
    survey_study(config, results=tmp_path)
    study = search(config, results=tmp_path)
    assert study.user_attrs == load("small", results=both).study.user_attrs
    assert figure_of(study, FIGURE) == figure_of(load("small", results=both).study, FIGURE)


def test_a_run_that_finds_nothing_to_do_leaves_the_page_as_it_is(config, both):
    before = (both / JOURNAL).read_text(encoding="utf-8")
    search(config, results=both)
    survey_study(config, results=both)
    more = (both / JOURNAL).read_text(encoding="utf-8").removeprefix(before).splitlines()
    assert [json.loads(line)["op_code"] for line in more] == [0, 0]  # Optuna's own, for opening each study


def test_a_survey_of_the_effective_step_has_a_page_of_its_own(config, both, tmp_path):
    search(config, results=tmp_path)
    survey_study(config.with_overrides(**{"survey.effective_step": True}), results=tmp_path)
    assert figure_of(load("small", results=tmp_path).study, FIGURE) == ""
    assert "effective step" in load("small.effective_step.survey", results=tmp_path).study.user_attrs[MEASURED]


def test_a_study_of_another_program_is_left_as_it_is_by_a_survey_of_its_name(config, tmp_path):
    study = optuna.create_study(study_name="small", storage=open_storage(results=tmp_path))
    show_surrogates(study, go.Figure())
    survey_study(config, results=tmp_path)
    assert not study.user_attrs
    assert not study_attributes(study)


def test_totals_lie_within_their_intervals_and_may_be_noise_where_the_seed_does_not_govern_it(tmp_path):
    rng = np.random.default_rng(0)
    space = Space({"x": Float(0, 1)})
    survey_frames(lambda rows: rng.standard_normal(len(rows)), space, base=16, name="noise", results=tmp_path)
    words = load("noise", results=tmp_path).study.user_attrs[MEASURED]
    assert "x 1.00 (0." in words
    assert words.endswith(f". Each may be noise ({NO_FLOOR})")


def test_where_a_survey_has_no_index_the_page_says_why(config, tmp_path, monkeypatch):
    real = Survey.sensitivity

    def none(self, *arguments, **options):
        table = real(self, *arguments, **options)
        parts = [f"{part}_{end}" for part in ("first", "total", "mean") for end in ("order", "low", "high")]
        return table.assign(**dict.fromkeys(parts, float("nan")), verdict="", reason="no <variance>")

    monkeypatch.setattr(Survey, "sensitivity", none)
    survey_study(config, results=tmp_path)
    assert load("small.survey", results=tmp_path).study.user_attrs[MEASURED].endswith("gave no index: no <variance>")


def test_surrogates_are_shown_until_something_is_measured(config, both, tmp_path):
    study, guess = search(config, results=tmp_path), go.Figure(layout={"height": 900, "title": "guess"})
    show_surrogates(study, guess)
    assert json.loads(figure_of(study, FIGURE))["layout"]["height"] == 450
    assert guess.layout.height == 900
    survey_study(config, results=tmp_path)
    measured = figure_of(study, FIGURE)
    assert "What is training sensitive to?" in measured
    surveyed = load("small.survey", results=tmp_path).study
    for shown in (study, surveyed):
        show_surrogates(shown, guess)
        assert figure_of(shown, FIGURE) == measured
    for name, told in (("small.profiles", False), ("another", True)):
        study = optuna.create_study(study_name=name)
        study.set_user_attr(CONFIG, config.describe())
        show_surrogates(study, guess)
        assert bool(figure_of(study, FIGURE)) is told


def test_surrogates_of_a_storage_that_cannot_be_written_are_not_shown(config, tmp_path, monkeypatch):
    study = search(config, results=tmp_path)

    def full(*arguments):
        raise StorageError("no space")

    monkeypatch.setattr("hpsearch.storage.front.set_figure", full)
    show_surrogates(study, go.Figure())


def test_what_explains_the_best_stands_beside_what_was_measured_on_the_search_s_page_alone(config, tmp_path):
    study, figure = search(config, results=tmp_path), go.Figure(layout={"height": 900})
    survey_study(config, results=tmp_path)
    surveyed, measured = load("small.survey", results=tmp_path).study, figure_of(study, FIGURE)
    for shown in (study, surveyed):
        show_attribution(shown, figure, "It <gains>.")
    assert study.user_attrs[EXPLAINED] == "It <gains>."
    assert json.loads(figure_of(study, ATTRIBUTION))["layout"]["height"] == 450
    assert figure.layout.height == 900
    assert figure_of(study, FIGURE) == measured != ""
    assert EXPLAINED not in surveyed.user_attrs
    assert figure_of(surveyed, ATTRIBUTION) == ""
    foreign = optuna.create_study()
    show_attribution(foreign, figure, "It gains.")
    assert not foreign.user_attrs


def test_a_shorter_figure_takes_the_place_of_a_longer(both):
    study = optuna.create_study()
    for figure in ("a" * 5000, "b" * 2046, "c"):
        set_figure(study, "x", figure)
        set_figure(study, "xy", "other")
        assert figure_of(study, "x") == figure


def test_the_dashboard_reads_a_note_whole_and_a_shorter_one_in_place_of_a_longer():
    study = optuna.create_study()
    for count, text in enumerate(("a" * 5000, "b" * 2046, "c", ""), start=1):
        set_note(study, text)
        assert get_note(study) == note_of(study) == text
        assert study_attributes(study)["dashboard:note_ver"] == count  # by which it tells that a page is out of date


def test_the_note_of_data_that_was_given_in_python_does_not_name_the_config_s(config, tmp_path):
    data = from_arrays(np.random.default_rng(0).normal(size=(60, 2)), [0, 1] * 30, name="my arrays")
    note = note_of(search(config, results=tmp_path, dataset=data))
    assert "Data my arrays, given in Python, hidden layers" in note
    assert "To go on: the call of `hpsearch.search` that made it, with more trials; all tables" in note


def test_the_note_says_how_to_go_on_and_of_few_trials_no_crowd(config, tmp_path):
    note = note_of(search(config.with_overrides(name="a study"), results=tmp_path))
    assert "To go on: `make search STUDY='a study' TRIALS=8`" in note
    assert "best trials" not in note


@pytest.mark.parametrize(
    ("setting", "others", "told"),
    [
        ({}, {}, "The 10 best trials crowd at no end of a range."),
        (
            {"learning_rate": 1.0},
            {},
            "Of the 10 best trials at least half lie at the high end of learning rate α: better settings may lie "
            "beyond.",
        ),
        (
            {"learning_rate": 1.0},
            {"learning_rate": 1.0},
            "Of the 10 best trials at least half lie at the high end of learning rate α: trials there are not shown",
        ),
        (
            {"momentum": 0.0},
            {},
            "Of the 10 best trials at least half lie at the low end of momentum μ: beyond that nothing is allowed.",
        ),
        (
            {"learning_rate": 1.0, "momentum": 0.0},
            {},
            "Of the 10 best trials at least half lie at the high end of learning rate α: better settings may lie "
            "beyond. Of the 10 best trials at least half lie at the low end of momentum μ: beyond that nothing",
        ),
        ({"batch_size": 90}, {}, "lie at the high end of batch size B: beyond that nothing is allowed."),
    ],
)
def test_the_note_says_where_the_best_crowd_and_whether_more_lies_beyond(config, tmp_path, setting, others, told):
    config = config.with_overrides(**{"space.batch_size": {"choices": [8, 16, 90]}})  # all of the training examples
    study = search(config, results=tmp_path, trials=1)
    middle = {"learning_rate": 0.1, "iterations": 17, "momentum": 0.45, "l2": 3e-4, "batch_size": 16, "init_scale": 0.1}
    for k in range(20):
        params = middle | (setting if 0 < k < 10 else others if k else {})
        value, sides = k / 100 - 1.0, study.trials[0].distributions
        study.add_trial(optuna.trial.create_trial(params=params, distributions=sides, value=value))
    show_search(study)
    assert told in note_of(study)
    assert edge_sentences(load("small", results=tmp_path)) in note_of(study)  # as the page has it


def test_an_answer_that_is_written_later_is_in_the_note_and_a_question_that_is_withdrawn_is_gone(config, tmp_path):
    search(config, results=tmp_path)
    study = search(config.with_overrides(question="", answer="Fast."), results=tmp_path)
    assert "**Answer in its file:** Fast." in note_of(study)
    assert study.user_attrs["question"] == ""
    assert load("small", results=tmp_path).config.answer == "Fast."


def test_a_hostile_question_is_text_in_the_note(config, tmp_path):
    hostile = "<img src=x onerror=alert(1)> ![x](http://192.0.2.1/x.png) $a$ **b**\n# c | d `e`"
    note = note_of(search(config.with_overrides(question=hostile, answer=hostile), results=tmp_path))
    for word in (
        r"\<img src=x onerror=alert(1)\>",
        r"\!\[x\](http://192.0.2.1/x.png)",
        r"\$a\$ \*\*b\*\* \# c \| d \`e\`",
    ):
        assert note.count(word) == 2


@pytest.mark.parametrize(("count", "shown"), [(7, "name<br>range"), (8, "name")])
def test_of_many_rows_the_names_stand_alone_and_do_not_run_into_each_other(both, count, shown):
    study, rows = load("small", results=both).study, ["name<br>range"] * count
    show_attribution(study, go.Figure(layout={"yaxis": {"ticktext": rows}}), "It gains.")
    assert json.loads(figure_of(study, ATTRIBUTION))["layout"]["yaxis"]["ticktext"] == [shown] * count
    assert "<br>" in json.loads(figure_of(study, FIGURE))["layout"]["yaxis"]["ticktext"][0]
