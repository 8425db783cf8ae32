"""The lesson's claims, each judged by trainings: tables and networks in, a judgement out.

Nothing is trained here but to look at a network again: a claim's study is searched like any other.

In this room:

    judgement.py  what a claim comes to: Judgement, Interval; the trainings of a study
    layers.py     a network layer by layer, computed plainly
    symmetry.py   L1: equal initial weights
    draws.py      L2: random ones
    scales.py     L3: large initial weights
    depths.py     L4: one scale for every depth?
    parameters.py L5: what is learned and what is chosen
    refining.py   L6: ranges refined from round to round
    fields.py     L7: one setting for every field?
    iteration.py  L8: one iteration, step by step
    slips.py      what the lesson writes and NumPy refuses
"""

from hpsearch.experiments.lessons.judgement import Interval, Judgement, Trainings, over_seeds

__all__ = ["Interval", "Judgement", "Trainings", "over_seeds"]
