"""Any study to DataFrames.

In this room:

    frames.py      the tables: their columns and dtypes
    study.py       Results, load
    best.py        the chosen setting
    searches.py    the tables of a search for its figures: history, space, bands of curves
    units.py       the first layer's weights while they are learned
    plots.py       each table as a figure
    samples.py     the trials of any study as points of the unit cube, and what makes them a poor sample
    surrogates.py  importance of any study, by surrogates
"""

from hpsearch.results.best import Best
from hpsearch.results.study import Results, ResultsError, load
from hpsearch.results.surrogates import ImportanceError, ImportanceWarning, importance

__all__ = ["Best", "ImportanceError", "ImportanceWarning", "Results", "ResultsError", "importance", "load"]
