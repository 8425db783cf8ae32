"""The search of a study: from what is stored to as many trials as it shall hold, and the best of them chosen."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path

import optuna

from hpsearch.config import StudyConfig, config_of
from hpsearch.config.arguments import checked
from hpsearch.config.messages import ConfigError
from hpsearch.data import Dataset
from hpsearch.data.files import check_writable
from hpsearch.evaluation.deadlines import Deadline, OutOfTimeError
from hpsearch.evaluation.evaluator import Evaluator
from hpsearch.evaluation.executors import Workers, surrounding
from hpsearch.storage.access import only_writer, open_storage
from hpsearch.storage.addresses import StorageAddress
from hpsearch.storage.front import show_search
from hpsearch.storage.studies import EXAMPLES, GIVEN, open_study, quiet_optuna
from hpsearch.tuning.batches import Progress, SearchRun
from hpsearch.tuning.choice import choose, network_path
from hpsearch.tuning.samplers import check_sampler, grid_size


@checked(lambda problem: ConfigError("search", [problem]))
def search(
    config: StudyConfig | str | Path,
    *,
    trials: int | None = None,
    workers: int = 1,
    storage: StorageAddress | None = None,
    results: str | Path = "results",
    executor: Executor | None = None,
    dataset: Dataset | None = None,
    timeout: float | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> optuna.Study:
    """Search until the study holds so many trials, going on from those that are stored, and choose the best.

    The chosen setting's network is scored once on the test split and saved as ``<results>/<study>.npz``; the score and
    a note stand in the study.

    Args:
        config: The study, the path of its TOML, or its name.
        trials: Total number, including those stored; the config's by default. A grid ends with its last point.
        workers: Number of threads that train. No result depends on it.
        storage: A storage URL of Optuna's, the path of a journal, or an open storage, instead of the journal in
            ``results``.
        results: Folder of the journal and of the chosen network.
        executor: Trains instead of threads: any ``concurrent.futures`` executor, such as a cluster's, by default that
            of ``training_on`` around the call. It is not shut down.
        dataset: Data of your own (see :func:`hpsearch.data.from_arrays`) instead of the config's source.
        timeout: Seconds after which the search ends with the trials stored by then; trainings under way are dropped,
            and the same call goes on.
        on_progress: Called at the start and after every trial that has ended.

    Returns:
        The Optuna study, in its storage.

    Raises:
        ConfigError: if the config cannot be read or does not fit the data, its sampler is not installed, or an argument
            is not of its kind.
        DataError: if the data cannot be read.
        StudyChangedError: if the study is stored with other settings.
        StudyBusyError: if another process is searching the same study.
        TypeError: if the executor is something else.
        StorageError: if the storage cannot be opened or written.
        FileError: if the chosen network cannot be saved; the trials are stored.
        WorkersLostError: if the executor's workers are lost, or its scheduler; finished trials are stored.
    """
    config, deadline, executor = config_of(config), Deadline(timeout), surrounding(executor)
    check_sampler(config)
    evaluator = Evaluator(config, dataset)
    config = evaluator.config
    total = config.search.trials if trials is None else trials
    if config.search.sampler == "grid":
        total = min(total, grid_size(config))
    announce = on_progress or (lambda progress: None)
    check_writable(network_path(config.name, results))
    evaluator.check_memory(workers=1 if executor else workers)
    opened = open_storage(storage, results=results)
    with quiet_optuna(), only_writer(config.name, opened, results=results):
        name = evaluator.dataset.name
        facts = {EXAMPLES: evaluator.dataset.train.examples}
        given = {} if name == Path(config.data.source).name else {GIVEN: name}
        study = open_study(opened, config, evaluator.dataset.fingerprint, facts={**facts, **given})
        with contextlib.suppress(OutOfTimeError), Workers(evaluator.trainer, workers, executor, deadline) as pool:
            SearchRun(evaluator, study, pool, total).run(announce)
        choose(study, evaluator, results=results)
        show_search(study)
    return study
