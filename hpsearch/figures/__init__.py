"""Figures: a table in, a plotly figure out.

What a figure shows stands in the table that it takes; there is no arithmetic here, no file and no study.

====================  ===================================================================
``style.py``          what all figures share: palette, templates, titles, names as text
====================  ===================================================================
"""
