from pathlib import Path

import numpy as np
import optuna
import pytest
from helpers import trained

from hpsearch import Objective
from hpsearch.config import ConfigError, load_config
from hpsearch.engine.settings import Hyperparameters
from hpsearch.engine.training import Training
from hpsearch.evaluation.evaluator import Evaluator
from hpsearch.evaluation.outcomes import Evaluation
from hpsearch.storage.trials import CURVES, distributions
from hpsearch.tuning.search import search


@pytest.mark.parametrize("storage", [None, "sqlite"])
def test_the_objective_gives_the_same_numbers_as_a_search(small, tmp_path, storage):
    searched = search(small, results=tmp_path, trials=5)
    url = None if storage is None else f"sqlite:///{tmp_path}/plain.db"
    study = optuna.create_study(storage=url, sampler=optuna.samplers.RandomSampler(seed=0))
    for trial in searched.trials:
        study.enqueue_trial(trial.params)
    study.optimize(Objective(small), n_trials=7)
    for ours, plain in zip(searched.trials, study.trials, strict=False):
        assert plain.value == ours.value
        assert plain.user_attrs == ours.user_attrs
        assert {k: v for k, v in ours.intermediate_values.items() if k} == plain.intermediate_values
        assert plain.system_attrs[CURVES] == ours.system_attrs[CURVES]
    assert len(study.trials) == 7


@pytest.fixture(scope="module")
def optimised(small):
    """An objective and a study of it."""
    objective = Objective(small)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    study.optimize(objective, n_trials=3)
    return objective, study


def test_a_setting_is_trained_again_by_any_trial_that_lives_in_no_study(optimised):
    objective, study = optimised
    best = study.best_trial
    fixed = optuna.trial.FixedTrial({**study.best_params, "iterations": float(best.params["iterations"])})
    made = optuna.trial.create_trial(params=best.params, distributions=best.distributions, value=-1.0)
    for trial in (best, fixed, made):
        assert objective(trial) == study.best_value
        assert trial.user_attrs == study.best_trial.user_attrs
        assert trial.system_attrs[CURVES] == study.best_trial.system_attrs[CURVES]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"momentum": 1.5}, "momentum: is outside the values allowed .given: 1.5.; momentum is a number, at least 0"),
        ({"learning_rate": float("nan")}, "does not fit the study's space: learning_rate: `nan` is invalid"),
        ({"batch_size": 12}, r"does not fit the study's space: batch_size: '12' not in \(8, 16, 32\)"),
        ({"l2": None}, "does not fit the study's space: l2: 'None' is not a valid type"),
    ],
)
@pytest.mark.filterwarnings("ignore:The value:UserWarning")
def test_a_fixed_value_that_cannot_be_trained_is_refused_before_anything_runs(optimised, change, problem, monkeypatch):
    objective, study = optimised
    monkeypatch.setattr(objective.evaluator, "trainer", None)
    with pytest.raises(ConfigError, match=problem):
        objective(optuna.trial.FixedTrial({**study.best_params, **change}))


def test_a_fixed_trial_that_lacks_a_value_is_told_which(optimised):
    with pytest.raises(ConfigError, match="The value of the parameter 'iterations' is not found"):
        optimised[0](optuna.trial.FixedTrial({"learning_rate": 0.1}))


def test_an_enqueued_batch_above_the_training_set_is_refused(small):
    config = small.with_overrides(**{"space.batch_size": {"low": 8, "high": 80}})
    study = optuna.create_study()
    study.enqueue_trial({"batch_size": 91})
    refusal = pytest.raises(ConfigError, match="batch_size: 91 is above the 90 training examples of 'iris'")
    with pytest.warns(UserWarning, match="out of range"), refusal:
        study.optimize(Objective(config), n_trials=1)


def test_the_value_may_be_one_of_several_objectives(optimised):
    objective, _ = optimised
    study = optuna.create_study(directions=["minimize", "maximize"], sampler=optuna.samplers.RandomSampler(seed=1))
    study.optimize(lambda trial: (objective(trial), float(trial.params["iterations"])), n_trials=2)
    assert [trial.values[0] for trial in study.trials] == [trial.value for trial in optimised[1].trials[:2]]
    assert CURVES in study.trials[0].system_attrs


def test_a_study_that_maximises_is_warned_that_the_value_is_to_be_minimised(optimised):
    objective, study = optimised
    maximised = optuna.create_study(direction="maximize", study_name="upwards")
    for _ in range(2):
        maximised.enqueue_trial(study.best_params)
    with pytest.warns(UserWarning, match=r"'upwards' maximises, and the validation_loss .* direction='minimize'"):
        maximised.optimize(objective, n_trials=2)
    assert [trial.value for trial in maximised.trials] == [study.best_value] * 2


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
def test_values_that_a_sampler_or_the_user_fixes_are_trained(small, optimised):
    sampler = optuna.samplers.PartialFixedSampler({"batch_size": 16}, optuna.samplers.RandomSampler(seed=1))
    study = optuna.create_study(sampler=sampler)
    study.enqueue_trial({"momentum": 0.5})
    study.optimize(optimised[0], n_trials=2)
    assert [trial.params["batch_size"] for trial in study.trials] == [16, 16]
    assert study.trials[0].params["momentum"] == 0.5
    asked = study.ask(distributions(small.space.dimensions))
    setting = small.settings(asked.params)
    assert optimised[0](asked) == optimised[0].evaluator.evaluate([setting])[0].final["validation_loss"]


def test_the_objective_obeys_any_pruner(small):
    study = optuna.create_study(
        sampler=optuna.samplers.TPESampler(seed=0), pruner=optuna.pruners.SuccessiveHalvingPruner(min_resource=3)
    )
    study.optimize(Objective(small.with_overrides(seeds=2)), n_trials=15)
    states = [t.state.name for t in study.trials]
    assert set(states) == {"PRUNED", "COMPLETE"}
    pruned = study.trials[states.index("PRUNED")]
    stored = Evaluation.decode(pruned.system_attrs[CURVES])
    assert stored.iterations[-1] == max(pruned.intermediate_values) < pruned.params["iterations"]


def test_a_trial_s_result_does_not_depend_on_its_company(small_evaluator):
    settings = [Hyperparameters(0.1, n, 0.5, 1e-4, size, 0.1) for n in (9, 30, 60) for size in (8, 16)]
    together = small_evaluator.evaluate(settings)
    for one, setting in zip(together, settings, strict=True):
        alone = small_evaluator.evaluate([setting])[0]
        np.testing.assert_array_equal(one.curves, alone.curves)
        assert one.iterations == alone.iterations


def test_a_network_trained_again_has_the_loss_that_was_recorded(small_evaluator):
    setting = Hyperparameters(0.2, 40, 0.8, 1e-4, 16, 0.3)
    network = small_evaluator.network(setting, 0)
    data, recorded = small_evaluator.dataset, small_evaluator.evaluate([setting])[0].final
    probability = network.respond(data.validation.X)
    loss = -np.log(probability[data.validation.y, np.arange(data.validation.examples)]).mean()
    assert loss == pytest.approx(recorded["validation_loss"], rel=1e-5)
    end = trained(Training.start(small_evaluator.architecture(setting), setting, 0), small_evaluator.examples)
    np.testing.assert_array_equal(network.parameters, end.parameters)


def test_a_trial_is_a_training_a_seed(small):
    evaluator = Evaluator(small.with_overrides(seeds=3))
    setting = Hyperparameters(0.1, 30, 0.5, 1e-4, 8, 0.1)
    tasks = evaluator.tasks(setting)
    assert [task.seed for task in tasks] == [0, 1, 2]
    assert all(task.stops[-1] == 30 and set(task.stops[:-1]) < set(evaluator.stops) for task in tasks)
    assert [task.seed for task in evaluator.tasks(setting, seeds=[7])] == [7]


def test_a_batch_above_the_training_set_is_refused_before_anything_runs(small):
    with pytest.raises(ConfigError, match=r"space\.batch_size: 4096 is above the 90 training examples of 'iris'"):
        Evaluator(small.with_overrides(**{"space.batch_size": {"choices": [8, 4096]}}))


def test_the_error_of_classes_is_refused_for_a_number(small):
    config = small.with_overrides(**{"data.source": "diabetes", "metric": "validation_error"})
    with pytest.raises(ConfigError, match=r"search\.metric: 'validation_error' is for classes"):
        Evaluator(config)


def race(trials, seeds, folder):
    """Validation error of the best trial on digits, over the space that scikit-learn's network has too."""
    config = load_config(Path(__file__).parents[1] / "studies" / "digits.toml")
    fixed = {"network.init": "xavier", "space.init_scale": 1.0}
    config = config.with_overrides(**fixed, trials=trials, seeds=seeds)
    return search(config, results=folder, workers=2).best_trial.user_attrs["validation_error"]


@pytest.mark.slow
def test_a_hundred_trials_on_digits_do_as_well_as_scikit_learn_s_network_searched_as_long(tmp_path):
    """Validation error of the best of 100 TPE trials, mean over 5 training seeds, over the space both have.

    scikit-learn 1.9's MLPClassifier has no scale of the initial weights, so it is fixed here to its scheme's nearest
    (Xavier); learning rate, iterations, momentum, l2 and batch size are the reference space. Searched once with the
    same split and Optuna's TPESampler, seeds 0, 1, 2: 4.00 %, 3.78 %, 3.50 % (this project: 3.56 %, 3.56 %, 3.50 %).
    """
    assert race(100, 5, tmp_path) <= 0.0400


def test_a_few_trials_on_digits_already_learn_it(tmp_path):
    """No race: nine of ten digits told apart, where an answer that ignores its input tells one."""
    assert race(8, 1, tmp_path) <= 0.10


def test_the_engine_is_loaded_before_the_first_trial_whose_time_is_optuna_s(small, monkeypatch):
    loaded = []
    monkeypatch.setattr("hpsearch.tuning.objective.load_code", loaded.append)
    assert Objective(small).evaluator.examples.dtype == "float32"
    assert loaded == ["float32"]
