"""The lesson's slips are slips, and what is meant runs."""

import numpy as np

from hpsearch.experiments.lessons.slips import slips


def test_the_slips_of_the_lesson_raise_and_what_is_meant_does_not():
    table = slips()
    assert table["raises"].tolist() == ["TypeError", "AttributeError"]
    for expression in table["meant"]:
        assert np.shape(eval(expression, {"np": np})) in ((2, 2), (2, 1))
