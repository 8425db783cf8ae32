"""Trainings that a design chooses.

In this room:

    function.py        survey any function
    elsewhere.py       a survey of values that were computed elsewhere
    runs.py            one run of such a survey
    measurement.py     the rows that are lacking, evaluated
    progress.py        how far it is, and how far trainings are
    repeats.py         rows evaluated again: whether the seed governs all noise
    looks.py           a survey that grows until its verdicts are decided
    answers.py         what the function said
    kept_answers.py    the same, stored
    trainings.py       survey a study
    surveys.py         a stored survey read back
    profiles.py        one or two settings around the best
    tolerances.py      how wrong a setting may be
    comparisons.py     settings of other studies, tried on a study
    sources.py         where the trainings of these tables come from
    kept_trainings.py  these trainings, stored
    attributions.py    what each changed setting gained between two settings
    shares.py          the tables of that, from what changes gained on some seeds
    lessons/           the lesson's claims, each judged by trainings
"""

from hpsearch.experiments.function import survey
from hpsearch.experiments.surveys import SurveyMissingError

__all__ = ["SurveyMissingError", "survey"]
