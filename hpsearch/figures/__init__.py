"""Figures: a table in, a plotly figure out.

What a figure shows stands in the table that it takes; there is no arithmetic here, no file and no study.

====================  ===================================================================
``style.py``          what all figures share: palette, templates, titles
``texts.py``          names, values and rows of a table as a figure's text
``axes.py``           axes of values, settings and iterations, with ticks that do not overlap
``indices.py``        what training is sensitive to, at its end and over its iterations
``panels.py``         how the response goes with each setting, and where the best lie in it
``pairs.py``          what two settings do together, and how the response goes with them
``search.py``         a search: how it went on, its trainings' curves, its trials
``front.py``          a search for several objectives: which trials no other beats
``profiles.py``       trainings around the best: one setting varied, or two
``waterfall.py``      what each changed setting gained between two settings
``surrogates.py``     the importance charts of any study, beside what was measured
``comparison.py``     studies side by side: their indices, and what the best of one loses on another
``weights.py``        the first layer's weights while they are learned
``lesson.py``         the lesson's claims as they were measured
====================  ===================================================================
"""

from hpsearch.figures.comparison import compared_indices, transfer
from hpsearch.figures.front import pareto
from hpsearch.figures.indices import sensitivity, sensitivity_over_iterations
from hpsearch.figures.pairs import interactions, surface
from hpsearch.figures.panels import effects, ranges
from hpsearch.figures.profiles import plane, profile
from hpsearch.figures.search import curves, history, trials
from hpsearch.figures.style import DARK, LIGHT, FigureError
from hpsearch.figures.surrogates import importance
from hpsearch.figures.waterfall import attribution
from hpsearch.figures.weights import units

__all__ = [
    "DARK",
    "LIGHT",
    "FigureError",
    "attribution",
    "compared_indices",
    "curves",
    "effects",
    "history",
    "importance",
    "interactions",
    "pareto",
    "plane",
    "profile",
    "ranges",
    "sensitivity",
    "sensitivity_over_iterations",
    "surface",
    "transfer",
    "trials",
    "units",
]
