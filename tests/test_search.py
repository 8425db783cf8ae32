"""A search stopped anywhere and resumed is the search that was never stopped, whatever asks and whatever prunes."""

import importlib.util
import pickle

import optuna
import pytest

from hpsearch.evaluation.evaluator import Evaluator
from hpsearch.storage.studies import quiet_optuna
from hpsearch.tuning.batches import SearchRun
from hpsearch.tuning.samplers import remembered

TRIALS = 26
"""Of a search: three generations of CMA-ES, whose population over five ranges is eight, and a begun batch."""


class Remembering:
    """A worker that trains each task once and remembers its outcome, so that every stop costs the asking alone."""

    full = True

    def __init__(self, trainer):
        self.trainer, self.outcomes = trainer, {}

    def submit(self, task):
        key = (task.settings, task.seed, task.until)
        if key not in self.outcomes:
            self.outcomes[key] = self.trainer.run(task)
        return lambda: self.outcomes[key]


def searched(evaluator, workers, total, stored=()):
    """The trials of a search that goes on from those that are stored, in a storage of its own."""
    with quiet_optuna():
        study = optuna.create_study(study_name="small")
        study.add_trials(stored)
        SearchRun(evaluator, study, workers, total).run(lambda progress: None)
    return study.get_trials(deepcopy=False)


def seen(trial):
    """All of a trial that a later one may depend on, or a user may read."""
    memory = remembered(trial.system_attrs)
    pieces = sorted(name for name in memory if name.startswith("cma:optimizer:"))
    if pieces:  # equal optimizers may be written in unlike bytes; what else they hold is seeded anew, or never read
        optimizer = vars(pickle.loads(bytes.fromhex("".join(memory.pop(name) for name in pieces))))
        memory["optimizer"] = repr([optimizer[part] for part in ("_g", "_mean", "_sigma", "_C", "_pc", "_p_sigma")])
    return trial.number, trial.state, trial.params, trial.value, trial.intermediate_values, memory


def compared(config, stops):
    """Search to the end, and once more from each stop: the trials are the same."""
    evaluator = Evaluator(config)
    workers, total = Remembering(evaluator.trainer), config.search.trials
    whole = searched(evaluator, workers, total)
    expected = [seen(trial) for trial in whole]
    assert len(expected) == total
    for stop in stops:
        resumed = searched(evaluator, workers, total, whole[:stop])
        assert [seen(trial) for trial in resumed] == expected, f"stopped after {stop} trials"


@pytest.mark.parametrize("pruner", ["none", "median", "hyperband"])
@pytest.mark.parametrize("sampler", ["tpe", "random", "qmc", "grid", "cmaes"])
def test_a_search_stopped_after_any_trial_of_a_generation_goes_on_as_if_it_had_not_been(small, sampler, pruner):
    config = small.with_overrides(sampler=sampler, pruner=pruner, grid=2, trials=TRIALS)
    compared(config, range(TRIALS - (10 if sampler == "cmaes" else 5), TRIALS))  # a batch is of four


def test_what_cma_es_remembers_is_resumed_whatever_the_size_of_a_batch(small):
    for batch in (1, 16):
        compared(small.with_overrides(sampler="cmaes", batch=batch, trials=TRIALS), range(TRIALS - 10, TRIALS))


@pytest.mark.parametrize(
    ("sampler", "pruner", "batches"), [("tpe", "none", 2), ("tpe", "median", 1), ("random", "none", 3)]
)
def test_batches_wait_while_one_is_trained_and_one_more_where_nothing_is_learnt(small, sampler, pruner, batches):
    evaluator = Evaluator(small.with_overrides(sampler=sampler, pruner=pruner, batch=4))
    submitted, before_the_first = [], []

    class Awaited(Remembering):
        def submit(self, task):
            submitted.append(task.settings)
            outcome = super().submit(task)
            return lambda: before_the_first.append(len(set(submitted))) or outcome()

    searched(evaluator, Awaited(evaluator.trainer), 14)
    assert before_the_first[0] == 4 * batches


@pytest.mark.slow
@pytest.mark.parametrize("batch", [1, 3, 16])
@pytest.mark.parametrize("pruner", ["none", "median", "hyperband"])
@pytest.mark.parametrize("sampler", ["tpe", "random", "qmc", "grid", "cmaes", "gp"])
def test_a_search_stopped_after_any_trial_goes_on_as_if_it_had_not_been(small, sampler, pruner, batch):
    if sampler == "gp" and importlib.util.find_spec("torch") is None:
        pytest.skip("needs the extra gp")
    total = 16 if sampler == "gp" else TRIALS
    config = small.with_overrides(sampler=sampler, pruner=pruner, batch=batch, grid=2, trials=total)
    compared(config, range(1, total))
