"""Figures: a table in, a plotly figure out.

What a figure shows stands in the table that it takes; there is no arithmetic here, no file and no study.

====================  ===================================================================
``style.py``          what all figures share: palette, templates, titles, names as text
``indices.py``        what training is sensitive to
``panels.py``         how the response goes with each setting, and where the best lie in it
====================  ===================================================================
"""

from hpsearch.figures.indices import sensitivity, sensitivity_over_iterations
from hpsearch.figures.panels import effects, ranges

__all__ = ["effects", "ranges", "sensitivity", "sensitivity_over_iterations"]
