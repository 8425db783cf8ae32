"""The dashboard's view of large studies."""

import json
import threading
import urllib.request

import optuna
import pytest

from hpsearch import dashboard


def shown(storage, folder):
    served = dashboard.server(storage, artifacts=folder, port=0)
    thread = threading.Thread(target=served.serve_forever)
    thread.start()
    try:
        address = f"http://127.0.0.1:{served.server_port}/api/studies/0"
        with urllib.request.urlopen(address, timeout=30) as answer:
            return [t["number"] for t in json.load(answer)["trials"]]
    finally:
        served.shutdown()
        served.server_close()
        thread.join()


@pytest.mark.parametrize(("count", "step"), [(dashboard.SHOWN, 1), (dashboard.SHOWN + 3, 2), (2 * dashboard.SHOWN, 2)])
def test_a_large_study_is_shown_by_an_even_choice_and_its_best(count, step, tmp_path):
    storage = optuna.storages.InMemoryStorage()
    study = optuna.create_study(storage=storage)
    best = count - 1 - count % 2  # odd: no part of the even choice
    study.add_trials(optuna.trial.create_trial(value=float(n != best)) for n in range(count))
    numbers = shown(storage, tmp_path)
    assert numbers == sorted({*range(0, count, step), best})
    assert len(numbers) <= dashboard.SHOWN + 1


def test_a_large_study_without_a_best_is_shown_too(tmp_path):
    storage = optuna.storages.InMemoryStorage()
    study = optuna.create_study(storage=storage, directions=["minimize", "minimize"])
    study.add_trials(optuna.trial.create_trial(values=[0.0, float(n)]) for n in range(dashboard.SHOWN + 1))
    assert shown(storage, tmp_path) == list(range(0, dashboard.SHOWN + 1, 2))
