"""Trainings that a design chooses.

In this room:

    function.py    survey any function
    trainings.py   survey a study
    stored.py      a stored survey read back
    profiles.py    one or two settings around the best
    tolerances.py  how wrong a setting may be
    sources.py     where the trainings of their tables come from
    kept.py        the trainings around the best, stored
    lessons/       the lesson's claims, each judged by trainings
"""

from hpsearch.experiments.function import survey
from hpsearch.experiments.stored import SurveyMissingError

__all__ = ["SurveyMissingError", "survey"]
