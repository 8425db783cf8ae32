"""Settings to evaluations, in this process or in others.

Workers import these modules, so that nothing here needs Optuna, and this file imports nothing. In this room:

    outcomes.py     Evaluation: what came of a trial's trainings
    evaluator.py    Evaluator: a study's data and rule; settings in, evaluations out
    populations.py  which trainings share a lockstep loop
    jobs.py         a population as work to hand out
    executors.py    where jobs run
    workers.py      Workers: hands jobs out, and again if a worker is lost
    trained.py      TrainedNetwork
"""
