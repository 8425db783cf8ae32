"""A space of hyperparameters and its map to and from the unit cube.

Designs and samplers work in the unit cube, where every hyperparameter runs from 0 to 1; training needs values.

    units.py        what every dimension has: a map from the unit interval and one back
    dimensions.py   Float, Int, Choice: a dimension knows its ends, its scale, its values, and prints itself
    cube.py         Space: the dimensions by name, in the order of the cube's columns
"""

from hpsearch.space.cube import Space
from hpsearch.space.dimensions import LARGEST_INT, Choice, Dimension, Float, Int, Scalar

__all__ = ["LARGEST_INT", "Choice", "Dimension", "Float", "Int", "Scalar", "Space"]
