"""Any study to DataFrames.

In this room:

    frames.py        the tables: their columns and dtypes
    study.py         Results, load
    observations.py  the trials of any study that importances come from, and their values
    evenness.py      whether they are spread evenly over each parameter
    samples.py       the same as points of the unit cube, one a setting
    forest.py        fANOVA: the marginals of a forest
    measures.py      three measures of importance, and how often a permutation is as important
    surrogates.py    importance of any study, by these measures
"""

from hpsearch.results.study import Best, Results, ResultsError, load
from hpsearch.results.surrogates import ImportanceError, ImportanceWarning, importance

__all__ = ["Best", "ImportanceError", "ImportanceWarning", "Results", "ResultsError", "importance", "load"]
