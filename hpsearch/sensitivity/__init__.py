"""Tables to tables: how sensitive a response is to each setting. No Optuna, no engine, no training.

In this room:

    designs.py        which settings to evaluate
    grids.py          settings along one range, and over two
    responses.py      what of a training is explained, in which form
    indices.py        Sobol indices and their intervals
    concentration.py  whether few rows carry the variance
    verdicts.py       sensitive, inert, undecided or luck: the table of indices
    agreement.py      whether two surveys rank the settings alike
    variates.py       what takes chance off the interactions
    effects.py        how the response goes with one setting, or two
    crowds.py         where the best lie in the range of one setting
    proposals.py      which range of one setting to try next
    ranges.py         where the best lie, and what to try next: the table
    trials.py         what to try next by the trials of a search alone
    attribution.py    what each of several changes gains, alone and in company
    edges.py          whether the best of a search lie at the ends of its ranges
    analysis.py       Survey: the responses on the rows of a design
    tables.py         SurveyTables: every table that is made of a survey
    plots.py          the tables as figures
    words.py          what tables say in words that terminals, pages and notes share
"""

from hpsearch.sensitivity.analysis import Survey
from hpsearch.sensitivity.concentration import ConcentrationWarning
from hpsearch.sensitivity.designs import DesignError
from hpsearch.sensitivity.indices import ResponseError
from hpsearch.sensitivity.responses import Kind
from hpsearch.sensitivity.tables import SurveyTables

__all__ = ["ConcentrationWarning", "DesignError", "Kind", "ResponseError", "Survey", "SurveyTables"]
