"""What the dashboard shows: the notes, and the view of large studies, from the journal that users have."""

import json
import re
import urllib.error
import urllib.request

import optuna
import pytest
from helpers import page, served

from hpsearch.config import load_config
from hpsearch.experiments.function import survey_frames
from hpsearch.experiments.trainings import survey_study
from hpsearch.report import dashboard
from hpsearch.space import Float, Space
from hpsearch.storage.access import open_storage
from hpsearch.storage.notes import MOST_DRAWN, note_search, note_survey
from hpsearch.storage.studies import CONFIG, DATA, open_study
from hpsearch.storage.writing import add_trials

NOTE = "dashboard:note_str:0"


def numbers(trials):
    return [t["number"] for t in trials]


def numbers_of(trials):
    return [t.number for t in trials]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("count", "step", "direction"),
    [
        (MOST_DRAWN, 1, "minimize"),
        (MOST_DRAWN + 3, 2, "minimize"),
        (MOST_DRAWN + 3, 2, "maximize"),
        (2 * MOST_DRAWN, 2, "minimize"),
    ],
)
def test_a_large_study_is_shown_by_an_even_choice_and_its_best(count, step, direction, tmp_path):
    storage = open_storage(results=tmp_path)
    study = optuna.create_study(storage=storage, direction=direction)
    best = count - 1 - count % 2  # odd: no part of the even choice
    sign = 1.0 if direction == "maximize" else -1.0
    add_trials(study, [optuna.trial.create_trial(value=sign * (n == best)) for n in range(count)])
    shown = page(storage, tmp_path)
    assert numbers(shown["trials"]) == sorted({*range(0, count, step), best})
    assert numbers(shown["best_trials"]) == [best]


@pytest.mark.slow
def test_a_large_study_without_a_best_is_shown_too(tmp_path):
    storage = open_storage(results=tmp_path)
    study = optuna.create_study(storage=storage, directions=["minimize", "minimize"])
    count = MOST_DRAWN + 1
    add_trials(study, [optuna.trial.create_trial(values=[0.0, float(n)]) for n in range(count)])
    assert numbers(page(storage, tmp_path)["trials"]) == list(range(0, count, 2))


def opened(kind, folder):
    if kind == "memory":
        return optuna.storages.InMemoryStorage()
    return open_storage("sqlite:///:memory:" if kind == "sqlite" else None, results=folder)


@pytest.mark.parametrize("kind", ["journal", "memory", "sqlite"])
@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_the_best_of_a_large_study_keeps_the_constraints_in_every_storage(kind, direction, tmp_path, monkeypatch):
    monkeypatch.setattr(dashboard, "MOST_DRAWN", 10)
    storage = opened(kind, tmp_path)
    study = optuna.create_study(storage=storage, direction=direction)
    sign = 1.0 if direction == "maximize" else -1.0
    values = {7: (2.0, 1.0), 13: (1.0, 0.0)}  # the seventh is better and breaks a constraint
    for n in range(25):
        value, excess = values.get(n, (-float(n), 0.0))
        study.add_trial(optuna.trial.create_trial(value=sign * value, system_attrs={"constraints": [excess]}))
    view = dashboard.ThinnedStorage(storage)
    assert view.get_best_trial(study._study_id).number == study.best_trial.number == 13
    assert numbers_of(view.get_all_trials(study._study_id)) == sorted({*range(0, 25, 3), 13})
    assert len(study.get_trials()) == 25


def test_where_no_trial_keeps_the_constraints_the_page_gets_the_best_of_all(tmp_path):
    storage = open_storage(results=tmp_path)
    study = optuna.create_study(storage=storage)
    for value in (2.0, 1.0, 3.0):
        study.add_trial(optuna.trial.create_trial(value=value, system_attrs={"constraints": [1.0]}))
    assert numbers(page(storage, tmp_path)["best_trials"]) == [1]


@pytest.mark.slow
def test_a_large_study_of_several_objectives_is_shown_with_its_pareto_front(tmp_path):
    storage = open_storage(results=tmp_path)
    study = optuna.create_study(storage=storage, directions=["minimize", "maximize"])
    count, front = 2 * MOST_DRAWN, {1: [0.0, 5.0], 101: [-1.0, 3.0], 3999: [-2.0, 1.0]}
    trials = [optuna.trial.create_trial(values=front.get(n, [1.0, -float(n)])) for n in range(count)]
    add_trials(study, trials)
    shown = page(storage, tmp_path)
    assert numbers(shown["trials"]) == sorted({*range(0, count, 2), *front})
    assert numbers(shown["best_trials"]) == [*front] == numbers_of(study.best_trials)


def test_of_several_objectives_the_front_that_keeps_the_constraints_is_shown(tmp_path, monkeypatch):
    monkeypatch.setattr(dashboard, "MOST_DRAWN", 10)
    storage = open_storage(results=tmp_path)
    study = optuna.create_study(storage=storage, directions=["minimize", "minimize"])
    for n in range(20):
        values, excess = {3: ([0.0, 0.0], 1.0), 7: ([1.0, 2.0], 0.0), 9: ([2.0, 1.0], -1.0)}.get(n, ([5.0, 5.0], 0.0))
        study.add_trial(optuna.trial.create_trial(values=values, system_attrs={"constraints": [excess]}))
    assert numbers_of(study.best_trials) == [7, 9]
    assert numbers_of(dashboard.ThinnedStorage(storage).get_all_trials(0)) == sorted({*range(0, 20, 2), 7, 9})


def test_what_older_versions_kept_among_the_user_attributes_is_not_shown(tmp_path):
    storage = open_storage(results=tmp_path)
    study = optuna.create_study(storage=storage)
    for key in (CONFIG, DATA, "question"):
        study.set_user_attr(key, "what?")
    assert [row["key"] for row in page(storage, tmp_path)["user_attrs"]] == ["question"]
    assert len(study.user_attrs) == 3


def test_a_study_is_not_renamed_which_would_lose_what_the_page_does_not_show(tmp_path):
    storage = open_storage(results=tmp_path)
    study = optuna.create_study(study_name="mine", storage=storage)
    add_trials(study, [optuna.trial.create_trial(value=float(n)) for n in range(MOST_DRAWN + 1)])
    with served(storage, tmp_path) as address:
        headers = {"Content-Type": "application/json", "Origin": address.partition("/api")[0]}
        asked = urllib.request.Request(f"{address}/rename", b'{"study_name": "other"}', headers, method="POST")
        with pytest.raises(urllib.error.HTTPError, match="Forbidden") as refused:
            urllib.request.urlopen(asked, timeout=120)
    with refused.value as answer:
        assert "--name" in json.load(answer)["reason"]
    assert optuna.get_all_study_names(storage) == ["mine"]
    assert len(study.trials) == MOST_DRAWN + 1


def test_a_host_that_others_reach_is_refused_unless_one_insists(tmp_path):
    storage = open_storage(results=tmp_path)
    for host in ("0.0.0.0", "192.0.2.1", "example.org", "::"):
        with pytest.raises(dashboard.DashboardError, match=r"has no login: .*--expose-without-login"):
            dashboard.server(storage, artifacts=tmp_path, host=host, port=0)
    dashboard.server(storage, artifacts=tmp_path, host="0.0.0.0", port=0, exposed=True).server_close()


def test_a_port_in_use_is_refused(tmp_path):
    storage = open_storage(results=tmp_path)
    server = dashboard.server(storage, artifacts=tmp_path, port=0)
    try:
        with pytest.raises(dashboard.DashboardError, match=r"cannot listen on 127.0.0.1:\d+: .* another --port"):
            dashboard.server(storage, artifacts=tmp_path, port=server.server_port)
    finally:
        server.server_close()


def test_a_study_s_note_holds_its_question_and_the_range_of_every_setting(tmp_path):
    toml = """
name = "noted"
question = "How fast may it learn?"
answer = "Fast."
data = {source = "iris"}
network = {hidden = [6, 5], activation = "relu"}
[space]
learning_rate = {low = 0.001, high = 1.0, log = true}
iterations = {low = 5, high = 60, log = true}
momentum = {low = 0.0, high = 0.9}
l2 = 0.001
batch_size = {choices = [8, 16, 32]}
init_scale = 1
[search]
sampler = "random"
pruner = "median"
seeds = [0, 1, 2]
"""
    (tmp_path / "noted.toml").write_text(toml, encoding="utf-8")
    storage, config = open_storage(results=tmp_path), load_config(tmp_path / "noted.toml")
    note_search(open_study(storage, config, "fingerprint"), config, {})
    note = page(storage, tmp_path)["note"]["body"]
    assert note.startswith("# noted\n\nHow fast may it learn?\n\n**Answer in its file:** Fast.\n\n")
    assert "Data iris, hidden layers [6, 5], relu" in note
    assert "validation_loss, mean over 3 seed(s), sampler random, pruner median." in note
    assert [line for line in note.splitlines() if line.startswith("|")] == [
        "| hyperparameter | symbol | range |",
        "|---|---|---|",
        "| learning_rate | α | 0.001 to 1, log |",
        "| iterations | T | 5 to 60, log |",
        "| momentum | μ | 0 to 0.9 |",
        "| l2 | λ | 0.001 (fixed) |",
        "| batch_size | B | 8, 16, 32 |",
        "| init_scale | σ | 1 (fixed) |",
    ]


def test_a_survey_s_note_holds_the_indices_that_were_measured(small, tmp_path):
    config = small.with_overrides(**{"survey.base": 16, "survey.scrambles": 4, "survey.seeds": 4})
    config = config.with_overrides(**{"space.l2": 0.001, "space.init_scale": 0.1, "space.batch_size": 16})
    found = survey_study(config, results=tmp_path)
    storage = open_storage(results=tmp_path)
    note_survey(optuna.load_study(study_name="small.survey", storage=storage), found)
    note = page(storage, tmp_path)["note"]["body"]
    assert note.startswith("# small.survey\n\nEach trial is one training")
    assert "4 scrambled Sobol sequences, blocks of 16 rows" in note
    assert "of validation_loss, log form, clipped at 1.1 (an answer that ignores its input; " in note
    assert '`hpsearch.load("small").survey.table`' in note
    indices = found.sensitivity().set_index("hyperparameter")
    number = r"(-|-?[\d.]+)"
    row = rf"^\| (\w+) \| {number} \[ ?(.*?), (.*?)\] \| {number}.*? \| {number} \[.*?\] \| ([\w ]+)(?: \(.*\))? \|$"
    rows = re.findall(row, note, re.M)
    assert [row[0] for row in rows] == list(indices.index)
    for name, total, low, high, mean, first, verdict in rows:
        one = indices.loc[name]
        assert (float(total), float(first)) == pytest.approx((one["total_order"], one["first_order"]), abs=5.1e-4)
        ends = [{"<0": 0.0, ">1": 1.0}.get(end) or float(end.replace("<", "")) for end in (low, high)]
        assert ends == pytest.approx(one[["total_low", "total_high"]].clip(0, 1).tolist(), abs=5.1e-4)
        assert mean == "-" if name == "seed" else float(mean) == pytest.approx(one["mean_order"], abs=5.1e-4)
        assert verdict == one["verdict"]
    assert "Mean order: the part of the total order" in note


def test_a_missing_index_is_a_dash_in_a_survey_s_note(tmp_path, monkeypatch):
    space = Space({"rate": Float(0, 1), "share": Float(0, 1)})
    measured = survey_frames(lambda rows: rows["rate"].rename("loss"), space, base=4, scrambles=2, seeds=3)
    frame = measured.sensitivity()
    frame.loc[frame["hyperparameter"] == "share", ["first_order", "first_low", "first_high"]] = float("nan")
    monkeypatch.setattr(type(measured), "sensitivity", lambda self: frame)
    storage = open_storage(results=tmp_path)
    note_survey(optuna.create_study(storage=storage, study_name="s.survey"), measured)
    body = page(storage, tmp_path)["note"]["body"]
    assert "nan" not in body
    assert re.search(r"^\| share \| [\d.]+ \[.*?\] \| - \| ", body, re.M)
