"""Any study to DataFrames.

In this room:

    frames.py        the tables: their columns and dtypes
    study.py         Results, load
    best.py          the chosen setting
    profiles.py      the tables of Results that train around the best, and keep what they trained
    searches.py      the tables of a search for its figures: history, space, bands of curves
    edges.py         whether the best lie at the ends of the ranges
    units.py         the first layer's weights while they are learned
    plots.py         each table as a figure
    observations.py  the trials of any study that importances come from, and their values
    evenness.py      whether they are spread evenly over each parameter
    samples.py       the same as points of the unit cube, one a setting
    forest.py        fANOVA: the marginals of a forest
    measures.py      three measures of importance, and what permutations give
    surrogates.py    importance of any study, by these measures
"""

from hpsearch.results.best import Best
from hpsearch.results.study import Results, ResultsError, load
from hpsearch.results.surrogates import ImportanceError, ImportanceWarning, importance

__all__ = ["Best", "ImportanceError", "ImportanceWarning", "Results", "ResultsError", "importance", "load"]
