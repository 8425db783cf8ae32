"""Trials that a sampler chooses.

In this room:

    samplers.py   which sampler asks, which pruner stops
    search.py     the search of a study (`hpsearch.search`)
    batches.py    its trials, batch by batch: ask, train, store, tell
    objective.py  the same trials for `study.optimize`
    choice.py     the best: trained, scored once, saved
    scores.py     a score on the test split, with its interval
    balance.py    scores that count each class alike, where classes are out of balance
    baselines.py  what guessing and scikit-learn's default network score there
"""

from hpsearch.tuning.batches import Progress
from hpsearch.tuning.objective import Objective
from hpsearch.tuning.scores import TestScore

__all__ = ["Objective", "Progress", "TestScore"]
