"""A search or a survey that is killed, at any moment and at any touch of a file, goes on as if it had not been."""

import os
import random
import shutil
import tomllib

import optuna
import pytest
from helpers import SMALL
from nursery import KILLED, Nursery, Strike

from hpsearch.config.study import validated
from hpsearch.storage.access import existing_storage

KILLS = int(os.environ.get("KILLS", "24"))
"""In all, at random moments; `make faults` strikes 500 times."""

STUDIES = {
    "tpe": {"sampler": "tpe"},
    "tpe and median": {"sampler": "tpe", "pruner": "median"},
    "cmaes": {"sampler": "cmaes", "trials": 20},
    "cmaes and hyperband": {"sampler": "cmaes", "pruner": "hyperband", "trials": 20},
    "survey": {"survey.base": 2, "survey.scrambles": 2, "survey.checkpoints": 2},
}


@pytest.fixture(scope="module")
def nursery():
    nursery = Nursery()
    yield nursery
    nursery.close()


@pytest.fixture(scope="module")
def wholes(nursery, tmp_path_factory):
    """Of each study asked for: its command, its config, how its process ended, and its trials, never struck."""
    made = {}

    def whole(study):
        if study not in made:
            config = validated(tomllib.loads(SMALL), where="a test").with_overrides(**STUDIES[study])
            command, folder = "survey" if study == "survey" else "search", tmp_path_factory.mktemp("whole")
            for name in ("warm", "timed"):
                end = nursery.run(command, config, folder / name)
                assert end.code == 0
            made[study] = command, config, end, trials(folder / "timed")
        return made[study]

    return whole


def trials(results):
    """All that is stored of each trial, but when it ran and what a sampler remembers in it."""
    try:
        storage = existing_storage(None, results=results)
        (name,) = optuna.get_all_study_names(storage)
    except (FileNotFoundError, ValueError):  # killed before the study was made
        return []
    stored = storage.get_all_trials(storage.get_study_id_from_name(name), deepcopy=False)
    return [(t.number, t.state, t.params, t.values, t.intermediate_values, t.user_attrs) for t in stored]


def checked(nursery, whole, results, strike, before):
    """Strike once: what was told to be stored is, all of it is as in the whole, and nothing is lost."""
    command, config, _, expected = whole
    end = nursery.run(command, config, results, strike)
    assert end.code is not None, "it hangs"
    assert end.slept < 20_000, "it waits for the lock of a dead process"
    stored = trials(results)
    assert stored == expected[: len(stored)]
    assert len(stored) >= before + end.acknowledged
    if end.code == 0:
        assert len(stored) == len(expected)
    return end, len(stored)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*unfinished write")
@pytest.mark.parametrize("study", STUDIES)
def test_killed_at_random_moments_again_and_again_nothing_is_lost_or_doubled(nursery, wholes, tmp_path, study):
    whole = wholes(study)
    generator, kills, ended, stored = random.Random(study), 0, 0, 0
    for _ in range(20 * KILLS):
        results = tmp_path / str(ended)
        end, stored = checked(nursery, whole, results, Strike(after=generator.uniform(0, whole[2].seconds)), stored)
        kills += end.code == KILLED
        if end.code == 0:  # it was quicker: the next begins anew
            ended, stored = ended + 1, 0
            shutil.rmtree(results)
        if kills * len(STUDIES) >= KILLS:
            break
    assert kills * len(STUDIES) >= KILLS
    end, _ = checked(nursery, whole, tmp_path / str(ended), Strike(), stored)
    assert end.code == 0


def killed_at(nursery, whole, tmp_path, points):
    """Kill at each of the touches and go on."""
    for point in points:
        results = tmp_path / str(point)
        end, stored = checked(nursery, whole, results, Strike(at=point), 0)
        assert end.code == KILLED
        end, _ = checked(nursery, whole, results, Strike(), stored)
        assert end.code == 0
        shutil.rmtree(results)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*unfinished write")
def test_killed_at_some_touches_of_its_files_a_search_goes_on(nursery, wholes, tmp_path):
    whole = wholes("tpe")
    killed_at(nursery, whole, tmp_path, range(3, whole[2].touches, whole[2].touches // 3))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*unfinished write")
@pytest.mark.parametrize("study", STUDIES)
def test_killed_at_any_touch_of_its_files_it_goes_on(nursery, wholes, tmp_path, study):
    whole = wholes(study)
    killed_at(nursery, whole, tmp_path, range(1, whole[2].touches + 1, 1 if KILLS > 24 else whole[2].touches // 12))
