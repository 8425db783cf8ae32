"""Settings to evaluations, in this process or in others.

Workers import these modules, so that nothing here needs Optuna, and this file imports nothing. In this room:

    tasks.py      a training as work to hand out
    outcomes.py   Evaluation: what came of a trial's trainings
    evaluator.py  Evaluator: a study's data and rule; settings in, evaluations out
    costs.py      what trainings will take
    fitting.py    defaults of a study fitted to its data
    newcomers.py  the study of a table that nobody has written a file for
    memory.py     what a study needs of memory
    executors.py  where trainings run: this process's threads, or any executor
    turns.py      how long a thread waits for Python's lock
    calls.py      a user's function as work to hand out, and what may come back
    pools.py      where a user's function runs: threads, processes, or any executor
    restarts.py   processes that are started anew when they die
    jobs.py       trainings in an executor, in jobs of about a second
    worker.py     what a worker of an executor does with a job
    clusters.py   a Dask cluster
    remotes.py    a call on its way to a worker of a Dask cluster
    failures.py   what may happen to workers
    clocks.py     when something began and ended
    deadlines.py  how long a run may take
    stages.py     a trial from checkpoint to checkpoint, for pruners
    archive.py    a network's file, checked before it is believed
    networks.py   TrainedNetwork
"""
