"""Any study to DataFrames.

In this room:

    frames.py      the tables: their columns and dtypes
    study.py       Results, load
    profiles.py    the tables of Results that train around the best, and keep what they trained
    samples.py     the trials of any study as points of the unit cube, and what makes them a poor sample
    surrogates.py  importance of any study, by surrogates
"""

from hpsearch.results.study import Best, Results, ResultsError, load
from hpsearch.results.surrogates import ImportanceError, ImportanceWarning, importance

__all__ = ["Best", "ImportanceError", "ImportanceWarning", "Results", "ResultsError", "importance", "load"]
