"""Trials that a sampler chooses.

In this room:

    samplers.py   which sampler asks, which pruner stops
    search.py     the search: ask, evaluate, tell, store (`hpsearch.search`)
    objective.py  the same trials for `study.optimize`
    choice.py     the best: trained, scored once, saved
    scores.py     a score on the test split, with its interval
    balance.py    scores that count each class alike, where classes are out of balance
    baselines.py  what guessing and scikit-learn's default network score there
"""

from hpsearch.tuning.objective import Objective
from hpsearch.tuning.scores import TestScore
from hpsearch.tuning.search import Progress

__all__ = ["Objective", "Progress", "TestScore"]
