"""The survey of any function of a space: one that takes a setting, and one that takes a table of settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import Any, Literal, TypedDict, Unpack

import pandas as pd

from hpsearch.evaluation.calls import TableCall, setting_call
from hpsearch.experiments.answers import Analysis
from hpsearch.experiments.looks import Until
from hpsearch.experiments.progress import FunctionProgress
from hpsearch.experiments.runs import Run, surveyed
from hpsearch.sensitivity.analysis import Survey
from hpsearch.sensitivity.designs import SEED, Design
from hpsearch.space import Space
from hpsearch.storage.addresses import StorageAddress


def survey(
    function: Callable[..., Any],
    space: Space,
    base: int = 128,
    scrambles: int = 8,
    *,
    seeds: int = 32,
    replicates: int = 1,
    dummy: bool = False,
    second_order: bool = False,
    seed: int = 0,
    response: str | None = None,
    better: Literal["lower", "higher"] = "lower",
    ceilings: Mapping[str, float] | None = None,
    name: str | None = None,
    storage: StorageAddress | None = None,
    results: str | Path = "results",
    workers: int = 1,
    processes: bool = False,
    executor: Executor | None = None,
    until: Until | None = None,
    timeout: float | None = None,
    retry: bool = False,
    on_progress: Callable[[FunctionProgress], None] | None = None,
) -> Survey:
    """Survey any function of a space: evaluate the rows of a design, and say what its value is sensitive to.

    Args:
        function: Called with one setting, by keyword: a value for each hyperparameter, and ``seed`` if it has such a
            parameter, which is to govern all its randomness: rows that differ in one setting share the seed. Returns a
            number, or a dict of names to numbers. One that takes a table of settings is for :func:`survey_frames`.
        space: The hyperparameters and their ranges.
        base: Rows in a block of a scramble, a power of two.
        scrambles: Number of independent randomisations.
        seeds: Size of the pool of seeds, 0, 1, …
        replicates: Evaluations of each row, for noise that cannot be seeded: what varies within rows is estimated and
            taken off.
        dummy: Whether to add a factor that ``function`` never sees, as a control.
        second_order: Whether to add the blocks for indices of pairs alone, near double the evaluations.
        seed: Seed of the design.
        response: The response to analyse unless another is named; the first by default.
        better: Which way that response is better, for the ranges to try next.
        ceilings: Value for each response at which it is clipped (from below, if higher is better); rows that failed or
            are not finite count as this value.
        name: Keep the survey as the Optuna study ``<name>.survey``, row by row: a call that was stopped goes on,
            one with a larger base, more scrambles, replicates or second order adds rows, and ``hpsearch.load(name)``
            reads it back. Without a name nothing is kept.
        storage: A storage URL of Optuna's, the path of a journal, or an open storage, instead of the journal in
            ``results``.
        results: Folder of the journal.
        workers: Calls side by side, on threads of this process: useful where the function waits, or releases Python's
            lock as NumPy and scikit-learn do in part.
        processes: Whether the workers are processes: for a function that computes in Python. It must then be importable
            from a module, and a script needs ``if __name__ == "__main__":``. One that dies, as where memory runs out,
            is started anew, and its row is tried three times.
        executor: Calls the function instead: any ``concurrent.futures`` executor. It is not shut down.
        until: "decided", or a share of the settings: the base is doubled, up to five times, until every verdict is
            decided, or all but this share (see :mod:`hpsearch.experiments.looks`). Begin with a small base.
        timeout: Seconds after which no call is begun; calls that run are awaited.
        retry: Whether rows that failed are evaluated again.
        on_progress: Called with the progress at the start, after the first call (what a row costs) and about once a
            second; ``print`` will do.

    Returns:
        The survey; its methods give the tables. Its ``table`` has a column for each response, and ``failure``.

    A row whose call raises, returns something that is not a response, or ends its worker process three times, fails:
    its responses are missing, its ``failure`` says why, and the other rows go on. If the very first answer cannot be
    used, the survey ends at once; so it does after ten failures before any answer.

    Whether the seed governs all noise is tried once, unless there are replicates: 256 rows drawn at random (all, if the
    design has no more) are evaluated again, in another order. Of a response that differs by more than 1e-4 of its
    spread, or of its logarithm's, no setting is called sensitive or inert without replicates or a dummy. So noise in a
    share q of the rows is noticed with probability 1 − (1 − q)^256: 92 % of noise in 1 % of the rows, 99.9 % in 3 %;
    and so is a response that depends on the rows beside it. What is not noticed: noise in fewer rows, and noise behind
    a cache, which answers the same again, to replicates and the dummy too: survey such a function without its cache.

    On going on with a survey that was complete once, its first row is evaluated again as well: if the answer is another
    now, of a response that is no noise, the function has changed, and the call is refused.

    Raises:
        DesignError: if the design cannot be laid out, or an argument is out of range or not of its kind.
        FunctionError: if the function's parameters are not those of the space, or it cannot be sent to processes.
        ResponseError: if it returns something else, ``response``, ``better`` or ``ceilings`` is not of its kind, or a
            value of the response that is analysed is missing or not finite, and has no ceiling; ``survey`` of the
            exception is the survey with its whole table then.
        SurveyTimeoutError: if the time was up before the design was complete (the first, with ``until``).
        SurveyStopped: a KeyboardInterrupt, with the ``table`` so far, of a survey without a name.
        WorkersLostError: if no worker process can be started, or the executor's workers are lost.
        ConfigError: if the name cannot be one.
        TypeError: if the executor is something else.
        StudyChangedError: if what is kept under this name is of another space, design or function.
        StudyBusyError: if another process is at work on it.
        StorageError: if the storage cannot be opened or written.

    >>> from hpsearch.space import Float, Space
    >>> square = Space({"x": Float(0, 1), "y": Float(0, 1)})
    >>> sums = survey(lambda x, y: x + 3 * y, square, base=64)
    >>> sums.sensitivity()[["hyperparameter", "total_order", "verdict"]].round(2).values.tolist()
    [['y', 0.9, 'sensitive'], ['x', 0.1, 'sensitive'], ['seed', 0.0, 'luck']]
    """
    design = Design(space, base, scrambles, seeds, dummy, second_order, seed)
    call = setting_call(function, tuple(space), seed=SEED)
    run = Run(name, storage, results, workers, processes, executor, until, timeout, retry, on_progress)
    analysis = Analysis(response, better, {} if ceilings is None else ceilings)
    return surveyed(call, design, analysis, run, replicates=replicates)


class SurveyOptions(TypedDict, total=False):
    """The options of :func:`survey` that :func:`survey_frames` takes too, with the same defaults."""

    seeds: int
    replicates: int
    dummy: bool
    second_order: bool
    seed: int
    response: str | None
    better: Literal["lower", "higher"]
    ceilings: Mapping[str, float] | None
    name: str | None
    storage: StorageAddress | None
    results: str | Path
    workers: int
    processes: bool
    executor: Executor | None
    until: Until | None
    timeout: float | None
    retry: bool
    on_progress: Callable[[FunctionProgress], None] | None


def survey_frames(
    function: Callable[[pd.DataFrame], Any],
    space: Space,
    base: int = 128,
    scrambles: int = 8,
    *,
    frame_rows: int = 4096,
    **options: Unpack[SurveyOptions],
) -> Survey:
    """Survey a function that takes a table of settings.

    Args:
        function: Takes a DataFrame with a column for each hyperparameter and a column ``seed``, a row an evaluation;
            returns a response for each row: a Series or a DataFrame of several, which are aligned by their index, or an
            array ``(rows,)`` in the order of the rows. Numbers must not depend on the rows beside.
        space: The hyperparameters and their ranges.
        base: Rows in a block of a scramble, a power of two.
        scrambles: Number of independent randomisations.
        frame_rows: Most rows of a table: what fails together where the function raises, what is lost by a kill, and
            what a worker gets at once.
        **options: Those of :func:`survey`, as keywords only.

    Returns:
        The survey.

    Raises:
        ResponseError: as :func:`survey`, and if an index is neither that of the rows nor a permutation of it.

    >>> from hpsearch.space import Float, Space
    >>> square = Space({"x": Float(0, 1), "y": Float(0, 1)})
    >>> sums = survey_frames(lambda rows: rows["x"] + 3 * rows["y"], square, base=64)
    >>> sums.sensitivity()["verdict"].tolist()
    ['sensitive', 'sensitive', 'luck']
    """
    if unknown := options.keys() - SurveyOptions.__annotations__.keys():
        raise TypeError(f"survey_frames() got an unexpected keyword argument {min(unknown)!r}")
    rest: dict[str, Any] = dict(options)
    sized, analysed = (
        {name: rest.pop(name) for name in names if rest.get(name) is not None}
        for names in (("seeds", "dummy", "second_order", "seed"), ("response", "better", "ceilings"))
    )
    design, replicates = Design(space, base, scrambles, **sized), rest.pop("replicates", 1)
    run, analysis = Run(**rest), Analysis(**analysed)
    return surveyed(TableCall(function), design, analysis, run, replicates=replicates, frame_rows=frame_rows)
